"""A process: one guest program with its memory, its engine, its thread and what serves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simfw.backcall import BackcallStub, GuestFunction
from simfw.binding import Bindings, BoundOutcall
from simfw.calls import Functions
from simfw.declarations import Declarations
from simfw.depth import has_headroom
from simfw.engine.interp import Exit, Interpreter
from simfw.errors import (
    Breakpoint,
    CallDepthError,
    GuestExit,
    GuestFault,
    LoadError,
    StateError,
    UnknownSyscall,
)
from simfw.focus import Focus
from simfw.frame import Frame, FrameKind
from simfw.image import Image, Symbol
from simfw.memory import Memory
from simfw.placement import Placed
from simfw.platform import Platform
from simfw.run import Ending
from simfw.target import Target
from simfw.thread import Activation, Thread

if TYPE_CHECKING:
    from simfw.architecture import Architecture
    from simfw.machine import Machine


class Process(Target):
    """A guest program in a machine.

    `instructions` counts what it retired, an outcall as one, and `outcalls_served` the outcalls
    that have returned. `exited` is its exit status once it ended. `args` are its name and its
    arguments. `heap_start` to `heap_end` is the memory behind its variables, for its heap;
    `break_` is where the part that it uses ends, if it asks for it.
    """

    def __init__(
        self,
        machine: Machine,
        image: Image,
        architecture: Architecture,
        platform: Platform,
        placed: Placed,
        declarations: Declarations,
        bindings: Bindings,
        semihosting: BoundOutcall | None,
    ) -> None:
        self.machine = machine
        self.image = image
        self.architecture = architecture
        self.platform = platform
        self.declarations = declarations
        self.memory: Memory = placed.memory
        self.heap_start = self.break_ = placed.heap_start
        self.heap_end = placed.heap_end
        self.stack_top = placed.stack_top
        self.stack_pointer, self.link = architecture.stack_pointer, architecture.link
        self.reservation, self.unreserved = architecture.reservation
        self.sentinel = self.memory.mask & -4096
        self.engine = Interpreter(architecture.front_end(self.memory), self.memory)
        self.execute = self.engine.execute  # a tracer's while it traces
        self.outcalls = bindings.functions | architecture.own_outcalls()
        self.syscalls: dict[int, BoundOutcall] = dict(bindings.syscalls)
        self.functions = Functions(self)
        self.thread = Thread(self, 0, image.entry)
        self.args: tuple[str, ...] = ()
        self.instructions = 0
        self.outcalls_served = 0
        self.exited: int | None = None
        self.exit_request: int | None = None
        self._semihosting = semihosting
        for address in (*self.outcalls, self.sentinel):
            self.engine.hook(address)

    @property
    def name(self) -> str:
        """The image's name."""
        return self.image.name

    @property
    def threads(self) -> tuple[Thread, ...]:
        """Its threads; there is one."""
        return (self.thread,)

    @property
    def _process(self) -> Process:
        return self

    @property
    def cycles(self) -> int:
        """The time that it took, in cycles: an instruction takes one.

        What an outcall takes is the architecture's to say: in RISC-V guests as much as an
        instruction, in belt guests none, since there a call takes no time of its caller.
        """
        if self.architecture.outcall_takes_time:
            return self.instructions
        return self.instructions - self.outcalls_served - self.thread.outcalls_running

    def serve_function(self, address: int, outcall: BoundOutcall | None) -> None:
        """Let an outcall serve the function at an address, or, with None, its own code."""
        if outcall is None:
            self.outcalls.pop(address, None)
            self.engine.unhook(address)
        else:
            self.outcalls[address] = outcall
            self.engine.hook(address)

    def serve_syscall(self, number: int, outcall: BoundOutcall | None) -> None:
        """Let an outcall answer a system call, or, with None, nothing."""
        if outcall is None:
            self.syscalls.pop(number, None)
        else:
            self.syscalls[number] = outcall

    def reset_stack(self) -> None:
        """Set the stack pointer to where it was when the program was loaded."""
        self.engine.x[self.stack_pointer] = self.stack_top

    # Calls into the guest

    def bound(
        self,
        function: str | int | GuestFunction,
        result: str | None = None,
        prototype: str | None = None,
    ) -> GuestFunction:
        """A function by name or address, with the types that the spec gives it, or the caller."""
        return self.functions.bound(function, result, prototype)

    def stubbed(self, stub: BackcallStub) -> GuestFunction:
        """The function that a generated stub stands for; BindError if the spec says otherwise."""
        return self.functions.stubbed(stub)

    def enter(self, call: Activation) -> None:
        """Push a frame for a call of the host, with its arguments in place.

        Raises StateError when another Python thread is in the machine, CallDepthError when the
        calls are nested too deeply, and what marshalling raises; nothing has changed then.
        """
        machine, thread, x = self.machine, self.thread, self.engine.x
        machine.claim()
        outer, saved = thread.call, x[:]
        try:
            depth = outer.depth + 1 if outer else 1
            self._check_depth(call.function.name, depth)
            sp = call.function.pack(x, self.memory, saved[self.stack_pointer], call.args, call)
        except BaseException:
            x[:] = saved
            machine.release()
            raise
        saved[self.reservation] = self.unreserved  # an interruption ends it
        # Nothing is called from here on, so that a signal finds the call entered or not.
        call.saved, call.pc, call.sp = saved, thread.pc, sp
        call.outer, call.depth, call.outcall = outer, depth, thread.outcall
        call.exit_request, self.exit_request = self.exit_request, None
        x[self.stack_pointer] = sp
        x[self.link] = self.sentinel
        thread.outcall = None
        thread.call = call
        thread.pc = call.function.address
        call.entered = True

    def _check_depth(self, name: str, depth: int) -> None:
        if depth > self.machine.max_depth:
            raise CallDepthError(
                f"{name}() would be call {depth} of host and guest in each other; max_depth is "
                f"{self.machine.max_depth}"
            )
        if not has_headroom():
            raise CallDepthError(
                f"the call of {name}() needs more of Python's stack than is left; raise "
                "sys.setrecursionlimit() or nest fewer calls"
            )

    def leave(self, call: Activation) -> None:
        """Discard the frame of a call and restore the program that it interrupted."""
        self.check_innermost(call)
        thread = self.thread
        self.machine.release()
        # As in `enter`: nothing is called from here on.
        self.engine.x[:] = call.saved
        thread.pc = call.pc
        thread.outcall = call.outcall
        self.exit_request = call.exit_request
        thread.call = call.outer
        call.entered = False
        call.loans = None  # the buffers may be resized again

    def discard_above(self, call: Activation | None) -> None:
        """Discard the calls that were begun within `call`, or within the program, and not ended."""
        while self.thread.call is not None and self.thread.call is not call:
            self.leave(self.thread.call)

    def check_innermost(self, call: Activation) -> None:
        """StateError unless the call is the one that was entered last."""
        if self.thread.call is not call:
            raise StateError(
                f"the call of {call.function.name}() is not the innermost one; finish or cancel "
                "the calls that were begun after it"
            )

    def check_return(self, call: Activation | None) -> None:
        """Accept a jump to the host's return address only as the end of the innermost call."""
        sp = self.engine.x[self.stack_pointer]
        if call is not None and sp == call.sp:
            return
        if call is None:
            cause = "jump to the host's return address, outside of any call"
        else:
            cause = (
                f"return from {call.function.name}() with the stack pointer at {sp:#x}, which was "
                f"{call.sp:#x} at its entry"
            )
        raise GuestFault(cause, pc=self.sentinel)

    # What the guest asks for

    def serve(self, reached: Exit) -> BoundOutcall | None:
        """Serve an instruction that left the engine; an outcall if that is the host's to do."""
        instruction, x = reached.instruction, self.engine.x
        assert instruction is not None
        if reached.reason == "ecall":
            number = x[self.architecture.syscall_number]
            outcall = self.syscalls.get(number)
            if outcall is None:
                raise self._unknown(number)
            return outcall
        if reached.reason == "ebreak":
            marked = self.architecture.is_semihosting(self.memory, reached.pc)
            if self._semihosting is not None and marked:
                return self._semihosting
            advice = "it is a semihosting request: platform 'newlib' serves those" if marked else ""
            raise Breakpoint("breakpoint (ebreak)", pc=reached.pc, advice=advice)
        if self.architecture.serve(reached.reason, instruction, x, self):
            self.engine.forget_all()
        return None

    def _unknown(self, number: int) -> UnknownSyscall:
        known = ", ".join(map(str, sorted(self.syscalls)))
        advice = (
            f"platform {self.platform.name!r} and the plugins answer {known or 'none'}; "
            f"serve it with @outcall(syscall={number}), or declare it in the spec"
        )
        hint = f"; {self.platform.hint}" if self.platform.hint else ""
        return UnknownSyscall(f"unknown system call {number}", advice=advice + hint)

    def focus(self, name: str, pc: int) -> Focus:
        """The focus of an outcall that begins."""
        return Focus(self, name, pc)

    def request_exit(self, status: int) -> None:
        """End the program when the outcall that is running returns."""
        self.exit_request = status

    def finish_exit(self, call: Activation | None) -> Ending:
        """Act on a request to end the program; within a call that is GuestExit."""
        status, self.exit_request = self.exit_request, None
        assert status is not None
        if call is not None:
            raise GuestExit(
                f"{call.function.name}() ended the guest program with status {status}", status
            )
        self.exited = status
        return Ending.EXITED

    # For people

    def unwind(self, x: list[int], pc: int) -> Iterator[tuple[int, int]]:
        """The pc and stack pointer of each guest frame from a state, innermost first."""
        return self.architecture.unwind(self.image, self.memory, x, pc, self.sentinel)

    def covering(self, address: int) -> tuple[Symbol, int] | None:
        """The symbol that covers an address; None, too, where the image's table is damaged.

        For what is told about a fault, which must not be hidden by that.
        """
        try:
            return self.image.symbols.at(address)
        except LoadError:
            return None

    def locate(self, fault: GuestFault, outcall: tuple[str, int] | None = None) -> None:
        """Fill in where a fault happened: function, registers, frames up to the host.

        `outcall` is the name and the pc of the outcall that the host was serving, if it was.
        """
        x, frames = self.engine.x, self.thread.backtrace()
        if fault.pc is not None:
            named = self._named(fault.pc)
        else:  # the host found it while serving the guest: the innermost live frame is to blame
            fault.pc = frames[0].pc if frames else self.thread.pc
            named = frames[0].location if frames else self._named(fault.pc)
        place = self.architecture.location(fault.pc)
        fault.function = place[1] if place is not None else named
        names = self.architecture.registers
        fault.registers = {name: x[slot] for name, slot in names.items()}
        if outcall is not None:
            outer, sp = frames[0] if frames else None, x[self.stack_pointer]
            frames = (Frame(FrameKind.OUTCALL, *outcall, sp, outer=outer), *frames)
        fault.backtrace = frames

    def _named(self, pc: int) -> str | None:
        found = self.covering(pc)
        return found and found[0].name + (f"+{found[1]:#x}" if found[1] else "")

    def __repr__(self) -> str:
        return f"<Process {self.name}>"
