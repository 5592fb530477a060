"""A thread: one stack of frames in a process, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from simfw.frame import Frame, FrameKind
from simfw.riscv.registers import RA, SP
from simfw.riscv.unwind import unwind

if TYPE_CHECKING:
    from simfw.backcall import GuestFunction
    from simfw.process import Process


@define(eq=False)
class Activation:
    """One entry of the host into the guest: a backcall that has not returned yet.

    `saved` and `pc` are the state of the program that it interrupts, `sp` the stack pointer that
    it entered the function with; it must be the same at the return. `outcall` names the outcall
    that the program beneath was making, if it was.
    """

    function: GuestFunction
    saved: list[int]
    pc: int
    sp: int
    outcall: tuple[str, int] | None


class Thread:
    """A thread of a process. Its registers are the engine's while it runs."""

    def __init__(self, process: Process, number: int, pc: int) -> None:
        self.process = process
        self.number = number
        self.pc = pc
        self.activations: list[Activation] = []
        self.outcall: tuple[str, int] | None = None

    @property
    def depth(self) -> int:
        """How many calls of the host into the guest are active, one in the other."""
        return len(self.activations)

    def frames(self) -> Frame | None:
        """The innermost guest frame, linked outwards; the host's entries are frames as well.

        Found by walking return addresses; where code hides them, frames are missing.
        """
        rows: list[tuple[FrameKind, str, int, int, int]] = []
        x, pc = self.process.engine.x, self.pc
        in_outcall = self.outcall is not None
        for activation in (*reversed(self.activations), None):
            rows += self._guest_rows(x, pc, at_entry=in_outcall)
            if activation is None:
                break
            rows.append((FrameKind.BACKCALL, activation.function.name,
                         activation.function.address, activation.sp, 0))
            if activation.outcall is not None:
                name, address = activation.outcall
                rows.append((FrameKind.OUTCALL, name, address, activation.saved[SP], 0))
            x, pc, in_outcall = activation.saved, activation.pc, activation.outcall is not None
        frame: Frame | None = None
        for kind, name, at, sp, offset in reversed(rows):
            frame = Frame(kind, name, at, sp, offset, frame)
        return frame

    def backtrace(self) -> tuple[Frame, ...]:
        """The frames, innermost first."""
        found: list[Frame] = []
        frame = self.frames()
        while frame is not None:
            found.append(frame)
            frame = frame.outer
        return tuple(found)

    def _guest_rows(
        self, x: list[int], pc: int, *, at_entry: bool
    ) -> list[tuple[FrameKind, str, int, int, int]]:
        """Guest frames from a state. In an outcall the caller is where `ra` points."""
        process = self.process
        rows: list[tuple[FrameKind, str, int, int, int]] = []
        start = pc
        if at_entry and self._is_replaced(pc):
            start = x[RA]
        for at, sp in unwind(process, x, start, process.sentinel):
            found = process.image.symbols.at(at)
            name, offset = (found[0].name, found[1]) if found else (f"{at:#x}", 0)
            rows.append((FrameKind.GUEST, name, at, sp, offset))
        return rows

    def _is_replaced(self, pc: int) -> bool:
        return pc in self.process.engine.hooks
