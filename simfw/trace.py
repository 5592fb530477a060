"""Tracing: a line for each instruction that a process executes, switched on and off at any time.

While it is on, the engine tells a tracer of each step before it does it, and the run loop enters
the engine through the tracer. While it is off nothing of this is there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

from simfw.engine.interp import Exit

if TYPE_CHECKING:
    from simfw.process import Process

Write = Callable[[str], None]


class Watcher(Protocol):
    """What writes the lines for one kind of guest."""

    def starts(self, pc: int, /) -> None:
        """The step at `pc` is the next to be done."""
        ...

    def passed(self, pc: int, following: int, /) -> None:
        """The step at `pc` was done; the program stands at `following`."""
        ...


class Tracer:
    """Stands between the run loop and the engine of one process."""

    def __init__(self, process: Process, watcher: Watcher) -> None:
        self._engine = process.engine
        self._watcher = watcher
        self._last: int | None = None

    def execute(self, pc: int, budget: int) -> Exit:
        """Run as the engine does; what was done last is told before the host goes on."""
        try:
            reached = self._engine.execute(pc, budget)
        except BaseException:
            self._last = None  # it was not done
            raise
        self._tell(reached.pc)
        return reached

    def before(self, pc: int) -> None:
        """The engine is about to do the step at `pc`."""
        self._tell(pc)
        self._watcher.starts(pc)
        self._last = pc

    def _tell(self, pc: int) -> None:
        last, self._last = self._last, None
        if last is not None:
            self._watcher.passed(last, pc)


def switch_tracing(process: Process, on: bool, to: TextIO | None) -> None:
    """Trace a process to a text file, standard error if None, or stop tracing it."""
    engine = process.engine
    if not on:
        process.execute = engine.execute
        engine.observe(None)
        return

    def write(line: str) -> None:
        print(line, file=to or sys.stderr)

    tracer = Tracer(process, process.architecture.watcher(process, write))
    process.execute = tracer.execute
    engine.observe(tracer.before)
