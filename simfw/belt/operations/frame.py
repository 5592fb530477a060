"""The frame of a call: stack memory, and the scratchpad, which keeps operands with metadata."""

from __future__ import annotations

from conasm.operation import Phase
from simfw.belt.record import Operations

frame = Operations("frame")


@frame.op("stackf size", phase=Phase.READER, raw=True, results=0)
def stackf() -> None:
    """Reserve bytes of zeroed memory, from `fp` on, 16-byte aligned, until the call ends."""


@frame.op("scratchf size", phase=Phase.READER, raw=True, results=0)
def scratchf() -> None:
    """Reserve bytes of the scratchpad for this function."""


@frame.op("spill offset value", phase=Phase.WRITER, widths="any", raw=True, results=0)
def spill() -> None:
    """Keep an operand in the scratchpad, specials too; what it overlaps is forgotten."""


@frame.op("fill offset width", phase=Phase.READER, raw=True)
def fill() -> None:
    """Drop the operand that was spilled at the offset, if it has the width.

    Otherwise it is NaR(invalid operand).
    """


@frame.op(
    "lea symbol / register integer",
    phase=Phase.READER,
    raw=True,
    gives="d",
    registers={"fp": 8},
)
def lea() -> None:
    """Drop the address of data or of a function, or one in the stack memory of the call."""
