"""Text and bytes that a call takes along: pushed below the guest's stack pointer.

Nothing is written while arguments are still being checked. `Pushes` hands out the addresses that
the data will have, and `settle` writes data and stack arguments in one piece, so that a call
either finds all of its operands in place or has changed nothing. Layout from high to low:

    sp of the frame below
    pushed data, each aligned to 16 bytes, the first one highest
    stack arguments, from the new stack pointer upwards
    new sp, a multiple of the convention's alignment
"""

from __future__ import annotations

from collections.abc import Iterable

from simfw.border.loans import Loan
from simfw.convention import GuestMemory
from simfw.errors import MemoryFault

DATA_ALIGNMENT = 16
"""Enough for every C type: what is pushed may be the bytes of any structure."""


class Pushes:
    """What one call puts below the stack pointer `sp`; `loans` are the buffers to bring back."""

    __slots__ = ("_data", "_low", "_sp", "loans")

    def __init__(self, sp: int) -> None:
        self._sp = self._low = sp
        self._data: list[tuple[int, bytes]] = []
        self.loans: list[Loan] = []

    def push(self, data: bytes) -> int:
        """Make room for `data`; the result is its address, negative where there is none."""
        self._low = (self._low - len(data)) & -DATA_ALIGNMENT
        self._data.append((self._low, data))
        return self._low

    def lend(self, owner: object, view: memoryview[int]) -> int:
        """Push what `view`, a view of `owner`, holds; it is brought back after the call.

        As in C, one buffer given twice is one place. A NUL lies behind it, for callees that look
        for an end.
        """
        for loan in self.loans:
            if loan.owner is owner:
                return loan.address
        address = self.push(view.tobytes() + b"\0")
        self.loans.append(Loan(owner, view, address))
        return address

    def settle(
        self,
        memory: GuestMemory,
        stack: Iterable[tuple[int, bytes]],
        stack_size: int,
        alignment: int,
        subject: str,
    ) -> int:
        """Write everything, `stack` being stack arguments by offset; the result is the new sp.

        `stack` is not looked at before it is certain that all addresses are real.
        Raises MemoryFault, with nothing written, where the stack's region has no room or cannot
        be written; `subject` names the call.
        """
        frame = (self._low - stack_size) & -alignment
        if not self._data and not stack_size:
            return frame
        self._check_room(memory, frame, subject)
        content = bytearray(self._sp - frame)
        for address, data in self._data:
            content[address - frame : address - frame + len(data)] = data
        for offset, data in stack:
            content[offset : offset + len(data)] = data
        memory.write(frame, content)
        return frame

    def _check_room(self, memory: GuestMemory, frame: int, subject: str) -> None:
        """The stack must hold the frame whole: what lies below it is none of ours."""
        for region in memory.regions:
            if region.address < self._sp <= region.end:
                if region.address <= frame:
                    return
                room = f"there are {self._sp - region.address} in region {region.name}"
                break
        else:
            room = "nothing is mapped there"
        raise MemoryFault(
            f"stack overflow: {subject} needs {self._sp - frame} bytes below sp "
            f"{self._sp:#x}, and {room}",
            address=frame if frame >= 0 else None,
            advice="pass less, put the data into guest memory first, or enlarge the guest's stack",
        )
