"""The belt as the machine sees it: one object for each process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from conasm.ctypes import DataModel
from conasm.nodes import OutcallDeclaration, Position
from simfw.architecture import Counters
from simfw.belt.argument import BeltArg
from simfw.belt.border import BeltConvention
from simfw.belt.frames import Frames, beneath
from simfw.belt.frontend import BeltFrontEnd
from simfw.belt.image import BeltCode
from simfw.belt.metadata import NOTHING, Operand, passed_of
from simfw.belt.micro import LINK, OPERANDS, SP, SPARE
from simfw.belt.program import Program
from simfw.belt.state import BeltFrame, frames
from simfw.belt.trace import BeltTrace
from simfw.belt.translate import translate
from simfw.belt.versions import FIRST_PC
from simfw.binding import BoundOutcall, make
from simfw.errors import GuestFault, NaRFault
from simfw.focus import Focus
from simfw.image import Image
from simfw.ir.frontend import Decoded
from simfw.memory import Memory
from simfw.operand import OutcallArg
from simfw.outcall import Mark
from simfw.plugin import PluginFunction
from simfw.signature import Signature

if TYPE_CHECKING:
    from simfw.process import Process

MAIN = "main"
RETURN_OF_MAIN = FIRST_PC - 4
"""Where `main` returns to: its result is the exit status."""


class BeltArchitecture:
    """A belt program's instruction set, conventions and frames."""

    xlen = 64
    registers: Mapping[str, int] = MappingProxyType({"sp": SP})
    stack_pointer = SP
    link = LINK
    syscall_number = SPARE
    reservation = SPARE, 0
    outcall_takes_time = False

    def __init__(self, image: Image) -> None:
        code = image.code
        assert isinstance(code, BeltCode)
        self._image = image
        addresses = {symbol.name: symbol.address for symbol in image.symbols}
        self.program = Program(code.unit, code.records, addresses, translate)
        self.convention = self.syscall_convention = BeltConvention(self.program.describe)
        self.frames: Frames | None = None
        self.front: BeltFrontEnd | None = None

    def register_number(self, name: str) -> int:
        """The cell of `sp`, the only register."""
        return self.registers[name]

    def front_end(self, memory: Memory) -> BeltFrontEnd:
        """The front end, whose frames reserve their data stack in this memory."""
        stack = next(region for region in memory.regions if region.name == "stack")
        self.frames = Frames(self.program, memory, stack.address)
        self.front = BeltFrontEnd(self.program, self.frames)
        return self.front

    def start(self, image: Image, x: list[Any], sp: int, argc: int) -> None:
        """Begin at `main`, which gets argc and argv if it names operands."""
        del image
        x[SP], x[LINK] = sp, RETURN_OF_MAIN
        arguments = [Operand(argc, 4), Operand(sp + 8, 8)]
        plan = self.program.by_name.get(MAIN)
        names = plan.blocks[0].block.operands if plan is not None else ()
        x[OPERANDS] = passed_of(arguments[: len(names)])

    def result_letters(self, name: str) -> tuple[str, ...]:
        """What the function's code returns."""
        return self.program.result_letters(name)

    def own_outcalls(self) -> dict[int, BoundOutcall]:
        """What serves the return of `main`."""
        here = Position("<main>", 1, 1)
        declaration = OutcallDeclaration(MAIN, 1, (), None, None, "", here)
        signature = Signature.of_outcall(declaration, DataModel.LP64)
        plugin = PluginFunction(Mark(MAIN, None), self._end, optional=True, where="the belt")
        return {RETURN_OF_MAIN: make(signature, plugin, self.convention, (OutcallArg,))}

    def serve(self, reason: str, instruction: Decoded, x: list[int], counters: Counters) -> bool:
        """Belt operations never leave the engine."""
        del instruction, x, counters
        raise GuestFault(f"a belt program left for {reason!r}")

    def is_semihosting(self, memory: Memory, pc: int) -> bool:
        """There are no breakpoints in belt code."""
        del memory, pc
        return False

    def belt_frames(self, x: list[Any], pc: int) -> tuple[BeltFrame, ...]:
        """The frames down to the host's latest entry."""
        return tuple(frames(self.program, x, pc))

    def watcher(self, process: Process, write: Callable[[str], None]) -> BeltTrace:
        """What writes the trace: see `simfw.belt.trace`."""
        return BeltTrace(self.program, process.engine.x, write)

    def location(self, pc: int) -> tuple[str, str] | None:
        """`function.label.3 (file.cas:12:5)`: an instruction of a block, from 0, and its place.

        The label is left out in a function's first block. A load that retires is where it began.
        """
        versions = self.program.versions
        place = versions.place(pc)
        if place is None or place.micro.blame is None:
            plan = self.program.by_address.get(pc)
            return (plan.name, plan.name) if plan is not None else None
        step, block = place.micro.blame, self.program.plan(place.point).block
        if step.issue is not None:  # the end of a load: its beginning is to blame
            step = block.steps[step.issue]
        name = self.program.functions[place.point.function].name
        label = name if block.index == 0 else f"{name}.{block.label}"
        return name, f"{label}.{step.instruction} ({step.position})"

    def unwind(
        self, image: Image, memory: Memory, x: list[Any], pc: int, sentinel: int
    ) -> Iterator[tuple[int, int]]:
        """The place of each active function, innermost first, down to the host's entry."""
        del image, memory, sentinel
        if self.program.versions.at(pc) is not None or pc in self.program.by_address:
            yield pc, x[SP]
        if pc in self.program.by_address:  # it is still to begin
            return
        for site, cells in beneath(x):
            if site is None:
                return
            yield site.pc, cells[SP]

    def _end(self, focus: Focus, status: BeltArg) -> None:
        """`main` returned: without a result the status is 0."""
        operand = status.operand
        if operand == NOTHING:
            focus.stop(0)
        elif operand.special:
            described = self.program.describe(operand)
            raise NaRFault(f"main() returned {described}, which is no exit status")
        else:
            focus.stop(status.signed)
