"""What a long run shows meanwhile: instructions, speed, time.

On a terminal one line on the error output, renewed four times a second and gone when the run
ends; elsewhere a line every few seconds. A last line sums up in both cases.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from simfw.machine import Machine

REFRESH = 4
"""Renewals a second on a terminal."""
INTERVAL = 5.0
"""Seconds between two lines where there is no terminal."""


class Meter:
    """What a machine has done since the meter was made."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._before = machine.instructions
        self._began = time.monotonic()

    def __str__(self) -> str:
        count = self._machine.instructions - self._before
        seconds = time.monotonic() - self._began
        speed = count / seconds / 1e6 if seconds > 0 else 0.0
        return f"{count:,} instructions · {speed:.1f} MIPS · {seconds:.1f} s"


@contextmanager
def shown(machine: Machine) -> Generator[None]:
    """Show what the machine does until the block ends."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    meter = Meter(machine)
    try:
        with _live(console, meter) if console.is_terminal else _lines(console, meter):
            yield
    finally:
        console.print(Text(str(meter), "dim"))


def _live(console: Console, meter: Meter) -> Live:
    return Live(
        get_renderable=lambda: Text(str(meter), "cyan"),
        console=console,
        refresh_per_second=REFRESH,
        transient=True,
        redirect_stdout=False,  # the guest's output is for whoever reads it, byte for byte
        redirect_stderr=False,
    )


@contextmanager
def _lines(console: Console, meter: Meter) -> Generator[None]:
    ended = threading.Event()

    def report() -> None:
        while not ended.wait(INTERVAL):
            console.print(Text(str(meter)))

    thread = threading.Thread(target=report, name="simfw progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
