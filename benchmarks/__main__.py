"""The command: `python -m benchmarks [--quick] [--json FILE] [--markdown] [--peer NAME …]`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from benchmarks import registry
from benchmarks.measurements import MEASUREMENTS, Measurement, Scene
from benchmarks.report import Report, Row
from benchmarks.timing import interleaved


@click.command()
@click.option("--rounds", default=9, show_default=True, help="Samples of each measurement.")
@click.option("--seconds", default=0.05, show_default=True, help="Time for each sample.")
@click.option("--quick", is_flag=True, help="Three rounds of 5 ms: a look, not a measurement.")
@click.option("--peer", "wanted", multiple=True, help="Only these, beside simfw.")
@click.option("--only", default="", help="Only the measurements with this in their name.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write numbers there.")
@click.option("--markdown", is_flag=True, help="Print the table for a document.")
def main(
    rounds: int,
    seconds: float,
    quick: bool,
    wanted: tuple[str, ...],
    only: str,
    json_file: Path | None,
    markdown: bool,
) -> None:
    """Measure simfw beside its peers and print one table.

    Example: python -m benchmarks --peer cffi --only add
    """
    if quick:
        rounds, seconds = 3, 0.005
    found = registry.load(_names(wanted))
    if registry.REFERENCE in found.absent:
        raise click.ClickException(found.absent[registry.REFERENCE])
    report = Report(_measure(found, only, rounds, seconds), found, rounds)
    console = Console(width=200 if markdown else None)
    console.print(report.table(markdown=markdown))
    if json_file is not None:
        json_file.write_text(json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n")


def _names(wanted: tuple[str, ...]) -> list[str]:
    names = registry.names()
    unknown = set(wanted) - set(names)
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(names)}")
    return [name for name in names if not wanted or name in (*wanted, registry.REFERENCE)]


def _measure(found: registry.Found, only: str, rounds: int, seconds: float) -> list[Row]:
    chosen = [measurement for measurement in MEASUREMENTS if only in measurement.name]
    scene = Scene(seconds, counter=found.present[registry.REFERENCE])  # type: ignore[arg-type]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        return [
            _row(found, measurement, scene, rounds)
            for measurement in progress.track(chosen, description="measuring")
        ]


def _row(found: registry.Found, measurement: Measurement, scene: Scene, rounds: int) -> Row:
    prepared = {name: measurement.prepare(peer, scene) for name, peer in found.present.items()}
    samplers = {name: sampler for name, sampler in prepared.items() if sampler is not None}
    return Row(measurement, interleaved(samplers, rounds))


if __name__ == "__main__":
    main()
