"""`Target`: what can be done to a guest program, by way of a machine or of one of its processes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TextIO

from simfw.backcall import BackcallStub, GuestFunction, PendingCall, Result
from simfw.frame import Frame
from simfw.image import Symbol, SymbolTable
from simfw.registers import Registers
from simfw.replace import replaced, spied
from simfw.run import checked_limits, drive
from simfw.thread import Activation
from simfw.trace import switch_tracing

if TYPE_CHECKING:
    from unittest.mock import Mock

    from simfw.belt.state import BeltFrame
    from simfw.process import Process


class Target:
    """A guest program that the host can call; `Machine` stands for its first process."""

    @property
    def _process(self) -> Process:
        raise NotImplementedError

    # Calls

    def call(
        self,
        function: str | int,
        *args: object,
        budget: int | None = None,
        timeout: float | None = None,
        result: str | None = None,
    ) -> Result:
        """Call a guest function by name or address and return its result.

        With a declaration the arguments and the result are typed and checked by it. Without one
        an int is a signed register-wide value, a float a double, and str and bytes are pushed
        below the frame and passed by pointer. A writable buffer for a pointer that is not `const`
        has afterwards what the function wrote there. The result is a signed register, or of the
        C type `result`. `budget` counts instructions and `timeout` seconds; a nested call has the
        smaller of its own and of what is left outside.

        Raises SymbolNotFound, ArgumentError, RangeError, GuestFault, GuestExit, BudgetExhausted,
        WallTimeout, CallDepthError, StateError, and what outcalls raise. After any of them the
        program is as it was before.
        """
        process = self._process
        checked_limits(budget, timeout)
        return drive(process, Activation(process.bound(function, result), args), budget, timeout)

    def function(
        self, name: str | int, signature: str | None = None, result: str | None = None
    ) -> GuestFunction:
        """A guest function by name or address, bound once and called often: the fast way to call.

        One that nothing declares may be given its C types: all of them by `signature`, a
        prototype without a name as in `"int32_t(const char*, bytes)"`, or that of its `result`.
        The calls are checked by them.

        Raises SymbolNotFound, ArgumentError for a `signature` or a `result` that is no C and for
        functions that are declared, BindError for types that the guest cannot pass.
        """
        return self._process.bound(name, result, signature)

    def begin(self, function: str | int, *args: object, result: str | None = None) -> PendingCall:
        """Set a call up without running it; `advance` and `slices` of what it gives do that.

        Arguments and `result` are as in `call`.
        """
        process = self._process
        pending = PendingCall(process, Activation(process.bound(function, result), args))
        pending.enter()
        return pending

    def invoke(self, stub: BackcallStub, *args: object) -> Any:
        """Call what a generated stub stands for. Stubs use this."""
        process = self._process
        return drive(process, Activation(process.stubbed(stub), args))

    # Replacing functions

    def replace(
        self, name: str, function: Callable[..., Any]
    ) -> AbstractContextManager[Callable[..., Any]]:
        """Let a host function serve a guest function or an outcall, for a `with` block.

            with machine.replace("read_adc", lambda focus: 512):
                assert machine.call("filter") == 512

        It receives what an outcall receives, the focus first: as many operands as the function's
        declaration has, or without one as it has positional parameters. It may return
        CALL_ORIGINAL. A `unittest.mock.Mock` works, too: it is called with plain values where a
        declaration gives types, so that `assert_called_with(ANY, 2, True)` works.
        """
        return replaced(self._process, name, function)

    def spy(self, name: str) -> AbstractContextManager[Mock]:
        """Record the calls of a guest function or an outcall, which runs as ever.

        Gives a `unittest.mock.Mock` that is called with the operands as plain Python values.
        What a function that nothing declares is called with is not known; its calls count.
        """
        return spied(self._process, name)

    # Looking

    @property
    def symbols(self) -> SymbolTable:
        """The functions and objects of the image."""
        return self._process.image.symbols

    def address_of(self, name: str) -> int:
        """The address of a function or object; SymbolNotFound, with near names, if there is none.

        `"uart.c:init"` names a local one of a file.
        """
        return self.symbols.find(name).address

    def symbol_at(self, address: int) -> tuple[Symbol, int] | None:
        """The function or object that covers an address, and how far into it that is."""
        return self.symbols.at(address)

    @property
    def registers(self) -> Registers:
        """The registers of the thread, by name: a live mapping to unsigned values."""
        return Registers(self._process)

    def backtrace(self) -> tuple[Frame, ...]:
        """The frames of the thread, innermost first, those of the host among them."""
        return self._process.thread.backtrace()

    def belt_frames(self) -> tuple[BeltFrame, ...]:
        """The frames of a belt program, innermost first, down to the host's latest entry.

        They show belts, scratchpads, and what is on its way, as it all stands. Other guests have
        none; see `backtrace`.
        """
        process = self._process
        return process.architecture.belt_frames(process.engine.x, process.thread.pc)

    def trace(self, on: bool = True, to: TextIO | None = None) -> None:
        """Write a line for each instruction from now on, to `to` or to standard error.

        `trace(False)` ends it. Belt guests show the belt after each instruction, RISC-V guests
        the registers that it changed.

        >>> machine.trace(to=open("run.txt", "w"))      # doctest: +SKIP
        """
        switch_tracing(self._process, on, to)

    def reset_stack(self) -> None:
        """Set the stack pointer to where it was when the program was loaded."""
        self._process.reset_stack()
