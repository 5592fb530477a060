"""Integer arithmetic: `add sub mul neg` with every overflow behaviour, division, `abs`, `addp`."""

from __future__ import annotations

from simfw.belt.kinds import NaRKind
from simfw.belt.operations.overflow import (
    Arithmetic,
    declare_family,
    greatest_unsigned,
    limit_of_first,
    signed_limit,
    zero,
)
from simfw.belt.record import Operations, Strict
from simfw.ir.builder import Word, const
from simfw.ir.ops import I1

integer = Operations("integer")

_LARGEST = 128


# --- addition, subtraction, negation


def _add_overflows(a: Word, b: Word) -> Word:
    total = a + b
    return ((a ^ total) & (b ^ total)).slt(0)


def _sub_overflows(a: Word, b: Word) -> Word:
    return ((a ^ b) & (a ^ (a - b))).slt(0)


def _greatest_signed(a: Word, b: Word) -> Word:
    del b
    return const(a.type, a.type.sign - 1)


declare_family(
    integer,
    Arithmetic(
        "add value operand",
        "Add",
        latency="add",
        modulo=lambda a, b: a + b,
        carries=lambda a, b: (a + b).ult(a),
        overflows=_add_overflows,
        nearest_unsigned=greatest_unsigned,
        nearest_signed=limit_of_first,
    ),
)
declare_family(
    integer,
    Arithmetic(
        "sub value operand",
        "Subtract the second operand from the first",
        latency="add",
        modulo=lambda a, b: a - b,
        carries=lambda a, b: a.ult(b),
        overflows=_sub_overflows,
        nearest_unsigned=zero,
        nearest_signed=limit_of_first,
    ),
)
declare_family(
    integer,
    Arithmetic(
        "neg value",
        "Subtract from zero",
        latency="add",
        modulo=lambda a, b: b - a,
        carries=lambda a, b: a.ne(b),
        overflows=lambda a, b: a.eq(a.type.sign),
        nearest_unsigned=zero,
        nearest_signed=_greatest_signed,
    ),
)


# --- multiplication


def _magnitude(a: Word) -> Word:
    return a.slt(0).select(-a, a)


def _product_too_long(a: Word, b: Word) -> Word:
    """Whether an unsigned product needs more than the width, without anything twice as wide."""
    divisor = a.eq(0).select(1, a)
    return a.ne(0) & (a * b).udiv(divisor).ne(b)


def _mul_carries(a: Word, b: Word) -> Word:
    bits = a.type.bits
    if bits == _LARGEST:
        return _product_too_long(a, b)
    return (a.zext(2 * bits) * b.zext(2 * bits)).lshr(bits).ne(0)


def _mul_overflows(a: Word, b: Word) -> Word:
    bits = a.type.bits
    if bits < _LARGEST:
        wide = a.sext(2 * bits) * b.sext(2 * bits)
        return wide.trunc(bits).sext(2 * bits).ne(wide)
    left, right = _magnitude(a), _magnitude(b)
    limit = const(a.type, a.type.sign - 1) + (a ^ b).slt(0).zext(bits)
    return _product_too_long(left, right) | limit.ult(left * right)


declare_family(
    integer,
    Arithmetic(
        "mul value operand",
        "Multiply",
        latency="mul",
        modulo=lambda a, b: a * b,
        carries=_mul_carries,
        overflows=_mul_overflows,
        nearest_unsigned=greatest_unsigned,
        nearest_signed=lambda a, b: signed_limit((a ^ b).slt(0), a),
    ),
)


# --- division


def _unsigned_divisor(s: Strict, b: Word) -> Word:
    """Return a divisor that is safe to divide by, and say what is wrong with the one given."""
    s.nar(NaRKind.DIVISION_BY_ZERO, when=b.eq(0))
    return b.eq(0).select(1, b)


def _signed_divisor(s: Strict, a: Word, b: Word) -> Word:
    overflow = a.eq(a.type.sign) & b.eq(b.type.mask)
    s.nar(NaRKind.DIVISION_BY_ZERO, when=b.eq(0))
    s.nar(NaRKind.OVERFLOW, when=overflow)
    s.codes(carry=const(I1, 0), overflow=overflow)
    return (b.eq(0) | overflow).select(1, b)


@integer.op("divu value operand", latency="div", codes=True)
def divu(s: Strict, a: Word, b: Word) -> Word:
    """Divide, unsigned, rounding towards zero; by zero gives NaR(division by zero)."""
    return a.udiv(_unsigned_divisor(s, b))


@integer.op("divs value operand", latency="div", codes=True)
def divs(s: Strict, a: Word, b: Word) -> Word:
    """Divide, signed, rounding towards zero; the least value by -1 gives NaR(overflow)."""
    return a.sdiv(_signed_divisor(s, a, b))


@integer.op("remu value operand", latency="div", codes=True)
def remu(s: Strict, a: Word, b: Word) -> Word:
    """Give the remainder of `divu`; by zero gives NaR(division by zero)."""
    return a.urem(_unsigned_divisor(s, b))


@integer.op("rems value operand", latency="div", codes=True)
def rems(s: Strict, a: Word, b: Word) -> Word:
    """Give the remainder of `divs`, with the dividend's sign; NaR where `divs` gives one."""
    return a.srem(_signed_divisor(s, a, b))


# --- others


@integer.op("abs value", latency="add", codes=True)
def absolute(s: Strict, a: Word) -> Word:
    """Give the magnitude of a signed value, modulo the width: that of the least value is itself."""
    s.codes(carry=const(I1, 0), overflow=a.eq(a.type.sign))
    return _magnitude(a)


@integer.op("addp value operand integer / value operand", latency="add")
def addp(s: Strict, pointer: Word, index: Word, scale: Word | int = 1) -> Word:
    """Add an index, times the scale (1 if left out), to a pointer, modulo the width."""
    del s
    return pointer + index * scale
