"""Operands at run time: what the front end knows of each, and how specials are coded.

An operand lives in two slots of the frame: its payload and, only while nobody knows whether it
is special, a flag. What is known statically is its *meta*, a small int: the logarithm of the
width in bits 0 to 2, and its state above that.

    PLAIN     a value; the payload is zero-extended
    SPECIAL   a None or a NaR; the payload holds kind (bits 0-7) and origin (bits 8-63)
    MAYBE     one or the other: the flag tells
    UNFILLED  a position that nothing ever filled; it has no slots
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from simfw.belt.kinds import NONE_FLAG, NaRKind

PLAIN, SPECIAL, MAYBE, UNFILLED = 0, 8, 16, 24
_STATE = 24
LETTERS = "bhwdq"

INVALID = NaRKind.INVALID_OPERAND.value
"""The payload of what is read where nothing is."""


def meta(width: int, state: int = PLAIN) -> int:
    """The meta of an operand of `width` bytes."""
    return width.bit_length() - 1 | state


def width_of(meta: int) -> int:
    """Bytes; an unfilled position reads as one of width b."""
    return 1 if meta & _STATE == UNFILLED else 1 << (meta & 7)


def file_of(width: int) -> str:
    """The register file through which slots hold operands of a width."""
    return LETTERS[width.bit_length() - 1]


def state_of(meta: int) -> int:
    """PLAIN, SPECIAL, MAYBE or UNFILLED."""
    return meta & _STATE


def with_state(meta: int, state: int) -> int:
    """The same width in another state."""
    return meta & 7 | state


def is_none(payload: int) -> bool:
    """Whether a special's payload is that of a None."""
    return bool(payload & NONE_FLAG)


def join(*payloads: int) -> int:
    """The special that an operation of several specials gives: a None, else the first listed."""
    return next((payload for payload in payloads if payload & NONE_FLAG), payloads[0])


@frozen
class Operand:
    """An operand as people and plugins see it.

    `payload` is unsigned; of a special it is its kind and origin.
    """

    payload: int
    width: int
    special: bool = False

    @property
    def is_none(self) -> bool:
        """Whether it is a None."""
        return self.special and is_none(self.payload)

    @property
    def is_nar(self) -> bool:
        """Whether it is a NaR."""
        return self.special and not is_none(self.payload)

    @property
    def kind(self) -> NaRKind | None:
        """Why it is a NaR; None for anything else."""
        return NaRKind(self.payload & 0x7F) if self.is_nar else None

    @property
    def origin(self) -> int | None:
        """Which operation of the unit made the special; None for values, 0 for nobody."""
        return self.payload >> 8 if self.special else None

    @property
    def letter(self) -> str:
        """The width's letter."""
        return LETTERS[self.width.bit_length() - 1]

    def __str__(self) -> str:
        if self.is_none:
            return f"None:{self.letter}"
        if self.is_nar:
            return f"{NaRKind(self.payload & 0x7F)}:{self.letter}"
        return f"{self.payload}:{self.letter}"


NOTHING = Operand(INVALID, 1, special=True)
"""What a position reads as that was never filled."""

Passed = tuple[bytes, tuple[int, ...]]
"""Operands that are handed over: a settled meta each, and the payloads."""

NO_OPERANDS: Passed = b"", ()


def operand(known: int, payload: int) -> Operand:
    """An operand of a settled meta."""
    return Operand(payload, width_of(known), special=state_of(known) == SPECIAL)


def operands_of(passed: Passed) -> list[Operand]:
    """What is handed over, as people see it."""
    return list(map(operand, *passed))


def passed_of(operands: Iterable[Operand]) -> Passed:
    """The way back."""
    listed = list(operands)
    metas = bytes(meta(one.width, SPECIAL if one.special else PLAIN) for one in listed)
    return metas, tuple(one.payload for one in listed)
