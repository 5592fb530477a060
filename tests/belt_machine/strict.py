"""Strict operations: how specials, widths and the operation's own failures join.

None wins over NaR, then the first listed NaR, then the operation's own: sizes before all else.
Specials take part in no width check. The width of the operation is that of its first operand
that is a value, else of its first operand; the width of the result follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conasm.nodes import Position
from tests.belt_machine.integer import Answer, Function
from tests.belt_machine.operand import MISMATCHED_SIZES, Operand, nar, none, value

ALL_WIDTHS = frozenset({1, 2, 4, 8, 16})


def same(width: int) -> int:
    return width


def byte(width: int) -> int:
    del width
    return 1


def double(width: int) -> int:
    """Twice as wide; what is widest stays."""
    return min(2 * width, 16)


def half(width: int) -> int:
    """Half as wide; what is narrowest stays."""
    return max(width // 2, 1)


@dataclass(frozen=True)
class Strict:
    """An operation that has a value only if all of its operands have.

    Takes `least` to `most` operands, of which the first `agreeing` are of one width; the others
    (amounts of shifts, numbers of bits) may be of any. `widths` are those it can do.
    """

    function: Function
    least: int
    most: int
    agreeing: int
    widths: frozenset[int] = ALL_WIDTHS
    result: Callable[[int], int] = same


@dataclass(frozen=True)
class Evaluated:
    """A result, with what ganged condition codes may ask about it.

    `answer` is what the operation itself did, None when its operands kept it from doing anything.
    """

    result: Operand
    answer: Answer | None = None


def first_special(operands: Sequence[Operand]) -> Operand | None:
    """The operand that decides: the first None, else the first NaR, else none does."""
    nones = [operand for operand in operands if operand.is_none]
    nars = [operand for operand in operands if operand.is_nar]
    return next(iter(nones + nars), None)


def evaluate(operation: Strict, operands: Sequence[Operand], position: Position) -> Evaluated:
    """The result of an operation."""
    agreeing = operands[: operation.agreeing]
    first = next((operand for operand in agreeing if operand.is_value), agreeing[0])
    width = operation.result(first.width)
    special = first_special(operands)
    if special is not None:
        return Evaluated(special.with_width(width))
    odd = any(operand.width != first.width for operand in agreeing)
    if odd or first.width not in operation.widths:
        answer = Answer(kind=MISMATCHED_SIZES)
        return Evaluated(nar(MISMATCHED_SIZES, width, position), answer)
    answer = operation.function(first.bits, *(operand.payload for operand in operands))
    if answer.kind is not None:
        return Evaluated(nar(answer.kind, width, position), answer)
    return Evaluated(value(answer.payload, width), answer)


# --- condition codes

RELATIONS: dict[str, Callable[[int], bool]] = {
    "eql": lambda number: number == 0,
    "neq": lambda number: number != 0,
    "lss": lambda number: number < 0,
    "leq": lambda number: number <= 0,
    "gtr": lambda number: number > 0,
    "geq": lambda number: number >= 0,
}
"""Condition codes that compare a result, as a signed number, with zero."""

CODES = frozenset(RELATIONS) | {"carry", "overflow", "fault"}


def condition(name: str, producer: Evaluated) -> Operand:
    """What a condition code says about the operation that it is ganged to."""
    result, answer = producer.result, producer.answer
    if answer is None:  # the operands were special, and so is all that follows from them
        return none(1) if result.is_none else result.with_width(1)
    if name == "fault":
        return value(result.is_nar, 1)
    if name in RELATIONS:
        if result.is_nar:
            return result.with_width(1)
        return value(RELATIONS[name](result.signed), 1)
    if answer.kind == MISMATCHED_SIZES:
        return result.with_width(1)
    return value(answer.carry if name == "carry" else answer.overflow, 1)
