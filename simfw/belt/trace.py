"""The trace of belt code: a line when a frame is entered, for each instruction, branch and return.

      enter f: [9:w]
      f.0 con, mul: [5:w, 9:w] inflight 1
      -> loop: [5:w]
      return [5:w]

Belts are shown as they are after the instruction, the newest operand first, at most eight; with
`inflight` how many results are still on their way. Lines are indented by two columns a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from conasm.assembly import Step
from conasm.operation import Transfer
from simfw.belt.frames import beneath
from simfw.belt.metadata import NOTHING, UNFILLED, Operand, operands_of, state_of
from simfw.belt.micro import FRAMES, OPERANDS
from simfw.belt.plan import BlockPlan
from simfw.belt.program import Program
from simfw.belt.sites import CallSite
from simfw.belt.state import belt, operand_in, resolved
from simfw.belt.versions import GIVE_PC, Place

MOST_SHOWN = 8
_UNSHOWN = frozenset({"scratchf"})
"""Operations that only declare."""

_LEAVES = (Transfer.BRANCH, Transfer.RETURN)


class BeltTrace:
    """Writes the trace of one process."""

    def __init__(self, program: Program, x: Sequence[Any], write: Callable[[str], None]) -> None:
        self._program, self._x, self._write = program, x, write
        self._is_shown = False
        self._returning: CallSite | None = None

    def starts(self, pc: int) -> None:
        """Before a transfer that is taken, show the instruction; before a return, the results."""
        if pc == GIVE_PC:
            self._return(operands_of(self._x[OPERANDS]))
            return
        place = self._program.versions.place(pc)
        if place is None:
            return
        plan = self._program.plan(place.point)
        step = plan.block.steps[place.micro.step]
        if step.operation.transfer in _LEAVES and _is_taken(step, place) and not self._is_shown:
            self._instruction(plan, step.instruction, place, issued=True)
            self._is_shown = True
        if place.micro.record.kind == "leave":
            self._return(self._passes(plan, step, place))

    def passed(self, pc: int, following: int) -> None:
        """Show a frame that was entered, a branch that was taken, or a finished instruction."""
        place = self._program.versions.place(pc)
        reached = resolved(self._program, following)
        kind = place.micro.record.kind if place is not None else ""
        if kind.startswith("enter") or (place is None and pc != GIVE_PC):
            self._enter(following, reached)
        elif reached is not None and kind == "branch":
            label = self._program.plan(reached.point).block.label
            self._is_shown = False
            self._line(f"-> {label}: {self._belt(reached)}")
        elif kind == "leave" or place is None:
            self._is_shown = False
            site = self._returning
            if site is not None and reached is not None:
                self._finish(site.after.step - 1, reached)
        elif reached is not None:
            self._finish(place.micro.step, reached)

    # Lines

    def _line(self, text: str) -> None:
        depth = sum(1 for _ in beneath(self._x))
        self._write("  " * depth + text)

    def _enter(self, pc: int, reached: Place | None) -> None:
        if reached is not None:
            name = self._program.functions[reached.point.function].name
            self._line(f"enter {name}: {self._belt(reached)}")
            return
        site: CallSite | None = self._x[FRAMES][0]
        given = len(site.metas) if site else 0
        operands = operands_of(self._x[OPERANDS])[:given]
        self._line(f"enter {self._program.name_at(pc)}: {shown(operands)}")

    def _return(self, results: Iterable[Operand]) -> None:
        self._returning = self._x[FRAMES][0]
        self._line(f"return {shown(results, None)}")

    def _finish(self, index: int, reached: Place) -> None:
        """Show the instruction of a step, if what is reached is in the next."""
        plan = self._program.plan(reached.point)
        instruction = plan.block.steps[index].instruction
        if plan.block.steps[reached.micro.step].instruction != instruction:
            self._instruction(plan, instruction, reached, issued=False)

    def _instruction(
        self, plan: BlockPlan, instruction: int, place: Place, *, issued: bool
    ) -> None:
        names = [step.operation.name for step in plan.listing(instruction)]
        listed = ", ".join(name for name in names if name not in _UNSHOWN)
        head = f"{plan.block.label}.{instruction} {listed}".rstrip()
        operands = belt(self._program, self._x, place, issued=issued)
        flying = plan.in_flight(instruction)
        tail = f" inflight {flying}" if flying else ""
        self._line(f"{head}: {shown(operands)}{tail}")

    def _belt(self, place: Place) -> str:
        return shown(belt(self._program, self._x, place, issued=False))

    def _passes(self, plan: BlockPlan, step: Step, place: Place) -> list[Operand]:
        known = dict(zip(plan.live.at(place.micro.step), place.known, strict=True))
        metas = [known.get(value, UNFILLED) for value in step.passes]
        return [
            NOTHING if state_of(m) == UNFILLED else operand_in(self._x, plan.cell(value), m)
            for value, m in zip(step.passes, metas, strict=True)
        ]


def _is_taken(step: Step, place: Place) -> bool:
    if step.operation.condition is None:
        return True
    return place.point.phase == "taken" and place.point.step == place.micro.step


def shown(operands: Iterable[Operand], most: int | None = MOST_SHOWN) -> str:
    """A list of operands as traces have it."""
    return f"[{', '.join(map(str, list(operands)[:most]))}]"
