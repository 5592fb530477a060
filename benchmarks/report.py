"""What was measured, as a table for people and as JSON for programs."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

from attrs import asdict, frozen
from rich import box
from rich.table import Table

from benchmarks.measurements import OPERATIONS, RATE, Measurement
from benchmarks.registry import REFERENCE, Found
from benchmarks.timing import Sample

_NOTE = """Medians of {rounds} interleaved rounds; in brackets how many times as fast as simfw.
A million instructions/s: of RV32, or for code that is not RISC-V the same work in that time.
Of the belt's own operations a million/s is shown where the row says so.
"""
_NOTHING = "–"
_SCALES = ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (float("inf"), 1.0, "s"))


@frozen
class Row:
    """One measurement of all peers; a peer that has no such thing is not in `samples`."""

    measurement: Measurement
    samples: Mapping[str, Sample]


@frozen
class Report:
    """A run of the benchmark."""

    rows: list[Row]
    peers: Found
    rounds: int

    def table(self, *, markdown: bool = False) -> Table:
        """One row a measurement, one column a peer, with the reason where a peer is absent."""
        style = box.MARKDOWN if markdown else box.SIMPLE_HEAD
        table = Table("", box=style, caption=None if markdown else self.note())
        for name, peer in self.peers.present.items():
            table.add_column(f"{name} {peer.version()}", justify="right", no_wrap=True)
        for name in self.peers.absent:
            table.add_column(name, justify="right")
        for row in self.rows:
            present = [_cell(row, name) for name in self.peers.present]
            table.add_row(row.measurement.name, *present, *("absent" for _ in self.peers.absent))
        return table

    def note(self) -> str:
        """How to read the table, where it was made, and who is absent why."""
        absent = "".join(f"{name}: absent, {why}\n" for name, why in self.peers.absent.items())
        return _NOTE.format(rounds=self.rounds) + host() + "\n" + absent

    def as_json(self) -> dict[str, object]:
        """Seconds for each unit, and what they were measured on."""
        return {
            "host": host(),
            "rounds": self.rounds,
            "versions": {name: peer.version() for name, peer in self.peers.present.items()},
            "absent": self.peers.absent,
            "measurements": [
                {
                    "name": row.measurement.name,
                    "unit": row.measurement.unit,
                    "seconds": {name: asdict(sample) for name, sample in row.samples.items()},
                }
                for row in self.rows
            ],
        }


def host() -> str:
    """The Python and the processor of this machine."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {_processor()}, {platform.system()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _cell(row: Row, name: str) -> str:
    sample, reference = row.samples.get(name), row.samples.get(REFERENCE)
    if sample is None:
        return _NOTHING
    if row.measurement.unit in (RATE, OPERATIONS):
        text = f"{1e-6 / sample.median:,.1f}"
    else:
        scale, unit = next((by, unit) for limit, by, unit in _SCALES if sample.median < limit)
        text = f"{sample.median * scale:,.3g} {unit}"
    if reference is None or name == REFERENCE:
        return text
    ratio = reference.median / sample.median
    return f"{text} ({ratio:,.0f}×)" if ratio >= 10 else f"{text} ({ratio:.2g}×)"
