"""NaR kinds: why an operand is no value.

The payload of a special operand is 64 bits at every width: bits 0-7 are the kind, bits 8-63 say
where it was made. Half of the kinds are flavours of None: bit 7 tells.
"""

from __future__ import annotations

import enum

NONE_FLAG = 0x80
"""The bit of a kind that makes it a None."""


class NaRKind(enum.IntEnum):
    """Why an operation had no result; `text` is the kind in words.

    >>> NaRKind.DIVISION_BY_ZERO.text, str(NaRKind.OVERFLOW)
    ('division by zero', 'NaR(overflow)')
    """

    INVALID_OPERAND = 1
    MISMATCHED_SIZES = 2
    OVERFLOW = 3
    DIVISION_BY_ZERO = 4
    INVALID_ADDRESS = 5
    BIT_NUMBER_TOO_BIG = 6
    INDEX_OUT_OF_RANGE = 7
    ADDRESS_OVERFLOW = 8
    INVALID_REGISTER = 9
    FLOATING_POINT_INVALID = 10
    FLOATING_POINT_DIVISION_BY_ZERO = 11
    FLOATING_POINT_OVERFLOW = 12
    FLOATING_POINT_UNDERFLOW = 13
    FLOATING_POINT_INEXACT = 14
    USER = 15

    @property
    def text(self) -> str:
        """The kind in words, as NaRs are printed."""
        return self.name.lower().replace("_", " ").replace("floating point", "floating-point")

    def __str__(self) -> str:
        return f"NaR({self.text})"
