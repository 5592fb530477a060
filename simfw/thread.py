"""A thread: one stack of frames in a process, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from simfw.border.loans import Loan
from simfw.frame import Frame, FrameKind

if TYPE_CHECKING:
    from simfw.backcall import GuestFunction
    from simfw.process import Process


@define(eq=False)
class Activation:
    """One call of the host into the guest.

    The rest is set when it is `entered`: `outer` is the call beneath it, and `depth` counts the
    calls up to this one. `saved`, `pc` and `exit_request` are the state of the program that it
    interrupts, `sp` the stack pointer that it entered the function with; it must be the same at
    the return. `outcall` names the outcall that the program beneath was making, if it was.
    `loans` are the host's buffers that the function may write to, if there are any.
    """

    function: GuestFunction
    args: Sequence[object]
    entered: bool = False
    outer: Activation | None = None
    depth: int = 0
    saved: list[int] = field(init=False)
    pc: int = field(init=False)
    sp: int = field(init=False)
    outcall: tuple[str, int] | None = None
    exit_request: int | None = None
    loans: list[Loan] | None = None


class Thread:
    """A thread of a process. Its registers are the engine's while it runs."""

    def __init__(self, process: Process, number: int, pc: int) -> None:
        self.process = process
        self.number = number
        self.pc = pc
        self.call: Activation | None = None
        self.outcall: tuple[str, int] | None = None

    @property
    def depth(self) -> int:
        """How many calls of the host into the guest are active, one in the other."""
        return self.call.depth if self.call else 0

    @property
    def calls(self) -> Iterator[Activation]:
        """The active calls of the host into the guest, innermost first."""
        call = self.call
        while call is not None:
            yield call
            call = call.outer

    @property
    def in_outcall(self) -> bool:
        """Whether host code runs that the guest has called."""
        return self.outcall is not None or any(call.outcall for call in self.calls)

    @property
    def outcalls_running(self) -> int:
        """How many outcalls are active, one in the other."""
        return (self.outcall is not None) + sum(call.outcall is not None for call in self.calls)

    def frames(self) -> Frame | None:
        """The innermost frame, linked outwards; the host's entries are frames as well.

        Found by walking return addresses; where code hides them, frames are missing.
        """
        frame: Frame | None = None
        for row in reversed(self._rows()):
            frame = evolve(row, outer=frame)
        return frame

    def backtrace(self) -> tuple[Frame, ...]:
        """The frames, innermost first."""
        found: list[Frame] = []
        frame = self.frames()
        while frame is not None:
            found.append(frame)
            frame = frame.outer
        return tuple(found)

    def innermost_rows(self) -> list[Frame]:
        """The frames down to the latest entry of the host, unlinked."""
        rows = self._guest_rows(self.process.engine.x, self.pc)
        if self.call is not None:
            rows.append(_entry_of(self.call))
        return rows

    def _rows(self) -> list[Frame]:
        rows: list[Frame] = []
        x, pc = self.process.engine.x, self.pc
        for activation in self.calls:
            rows += self._guest_rows(x, pc)
            rows.append(_entry_of(activation))
            if activation.outcall is not None:
                name, address = activation.outcall
                sp = activation.saved[self.process.stack_pointer]
                rows.append(Frame(FrameKind.OUTCALL, name, address, sp))
            x, pc = activation.saved, activation.pc
        return rows + self._guest_rows(x, pc)

    def _guest_rows(self, x: list[int], pc: int) -> list[Frame]:
        """Guest frames from a state; of a hooked function the caller is where it returns to."""
        process = self.process
        pc &= process.memory.mask
        is_hooked = pc in process.outcalls
        start = x[process.link] if is_hooked else pc
        if start == process.sentinel:  # the host's own address: that is the backcall's frame
            return []
        rows: list[Frame] = []
        for at, sp in process.unwind(x, start):
            rows.append(self._guest_frame(at, sp, returning=is_hooked or bool(rows)))
        return rows

    def _guest_frame(self, pc: int, sp: int, *, returning: bool) -> Frame:
        """A frame; a return address belongs to the function of the call before it."""
        place = self.process.architecture.location(pc)
        if place is not None:
            return Frame(FrameKind.GUEST, place[0], pc, sp, place=place[1])
        found = self.process.covering(pc - returning)
        name, offset = (found[0].name, found[1] + returning) if found else (f"{pc:#x}", 0)
        return Frame(FrameKind.GUEST, name, pc, sp, offset)


def _entry_of(activation: Activation) -> Frame:
    function = activation.function
    return Frame(FrameKind.BACKCALL, function.name, function.address, activation.sp)
