"""Strict operations by name, with how many operands each takes and of which widths."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping

from tests.belt_machine import floating, integer
from tests.belt_machine.integer import Answer, Function
from tests.belt_machine.operand import FLOATING_POINT_INVALID, signed
from tests.belt_machine.strict import ALL_WIDTHS, Strict, byte, double, half, same

FLOATS = frozenset({4, 8})


def _with_suffixes() -> Iterator[tuple[str, Strict]]:
    for suffix, (_, behaviour) in integer.SUFFIXES.items():
        wide = behaviour == "widening"
        widths = ALL_WIDTHS - {16} if wide else ALL_WIDTHS
        result = double if wide else same
        for name, function in integer.FAMILIES.items():
            count = 1 if name == "neg" else 2
            evaluate = integer.family(function, suffix)
            yield name + suffix, Strict(evaluate, count, count, count, widths, result)
        yield "shiftl" + suffix, Strict(integer.left_shift(suffix), 2, 2, 1, widths, result)


def _integer() -> Iterator[tuple[str, Strict]]:
    for domain in "su":
        yield f"div{domain}", Strict(integer.division(domain, 0), 2, 2, 2)
        yield f"rem{domain}", Strict(integer.division(domain, 1), 2, 2, 2)
        yield f"shiftr{domain}", Strict(integer.right_shift(domain), 2, 2, 1)
    yield "abs", Strict(integer.absolute, 1, 1, 1)
    yield "andl", Strict(integer.logic(operator.and_), 2, 2, 2)
    yield "orl", Strict(integer.logic(operator.or_), 2, 2, 2)
    yield "xorl", Strict(integer.logic(operator.xor), 2, 2, 2)
    yield "notl", Strict(integer.logic(operator.invert), 1, 1, 1)
    yield "set", Strict(integer.one_bit(operator.or_), 2, 2, 1)
    yield "clear", Strict(integer.one_bit(lambda payload, bit: payload & ~bit), 2, 2, 1)
    test = integer.one_bit(lambda payload, bit: int(payload & bit != 0))
    yield "test", Strict(test, 2, 2, 1, result=byte)
    yield "countlfl", Strict(integer.count("0", "left"), 1, 1, 1)
    yield "countltr", Strict(integer.count("1", "left"), 1, 1, 1)
    yield "countrfl", Strict(integer.count("0", "right"), 1, 1, 1)
    yield "countrtr", Strict(integer.count("1", "right"), 1, 1, 1)


_ORDERS = {"lss": operator.lt, "leq": operator.le, "gtr": operator.gt, "geq": operator.ge}


def _compare() -> Iterator[tuple[str, Strict]]:
    yield "eql", Strict(integer.comparison(operator.eq, "u"), 1, 2, 2, result=byte)
    yield "neq", Strict(integer.comparison(operator.ne, "u"), 1, 2, 2, result=byte)
    for name, function in _ORDERS.items():
        for domain in "su":
            evaluate = integer.comparison(function, domain)
            yield name + domain, Strict(evaluate, 1, 2, 2, result=byte)


_NARROWING = {
    "": ("u", "modulo"),
    "s": ("s", "modulo"),
    "u": ("u", "modulo"),
    "x": ("s", "excepting"),
    "ss": ("s", "saturating"),
    "us": ("u", "saturating"),
    "sx": ("s", "excepting"),
    "ux": ("u", "excepting"),
}


def _width() -> Iterator[tuple[str, Strict]]:
    for domain in "su":
        yield (
            f"widen{domain}",
            Strict(integer.widening(domain), 1, 1, 1, ALL_WIDTHS - {16}, double),
        )
    for suffix, (domain, behaviour) in _NARROWING.items():
        evaluate = integer.narrowing(domain, behaviour)
        yield f"narrow{suffix}", Strict(evaluate, 1, 1, 1, ALL_WIDTHS - {1}, half)
    yield "widenf", Strict(_format(to=8), 1, 1, 1, frozenset({4}), double)
    yield "narrowf", Strict(_format(to=4), 1, 1, 1, frozenset({8}), half)


def _format(to: int) -> Function:
    return lambda bits, payload: Answer(floating.converted(payload, bits // 8, to))


def _to_float(domain: str) -> Function:
    def evaluate(bits: int, payload: int) -> Answer:
        number = signed(payload, bits) if domain == "s" else payload
        return Answer(floating.from_float(float(number), bits // 8))

    return evaluate


def _from_float(domain: str) -> Function:
    """Towards zero; what does not fit is a NaR."""

    def evaluate(bits: int, payload: int) -> Answer:
        number = floating.whole(payload, bits // 8)
        if number is None or not integer.fits(number, bits, domain):
            return Answer(kind=FLOATING_POINT_INVALID)
        return Answer(number % (1 << bits))

    return evaluate


def _floating() -> Iterator[tuple[str, Strict]]:
    for name, (count, function) in floating.ARITHMETIC.items():
        yield name, Strict(_on_bytes(function), count, count, count, FLOATS)
    for name, function in floating.COMPARISONS.items():
        yield name, Strict(_on_bytes(function), 1, 2, 2, FLOATS, byte)
    yield "itof", Strict(_to_float("s"), 1, 1, 1, FLOATS)
    yield "utof", Strict(_to_float("u"), 1, 1, 1, FLOATS)
    yield "ftoi", Strict(_from_float("s"), 1, 1, 1, FLOATS)
    yield "ftou", Strict(_from_float("u"), 1, 1, 1, FLOATS)


def _on_bytes(function: Callable[..., int]) -> Function:
    return lambda bits, *payloads: Answer(function(bits // 8, *payloads))


STRICT: Mapping[str, Strict] = dict(
    [*_with_suffixes(), *_integer(), *_compare(), *_width(), *_floating()]
)
"""Every strict operation but `addp`, whose last argument is no operand."""
