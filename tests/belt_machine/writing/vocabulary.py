"""Operations that random programs are made of, with all that decides where they can stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

WIDTHS = "bhwdq"
SIZES = {letter: 1 << place for place, letter in enumerate(WIDTHS)}

SUFFIXES = ("", "u", "x", "us", "ux", "uw", "ss", "sx", "sw")


def same(width: int) -> int:
    return width


def byte(width: int) -> int:
    del width
    return 1


def double(width: int) -> int:
    return min(2 * width, 16)


def half(width: int) -> int:
    return max(width // 2, 1)


@dataclass(frozen=True)
class Word:
    """An operation: `count` operands of one width, the last of which may be a number.

    `makes_nar`: even of values. `amount`: the second operand is the number of a bit instead.
    """

    name: str
    count: int
    result: Callable[[int], int] = same
    widths: str = WIDTHS
    number: bool = False
    makes_nar: bool = False
    amount: bool = False
    codes: bool = False


def _families() -> Iterator[Word]:
    for suffix in SUFFIXES:
        wide, excepts = suffix.endswith("w"), suffix.endswith("x")
        result, widths = (double, "bhwd") if wide else (same, WIDTHS)
        for name, count in (("add", 2), ("sub", 2), ("mul", 2), ("neg", 1)):
            yield Word(name + suffix, count, result, widths, count == 2, excepts, codes=True)
        yield Word("shiftl" + suffix, 2, result, widths, True, excepts, amount=True, codes=True)


def _others() -> Iterator[Word]:
    for name in ("andl", "orl", "xorl"):
        yield Word(name, 2, number=True)
    for name in ("divs", "divu", "rems", "remu"):
        yield Word(name, 2, number=True, makes_nar=True)
    for name in ("shiftrs", "shiftru", "set", "clear"):
        yield Word(name, 2, number=True, amount=True)
    yield Word("test", 2, byte, number=True, amount=True)
    for name in ("abs", "notl", "countlfl", "countltr", "countrfl", "countrtr"):
        yield Word(name, 1)
    for name in ("widens", "widenu"):
        yield Word(name, 1, double, "bhwd")
    for suffix in ("", "s", "u", "x", "ss", "us", "sx", "ux"):
        yield Word("narrow" + suffix, 1, half, "hwdq", makes_nar=suffix.endswith("x"))


def _comparisons() -> Iterator[Word]:
    for name in ("eql", "neq", *(f"{order}{d}" for order in _ORDERS for d in "su")):
        yield Word(name, 1, byte)
        yield Word(name, 2, byte, number=True)


_ORDERS = ("lss", "leq", "gtr", "geq")


def _floats() -> Iterator[Word]:
    for name in ("addf", "subf", "mulf", "divf", "remf"):
        yield Word(name, 2, widths="wd")
    yield Word("fmaf", 3, widths="wd")
    for name in ("negf", "absf", "sqrtf", "itof", "utof"):
        yield Word(name, 1, widths="wd")
    for name in ("ftoi", "ftou"):
        yield Word(name, 1, widths="wd", makes_nar=True)
    for name in ("eqlf", "neqf", *(order + "f" for order in _ORDERS)):
        yield Word(name, 2, byte, "wd")
    yield Word("widenf", 1, double, "w")
    yield Word("narrowf", 1, half, "d")


GROUPS: tuple[tuple[Word, ...], ...] = (
    tuple(_families()),
    tuple(_others()),
    tuple(_comparisons()),
    tuple(_families()),
    tuple(_floats()),
)
"""Chosen from evenly; what stands twice is chosen more often."""

CODES = ("carry", "overflow", "fault", "eql", "neq", "lss", "leq", "gtr", "geq")
