"""`Focus`: who made an outcall, and what the host may do for as long as it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simfw.errors import StateError
from simfw.frame import Frame, FrameKind

if TYPE_CHECKING:
    from simfw.backcall import BackcallStub, GuestFunction
    from simfw.machine import Machine
    from simfw.memory import Memory
    from simfw.process import Process
    from simfw.thread import Thread


class Focus:
    """The caller of an outcall: its machine, process, thread and frame.

    Valid only while the outcall runs (`valid`): whatever is asked of it later raises StateError.
    """

    __slots__ = ("_name", "_pc", "_process", "valid")

    def __init__(self, process: Process, name: str, pc: int) -> None:
        self._process = process
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
        return self._process

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

    @property
    def backtrace(self) -> tuple[Frame, ...]:
        """The frames from the outcall outwards, innermost first."""
        found: list[Frame] = []
        frame: Frame | None = self.frame
        while frame is not None:
            found.append(frame)
            frame = frame.outer
        return tuple(found)

    def call(
        self, function: str | int, *args: object, budget: int | None = None,
        timeout: float | None = None, result: str | None = None,
    ) -> int | float | None:
        """Call a guest function on the focus's thread; as `Machine.call`."""
        process = self.check()
        return drive(process, process.enter(process.bound(function, result), args), budget, timeout)

    def function(self, name: str | int) -> GuestFunction:
        """A guest function of the focus's process; as `Machine.function`."""
        return self.check().function(name)

    def invoke(self, stub: BackcallStub, *args: object) -> int | float | None:
        """Call what a generated stub stands for; stubs use this."""
        process = self.check()
        return drive(process, process.enter(process.stubbed(stub), args))

    def stop(self, status: int | None = None) -> None:
        """End the program with an exit status; without one, pause the machine after this call."""
        process = self.check()
        if status is None:
            process.machine.stop()
        else:
            process.request_exit(status)

    def __repr__(self) -> str:
        state = "" if self.valid else " (over)"
        return f"<Focus of {self._name}() in {self._process.name}{state}>"
