"""Integers in two's complement: exact first, then made to fit as the operation's suffix says.

The arithmetic of a family is written once, over whole numbers. The suffix gives the domain in
which the operands are read (`u` or `s`) and what happens to a result that does not fit. Both
domains are always computed, for the condition codes: *carry* says that the unsigned result did
not fit, *overflow* that the signed one did not.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.belt_machine.operand import (
    BIT_NUMBER_TOO_BIG,
    DIVISION_BY_ZERO,
    OVERFLOW,
    signed,
)


class Answer(NamedTuple):
    """The payload of a result, or the kind of NaR in its place; and the condition codes' bits."""

    payload: int = 0
    kind: str | None = None
    carry: bool = False
    overflow: bool = False


Function = Callable[..., Answer]
"""From the width in bits and the unsigned payloads of the operands."""

# --- overflow

SUFFIXES: Mapping[str, tuple[str, str]] = {
    "": ("s", "modulo"),
    "u": ("u", "modulo"),
    "x": ("s", "excepting"),
    "us": ("u", "saturating"),
    "ux": ("u", "excepting"),
    "uw": ("u", "widening"),
    "ss": ("s", "saturating"),
    "sx": ("s", "excepting"),
    "sw": ("s", "widening"),
}
"""Domain and overflow behaviour of each suffix."""


def limits(bits: int, domain: str) -> tuple[int, int]:
    """The least and the greatest number."""
    if domain == "s":
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def fits(number: int, bits: int, domain: str) -> bool:
    least, greatest = limits(bits, domain)
    return least <= number <= greatest


def fitted(number: int, bits: int, domain: str, behaviour: str) -> Answer:
    """A number as the payload of a result, which is twice as wide when widening."""
    if behaviour == "widening":
        return Answer(number % (1 << (2 * bits)))
    if fits(number, bits, domain) or behaviour == "modulo":
        return Answer(number % (1 << bits))
    if behaviour == "excepting":
        return Answer(kind=OVERFLOW)
    least, greatest = limits(bits, domain)
    return Answer((least if number < least else greatest) % (1 << bits))


# --- families with all suffixes


def _exact(function: Callable[..., int], bits: int, payloads: tuple[int, ...]) -> tuple[int, int]:
    """The result over unsigned and over signed operands."""
    return function(*payloads), function(*(signed(payload, bits) for payload in payloads))


def family(function: Callable[..., int], suffix: str) -> Function:
    """A member of a family: `function` takes and gives whole numbers."""
    domain, behaviour = SUFFIXES[suffix]

    def evaluate(bits: int, *payloads: int) -> Answer:
        as_unsigned, as_signed = _exact(function, bits, payloads)
        exact = as_signed if domain == "s" else as_unsigned
        return fitted(exact, bits, domain, behaviour)._replace(
            carry=not fits(as_unsigned, bits, "u"),
            overflow=not fits(as_signed, bits, "s"),
        )

    return evaluate


def left_shift(suffix: str) -> Function:
    """As a multiplication with a power of two; a NaR where the amount is no bit number."""

    def evaluate(bits: int, payload: int, amount: int) -> Answer:
        if amount >= bits:
            return Answer(kind=BIT_NUMBER_TOO_BIG)
        return family(lambda number: number << amount, suffix)(bits, payload)

    return evaluate


FAMILIES: Mapping[str, Callable[..., int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
}

# --- division


def _towards_zero(dividend: int, divisor: int) -> tuple[int, int]:
    quotient = abs(dividend) // abs(divisor)
    if (dividend < 0) != (divisor < 0):
        quotient = -quotient
    return quotient, dividend - quotient * divisor


def division(domain: str, part: int) -> Function:
    """Quotient (part 0) or remainder (part 1); the remainder has the dividend's sign."""

    def evaluate(bits: int, dividend: int, divisor: int) -> Answer:
        if divisor == 0:
            return Answer(kind=DIVISION_BY_ZERO)
        if domain == "s":
            dividend, divisor = signed(dividend, bits), signed(divisor, bits)
        both = _towards_zero(dividend, divisor)
        if not fits(both[0], bits, domain):
            return Answer(kind=OVERFLOW, overflow=True)  # the least number by -1
        return Answer(both[part] % (1 << bits))

    return evaluate


# --- bits


def absolute(bits: int, payload: int) -> Answer:
    number = abs(signed(payload, bits))
    return Answer(number, overflow=not fits(number, bits, "s"))


def right_shift(domain: str) -> Function:
    def evaluate(bits: int, payload: int, amount: int) -> Answer:
        if amount >= bits:
            return Answer(kind=BIT_NUMBER_TOO_BIG)
        number = signed(payload, bits) if domain == "s" else payload
        return Answer((number >> amount) % (1 << bits))

    return evaluate


def logic(function: Callable[..., int]) -> Function:
    return lambda bits, *payloads: Answer(function(*payloads) % (1 << bits))


def one_bit(function: Callable[[int, int], int]) -> Function:
    """An operation on bit `number`; `function` takes the payload and that bit alone."""

    def evaluate(bits: int, payload: int, number: int) -> Answer:
        if number >= bits:
            return Answer(kind=BIT_NUMBER_TOO_BIG)
        return Answer(function(payload, 1 << number))

    return evaluate


def count(bit: str, end: str) -> Function:
    """How many bits in a row are `bit`, from the left or the right end."""

    def evaluate(bits: int, payload: int) -> Answer:
        digits = f"{payload:0{bits}b}"
        if end == "right":
            digits = digits[::-1]
        return Answer(len(digits) - len(digits.lstrip(bit)))

    return evaluate


def comparison(function: Callable[[int, int], bool], domain: str) -> Function:
    """0 or 1; a single operand is compared with zero."""

    def evaluate(bits: int, x: int, y: int = 0) -> Answer:
        if domain == "s":
            x, y = signed(x, bits), signed(y, bits)
        return Answer(int(function(x, y)))

    return evaluate


# --- width


def narrowing(domain: str, behaviour: str) -> Function:
    def evaluate(bits: int, payload: int) -> Answer:
        half, as_signed = bits // 2, signed(payload, bits)
        number = as_signed if domain == "s" else payload
        return fitted(number, half, domain, behaviour)._replace(
            carry=not fits(payload, half, "u"), overflow=not fits(as_signed, half, "s")
        )

    return evaluate


def widening(domain: str) -> Function:
    def evaluate(bits: int, payload: int) -> Answer:
        number = signed(payload, bits) if domain == "s" else payload
        return fitted(number, bits, domain, "widening")

    return evaluate


def pointer_sum(bits: int, pointer: int, index: int, scale: int) -> Answer:
    """An address `index` steps of `scale` bytes on; the index may be negative."""
    return Answer((pointer + signed(index, bits) * scale) % (1 << bits))
