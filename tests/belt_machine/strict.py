"""Strict operations: how specials, widths and the operation's own failures join.

None wins over NaR, then the first listed NaR, then the operation's own: sizes before all else.
Specials take part in no width check. What is passed on, or made because the sizes are wrong, has
the width of the first listed operand that is a value, else of the first; only what an operation
computes, or fails to, has the width that its results have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conasm.nodes import Position
from tests.belt_machine.integer import Answer, Function
from tests.belt_machine.operand import MISMATCHED_SIZES, Operand, nar, value

ALL_WIDTHS = frozenset({1, 2, 4, 8, 16})


def same(width: int) -> int:
    return width


def byte(width: int) -> int:
    del width
    return 1


def double(width: int) -> int:
    return 2 * width


def half(width: int) -> int:
    return width // 2


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


def width_of_first(operands: Sequence[Operand]) -> int:
    """The width of the first that is a value, else of the first."""
    return next((each for each in operands if each.is_value), operands[0]).width


def evaluate(operation: Strict, operands: Sequence[Operand], position: Position) -> Evaluated:
    """The result of an operation."""
    special = first_special(operands)
    if special is not None:
        return Evaluated(special.with_width(width_of_first(operands)))
    first = operands[0]
    odd = any(operand.width != first.width for operand in operands[: operation.agreeing])
    if odd or first.width not in operation.widths:
        answer = Answer(kind=MISMATCHED_SIZES)
        return Evaluated(nar(MISMATCHED_SIZES, first.width, position), answer)
    answer = operation.function(first.bits, *(operand.payload for operand in operands))
    width = operation.result(first.width)
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
    if name == "fault":
        return value(result.is_nar, 1)
    if answer is None or answer.kind == MISMATCHED_SIZES:
        return result  # nothing was computed
    if name == "carry":
        return value(answer.carry, 1)
    if name == "overflow":
        return value(answer.overflow, 1)
    return value(RELATIONS[name](result.signed), 1) if result.is_value else result
