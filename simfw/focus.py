"""`Focus`: who made an outcall, and what the host may do for as long as it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simfw.errors import StateError
from simfw.frame import Frame, FrameKind
from simfw.target import Target

if TYPE_CHECKING:
    from simfw.machine import Machine
    from simfw.memory import Memory
    from simfw.process import Process
    from simfw.thread import Thread


class Focus(Target):
    """The caller of an outcall: its machine, process, thread and frame.

    It is a `Target`: calls made through it run on the caller's thread, above the outcall's frame.

    Valid only while the outcall runs (`valid`): whatever is asked of it later raises StateError.
    """

    __slots__ = ("_caller", "_name", "_pc", "valid")

    def __init__(self, process: Process, name: str, pc: int) -> None:
        self._caller = process
        self._name = name
        self._pc = pc
        self.valid = True

    def check(self) -> Process:
        """The process; raises StateError when the outcall is over."""
        if not self.valid:
            raise StateError(
                f"this focus belongs to a call of {self._name}() that is over; "
                "take what you need from it while the outcall runs"
            )
        return self._caller

    @property
    def _process(self) -> Process:
        return self.check()

    @property
    def machine(self) -> Machine:
        """The machine."""
        return self.check().machine

    @property
    def process(self) -> Process:
        """The process that made the call."""
        return self.check()

    @property
    def thread(self) -> Thread:
        """The thread that made the call."""
        return self.check().thread

    @property
    def memory(self) -> Memory:
        """The process's memory."""
        return self.check().memory

    @property
    def frame(self) -> Frame:
        """The outcall's own frame; `focus.frame.caller.name` is the guest function that called."""
        process = self.check()
        outer = process.thread.frames()
        sp = process.engine.x[process.stack_pointer]
        return Frame(FrameKind.OUTCALL, self._name, self._pc, sp, outer=outer)

    def backtrace(self) -> tuple[Frame, ...]:
        """The frames from the outcall outwards, innermost first."""
        found: list[Frame] = []
        frame: Frame | None = self.frame
        while frame is not None:
            found.append(frame)
            frame = frame.outer
        return tuple(found)

    def stop(self, status: int | None = None) -> None:
        """End the program with an exit status; without one, pause the machine after this call."""
        process = self.check()
        if status is None:
            process.machine.stop()
        else:
            process.request_exit(status)

    def __repr__(self) -> str:
        state = "" if self.valid else " (over)"
        return f"<Focus of {self._name}() in {self._caller.name}{state}>"
