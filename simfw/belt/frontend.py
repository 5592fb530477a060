"""The belt's front end: micro operations by pc, and the operands that people see."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simfw.belt import floats
from simfw.belt.frames import Frames, operand
from simfw.belt.metadata import MAYBE, SPECIAL, Operand, join, state_of, with_state
from simfw.belt.micro import Micro, layout, pattern
from simfw.belt.program import GIVE_PC, Program
from simfw.belt.translate import Translation
from simfw.errors import GuestFault, IllegalInstruction, NaRFault
from simfw.ir.frontend import Record

_BEGIN = pattern(("dispatch", "begin"), lambda p: p.dispatch("begin", ()))
_GIVE = pattern(("dispatch", "give"), lambda p: p.dispatch("give", ()))


class BeltFrontEnd:
    """Gives an engine the code of one belt program."""

    shipped: str | None = None
    in_memory = False
    xlen = 64

    def __init__(self, program: Program, frames: Frames) -> None:
        self.program, self._frames = program, frames
        self.layout = layout(program.cells)
        self.functions: Mapping[str, Callable[..., object]] = {
            "join": join, **floats.FUNCTIONS, **frames.functions,
        }  # fmt: skip

    def attach(self, x: list[int]) -> None:
        """Say which cells the functions work on."""
        self._frames.x = x

    def fetch(self, pc: int) -> Micro:
        """The micro operation at a pc; IllegalInstruction where there is none.

        At a function's address is the one that begins it for the host.
        """
        version = self.program.version(pc)
        plan = self.program.by_address.get(pc)
        if plan is not None:
            return Micro(_BEGIN, (plan,), 0, 0)
        if pc == GIVE_PC:
            return Micro(_GIVE, (None,), 0, 0)
        if version is None:
            raise IllegalInstruction(f"{pc:#x} is no place in a belt program", pc=pc)
        if version.micros is None:
            Translation(self.program, version).run()
        assert version.micros is not None
        return version.micros[pc - version.base]

    def is_own(self, record: Record) -> bool:
        """Patterns are made as programs need them; none are shipped."""
        del record
        return False

    def fault(self, cause: str, value: int) -> GuestFault:
        """The only check is that for NaRs."""
        special = Operand(value, 8, special=True)
        step = self.program.origin(value >> 8)
        made = f", made by {step.operation.name} at {step.position}" if step else ""
        return NaRFault(f"{cause}: NaR({special.kind.text if special.kind else '?'}){made}")

    def belt(self, pc: int, x: list[int]) -> list[Operand]:
        """The belt at a pc, newest first."""
        version = self.program.version(pc)
        if version is None or version.micros is None:
            return []
        index = pc - version.base
        micro = version.micros[index]
        plan = self.program.plan(version.point)
        steps = plan.block.steps
        ids = steps[micro.step - 1].belt if micro.step else tuple(range(plan.block.entry))
        known = version.known[index]
        found: list[Operand] = []
        for value in ids:
            if value not in known:
                break
            cell, m = plan.cell(value), known[value]
            if state_of(m) == MAYBE:
                m = with_state(m, SPECIAL if x[cell + 1] else 0)
            found.append(operand(m, x[cell]))
        return found
