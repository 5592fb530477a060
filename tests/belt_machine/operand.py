"""Operands: a payload and its metadata, which are a width and perhaps *special*.

A special operand has no value: it is None (there is nothing) or a NaR (something went wrong), of
any width. Payloads are kept as unsigned integers. Operands are written as in traces:

    7:w   -1:b   1.5:d   None:h   NaR(overflow):q
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from conasm.nodes import Position
from tests.belt_machine.floating import from_float

WIDTHS = {"b": 1, "h": 2, "w": 4, "d": 8, "q": 16}
LETTERS = {width: letter for letter, width in WIDTHS.items()}

INVALID_OPERAND = "invalid operand"
MISMATCHED_SIZES = "mismatched sizes"
OVERFLOW = "overflow"
DIVISION_BY_ZERO = "division by zero"
BIT_NUMBER_TOO_BIG = "bit number too big"
FLOATING_POINT_INVALID = "floating-point invalid"

_NONE = "None"
_NOTATION = re.compile(r"(?:(None)|NaR\(([^)]*)\)|([^:]+)):([bhwdq])")


@dataclass(frozen=True)
class Special:
    """Why there is no value: `None`, or the kind of a NaR; and which operation made it."""

    kind: str
    origin: Position | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Operand:
    """What a belt position, a scratchpad slot, an argument or a result holds."""

    payload: int
    width: int
    special: Special | None = None

    @property
    def is_value(self) -> bool:
        return self.special is None

    @property
    def is_none(self) -> bool:
        return self.special is not None and self.special.kind == _NONE

    @property
    def is_nar(self) -> bool:
        return self.special is not None and self.special.kind != _NONE

    @property
    def bits(self) -> int:
        return 8 * self.width

    @property
    def signed(self) -> int:
        return signed(self.payload, self.bits)

    def with_width(self, width: int) -> Operand:
        """The same special at another width."""
        return Operand(self.payload, width, self.special)

    def dropped(self) -> Operand:
        """A copy with an identity of its own, as each drop has."""
        return Operand(self.payload, self.width, self.special)

    def __str__(self) -> str:
        if self.special is None:
            return f"{self.payload}:{LETTERS[self.width]}"
        kind = _NONE if self.is_none else f"NaR({self.special.kind})"
        return f"{kind}:{LETTERS[self.width]}"


def signed(payload: int, bits: int) -> int:
    """The payload as a two's complement number."""
    return payload - (1 << bits) if payload >> (bits - 1) else payload


def value(number: int, width: int) -> Operand:
    """An operand with that value, modulo its width."""
    return Operand(number % (1 << (8 * width)), width)


def none(width: int, origin: Position | None = None) -> Operand:
    return Operand(0, width, Special(_NONE, origin))


def nar(kind: str, width: int, origin: Position | None = None) -> Operand:
    return Operand(0, width, Special(kind, origin))


def operand(text: str) -> Operand:
    """The operand that a text such as `7:w` stands for; a number with a point is a float."""
    match = _NOTATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no operand")
    is_none, kind, number, letter = match.groups()
    width = WIDTHS[letter]
    if is_none:
        return none(width)
    if kind:
        return nar(kind, width)
    if re.search(r"\.|inf|nan", number):
        return value(from_float(float(number), width), width)
    return value(int(number, 0), width)


def shown(operands: Iterable[Operand], most: int | None = None) -> str:
    """A list of operands as traces have it."""
    return f"[{', '.join(map(str, list(operands)[:most]))}]"
