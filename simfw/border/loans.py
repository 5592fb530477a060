"""Buffers of the host that a callee may write to: lent for a call, and brought back after it.

A writable buffer for a pointer that is not `const` is pushed as any data is; when the function
has returned, what lies there then is copied into the buffer. Until that moment the buffer can be
neither resized nor freed: the loan holds an export of it, as `memoryview` does.
"""

from __future__ import annotations

import io
from typing import Protocol

from attrs import frozen

from simfw.convention import GuestMemory
from simfw.values import Mistakes


@frozen(eq=False)
class Loan:
    """A buffer, and the address of its copy in the guest."""

    owner: object
    view: memoryview[int]
    address: int

    def bring_back(self, memory: GuestMemory) -> None:
        """Copy what the guest left there into the buffer; MemoryFault if it is not readable."""
        io.BytesIO(memory.slice(self.address, self.view.nbytes)).readinto(self.view)


class Borrower(Protocol):
    """A call that has loans: the packer leaves them here, and whoever ends the call drops them."""

    loans: list[Loan] | None


def writable(value: object, mistakes: Mistakes) -> memoryview[int] | None:
    """A view of a buffer that a callee may write to; None for a read-only one.

    Raises what `mistakes` says for a buffer that is not contiguous: it cannot be brought back.
    """
    view = memoryview(value)  # pyright: ignore[reportArgumentType] - the caller has tried
    if view.readonly:
        return None
    if not view.c_contiguous:
        raise mistakes.wrong_type(
            f"{mistakes.subject}: the buffer is not contiguous, so what the callee writes could "
            "not be brought back; pass bytes() of it, or a contiguous copy"
        )
    return view
