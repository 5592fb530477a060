"""The trace: a line when a function is entered, for each instruction, branch and return.

      enter f: [9:w]
      f.0 con, mul: [5:w, 9:w] inflight 1
      -> loop: [5:w]
      return [5:w]

Belts are shown as they are after the instruction, the newest operand first, at most eight. Lines
are indented by two columns for each frame.
"""

from __future__ import annotations

from collections.abc import Sequence

from conasm.nodes import Block, Instruction
from tests.belt_machine.frame import Frame
from tests.belt_machine.operand import Operand, shown

MOST_SHOWN = 8
_UNSHOWN = frozenset({"scratchf"})
"""Operations that only declare."""


class Trace:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def _add(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    def enter(self, name: str, belt: Sequence[Operand]) -> None:
        self._add(f"enter {name}: {shown(belt, MOST_SHOWN)}")

    def instruction(self, frame: Frame, block: Block, index: int, done: Instruction) -> None:
        names = [operation.name for operation in done.operations]
        listed = ", ".join(name for name in names if name not in _UNSHOWN)
        head = f"{block.label}.{index} {listed}".rstrip()
        tail = f" inflight {len(frame.in_flight)}" if frame.in_flight else ""
        self._add(f"{head}: {shown(frame.belt, MOST_SHOWN)}{tail}")

    def branch(self, label: str, belt: Sequence[Operand]) -> None:
        self._add(f"-> {label}: {shown(belt, MOST_SHOWN)}")

    def leave(self, results: Sequence[Operand]) -> None:
        self._add(f"return {shown(results)}")
