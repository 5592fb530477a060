"""What the machine needs to know of a kind of guest; one object an instruction set and width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from simfw.convention import Convention
from simfw.image import Image
from simfw.ir.frontend import Decoded, FrontEnd
from simfw.memory import Memory

if TYPE_CHECKING:
    from simfw.belt.state import BeltFrame
    from simfw.binding import BoundOutcall
    from simfw.process import Process
    from simfw.trace import Watcher


class Counters(Protocol):
    """The counters that a guest may read, exact at the instruction that reads them."""

    @property
    def instructions(self) -> int:
        """Instructions retired by this hart."""
        ...


class Architecture(Protocol):
    """A guest's instruction set, its calling conventions and its registers."""

    @property
    def xlen(self) -> int:
        """Bits of a register and of an address."""
        ...

    @property
    def registers(self) -> Mapping[str, int]:
        """The slot of each register that users see, by its usual name, in the usual order."""
        ...

    @property
    def stack_pointer(self) -> int:
        """The slot of the stack pointer."""
        ...

    @property
    def link(self) -> int:
        """The slot of the register that holds the return address."""
        ...

    @property
    def syscall_number(self) -> int:
        """The slot of the register that holds a system call's number."""
        ...

    @property
    def reservation(self) -> tuple[int, int]:
        """The slot of the address that a load-reserved marked, and its value without one."""
        ...

    @property
    def convention(self) -> Convention:
        """How functions are called."""
        ...

    @property
    def syscall_convention(self) -> Convention:
        """How system calls are made."""
        ...

    @property
    def outcall_takes_time(self) -> bool:
        """Whether an outcall takes a cycle, as an instruction does."""
        ...

    def register_number(self, name: str, /) -> int:
        """The slot of a register, by any of its names; KeyError if there is none."""
        ...

    def start(self, image: Image, x: list[int], sp: int, argc: int, /) -> None:
        """Set the registers with which a program begins; its arguments lie at `sp`."""
        ...

    def result_letters(self, name: str, /) -> tuple[str, ...]:
        """The widths of the results of a function that nothing declares, as letters."""
        ...

    def own_outcalls(self) -> dict[int, BoundOutcall]:
        """What the host serves for every program of this kind, by pc."""
        ...

    def location(self, pc: int, /) -> tuple[str, str] | None:
        """The function that a pc is in, and where that is in words; None where symbols tell."""
        ...

    def front_end(self, memory: Memory, /) -> FrontEnd:
        """The front end of a process with this memory."""
        ...

    def serve(self, reason: str, instruction: Decoded, x: list[int], counters: Counters, /) -> bool:
        """Perform an instruction that left for a reason of the architecture's own.

        Returns whether code may have changed. Raises GuestFault for what is not allowed.
        """
        ...

    def is_semihosting(self, memory: Memory, pc: int, /) -> bool:
        """Whether the breakpoint at `pc` is a semihosting request."""
        ...

    def belt_frames(self, x: list[int], pc: int, /) -> tuple[BeltFrame, ...]:
        """What `Target.belt_frames` shows; nothing for guests without belts."""
        ...

    def watcher(self, process: Process, write: Callable[[str], None], /) -> Watcher:
        """What writes the trace of a process."""
        ...

    def unwind(
        self, image: Image, memory: Memory, x: list[int], pc: int, sentinel: int, /
    ) -> Iterator[tuple[int, int]]:
        """The pc and stack pointer of each guest frame, innermost first."""
        ...
