"""An instruction as it is written: operations by phase, which may be listed in any order."""

from __future__ import annotations

from enum import IntEnum

from tests.belt_machine.writing.around import Surroundings
from tests.belt_machine.writing.shape import Seen, Shape


class Phase(IntEnum):
    READER = 0
    COMPUTE = 1
    CALL = 2
    PICK = 3
    WRITER = 4


def quoted(name: str) -> str:
    return f'"{name}"'


def named(seen: Seen) -> str:
    return f" %{seen.name}" if seen.name else ""


class Line:
    """An instruction in the making, and the belt as its operations leave it."""

    def __init__(self, around: Surroundings, shape: Shape) -> None:
        self.around = around
        self.chooser = around.chooser
        self.shape = shape
        self._phases: list[list[str]] = [[] for _ in Phase]

    def add(self, phase: Phase, text: str) -> None:
        """List an operation, with what is ganged to it."""
        self._phases[phase].append(text)

    def drop(self, phase: Phase, text: str, seen: Seen) -> None:
        """List an operation that drops one result at once."""
        self.add(phase, text + named(seen))
        self.shape.drop([seen])

    def issue(self, text: str, latency: int, *results: Seen) -> None:
        """List an operation of the compute phase with its result; codes are among the results."""
        self.add(Phase.COMPUTE, text)
        for result in results:
            self.shape.launch(latency, result)

    def text(self, last: str = "") -> str:
        """All operations shuffled, those of one phase in order; then the last one."""
        left = [list(operations) for operations in self._phases if operations]
        merged: list[str] = []
        while left:
            merged.append(self.chooser.choose(left).pop(0))
            left = [operations for operations in left if operations]
        return ", ".join([*merged, last] if last else merged or ["nop()"])
