"""Calling in: guest functions as Python callables, pending calls, and what stubs are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from simfw.border import PackArguments, UnpackResult
from simfw.errors import StateError
from simfw.run import Ending, checked_limits, drive
from simfw.signature import Signature
from simfw.thread import Activation

if TYPE_CHECKING:
    from simfw.process import Process

Result: TypeAlias = Any
"""What a guest function returns: an int, a float, None, or of belt functions several in a tuple.

Which of them only its declaration says, so type checkers do not ask; stubs have the very types.
"""


@frozen
class BackcallStub:
    """What a generated stub knows of its declaration: the guest function and its C types."""

    label: str
    result: str
    parameters: tuple[str, ...]
    fingerprint: str


class GuestFunction:
    """A function of a guest, bound once and called often.

    Calling it pushes a frame, runs the function and restores the program, as an interrupt would.
    Writable buffers given for pointers that are not `const` have afterwards what it wrote there.
    Raises ArgumentError and RangeError for arguments, GuestFault for what the guest does wrong,
    GuestExit if it ends the program, BudgetExhausted and WallTimeout for the limits of the
    outermost entry, CallDepthError beyond `max_depth`; after each of them the program is as it
    was before the call. `pack` and `unpack`, made by the border, are for the run loop.
    """

    __slots__ = ("_process", "address", "name", "pack", "section", "signature", "unpack")

    def __init__(
        self,
        process: Process,
        name: str,
        address: int,
        signature: Signature | None,
        pack: PackArguments,
        unpack: UnpackResult,
        section: str | None = None,
    ) -> None:
        self._process = process
        self.pack = pack
        self.unpack = unpack
        self.name = name
        self.address = address
        self.signature = signature
        self.section = section

    def __call__(self, *args: object) -> Result:
        """Call it; see the class for what is raised."""
        return drive(self._process, Activation(self, args))

    @property
    def process(self) -> Process:
        """The process that it is a function of."""
        return self._process

    def begin(self, *args: object) -> PendingCall:
        """Set the call up without running it."""
        pending = PendingCall(self._process, Activation(self, args))
        pending.enter()
        return pending

    def __repr__(self) -> str:
        what = str(self.signature) if self.signature else self.name
        return f"<GuestFunction {what} at {self.address:#x}>"


class PendingCall:
    """A call that is run in portions.

    It stays the innermost call of its thread: calls made meanwhile nest inside it, and `run`
    waits until it is done or cancelled.
    """

    def __init__(self, process: Process, call: Activation) -> None:
        self._process = process
        self._call = call
        self._result: Result = None
        self._done = self._running = False

    def enter(self) -> None:
        """Set it up; `begin` has done so."""
        self._process.enter(self._call)

    @property
    def done(self) -> bool:
        """Whether it has returned."""
        return self._done

    @property
    def result(self) -> Result:
        """What it returned; StateError before that."""
        if not self._done:
            over = "has not returned yet" if self._call.entered else "was discarded"
            raise StateError(f"the call of {self._name}() {over}")
        return self._result

    def advance(self, budget: int) -> bool:
        """Run at most `budget` instructions; True once the function has returned.

        When the budget ends within a call that an outcall makes, the outcall is repeated by the
        next portion. An exception of the guest or of an outcall ends the call and restores the
        program. `stop()` ends the portion.
        """
        if self._done:
            return True
        checked_limits(budget, None)
        self._check()
        self._running = True
        try:
            outcome = drive(self._process, self._call, budget, resumable=True)
            if not isinstance(outcome, Ending):
                self._result, self._done = outcome, True
        finally:
            self._running = False
        self._process.machine.settle()
        return self._done

    def slices(self, budget: int) -> Iterator[int]:
        """Run to the end in portions of `budget` instructions; yields the number of each."""
        count = 0
        while not self.advance(budget):
            count += 1
            yield count

    def cancel(self) -> None:
        """Discard the call: the program is as it was before it began."""
        if self._call.entered:
            self._check()
            self._process.leave(self._call)

    def _check(self) -> None:
        """StateError unless the call is there, the innermost, and not running already."""
        if not self._call.entered:
            raise StateError(f"the call of {self._name}() was discarded")
        self._process.machine.check_thread()
        if self._running:
            raise StateError(f"the call of {self._name}() is running: this is an outcall of it")
        self._process.check_innermost(self._call)

    @property
    def _name(self) -> str:
        return self._call.function.name
