"""The belt's front end: micro operations by pc, and what is wrong when a check fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import evolve

from simfw.belt import floats
from simfw.belt.frames import Frames
from simfw.belt.joins import REALISED
from simfw.belt.metadata import Operand, join
from simfw.belt.micro import Micro, layout, pattern
from simfw.belt.program import Program
from simfw.belt.versions import GIVE_PC, switch
from simfw.errors import GuestFault, IllegalInstruction, MemoryFault, NaRFault
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
            "join": join, "switch": switch, **floats.FUNCTIONS, **frames.functions,
        }  # fmt: skip

    def attach(self, x: list[int], hooks: set[int]) -> None:
        """Say which cells the functions work on, and which addresses the host serves."""
        self._frames.x, self._frames.hooks = x, hooks

    def fetch(self, pc: int) -> Micro:
        """The micro operation at a pc; IllegalInstruction where there is none.

        At a function's address is the one that begins it for the host.
        """
        place = self.program.versions.place(pc)
        if place is not None:
            return place.micro
        plan = self.program.by_address.get(pc)
        if plan is not None:
            return Micro(_BEGIN, (plan,), 0, 0)
        if pc == GIVE_PC:
            return Micro(_GIVE, (None,), 0, 0)
        cause = f"{pc:#x} is no place in a belt program" if pc else 'there is no F("main") to run'
        raise IllegalInstruction(cause, pc=pc)

    def issued(self, pc: int) -> int:
        """Where an instruction goes on whose first operation, at `pc`, has faulted.

        It counts as issued; done again, that operation must not count again.
        """
        place = self.program.versions.place(pc)
        if place is None or not place.micro.weight:
            return pc
        point = place.point
        return self.program.versions.pc(
            evolve(point, step=place.micro.step, phase="again", metas=place.known)
        )

    def is_own(self, record: Record) -> bool:
        """Patterns are made as programs need them; none are shipped."""
        del record
        return False

    def fault(self, cause: str, value: int) -> GuestFault:
        """The fault of a check: a NaR that is realised, or an address that is too long."""
        if cause == REALISED:
            operand = Operand(value, 8, special=True)
            return NaRFault(f"{cause}: {self.program.describe(operand, with_width=False)}")
        return MemoryFault(f"{cause}: {value:#x}", address=value)
