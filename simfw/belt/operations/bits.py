"""Bits: logic, shifts, single bits, and counts of equal bits at either end.

A shift amount or bit number may have any width. One that is not below the width of the operand
in bits gives NaR(bit number too big).
"""

from __future__ import annotations

from simfw.belt.kinds import NaRKind
from simfw.belt.operations.overflow import (
    Arithmetic,
    declare_family,
    greatest_unsigned,
    limit_of_first,
)
from simfw.belt.record import Operations, Strict
from simfw.ir.builder import Word, const

bits = Operations("bits")


# --- logic


@bits.op("andl value operand", latency="logic", codes=True)
def andl(s: Strict, a: Word, b: Word) -> Word:
    """Give the bits that both operands have."""
    del s
    return a & b


@bits.op("orl value operand", latency="logic", codes=True)
def orl(s: Strict, a: Word, b: Word) -> Word:
    """Give the bits that one operand or both have."""
    del s
    return a | b


@bits.op("xorl value operand", latency="logic", codes=True)
def xorl(s: Strict, a: Word, b: Word) -> Word:
    """Give the bits that exactly one operand has."""
    del s
    return a ^ b


@bits.op("notl value", latency="logic", codes=True)
def notl(s: Strict, a: Word) -> Word:
    """Give the bits that the operand has not."""
    del s
    return ~a


# --- shifts


def bit_number(s: Strict, a: Word, number: Word) -> Word:
    """Return a bit number as wide as `a`, and say that it is too big where it is."""
    s.nar(NaRKind.BIT_NUMBER_TOO_BIG, when=number.uge(a.type.bits))
    width = a.type.bits
    return number.zext(width) if number.type.bits < width else number.trunc(width)


declare_family(
    bits,
    Arithmetic(
        "shiftl value operand",
        "Shift left",
        latency="shift",
        modulo=lambda a, n: a << n,
        carries=lambda a, n: (a << n).lshr(n).ne(a),
        overflows=lambda a, n: (a << n).ashr(n).ne(a),
        nearest_unsigned=greatest_unsigned,
        nearest_signed=limit_of_first,
        widths="any",
        prepare=bit_number,
        refuses=lambda a, n: n.uge(a.type.bits),
    ),
)


@bits.op("shiftru value operand", latency="shift", widths="any", codes=True)
def shiftru(s: Strict, a: Word, amount: Word) -> Word:
    """Shift right, filling with zeros."""
    return a.lshr(bit_number(s, a, amount))


@bits.op("shiftrs value operand", latency="shift", widths="any", codes=True)
def shiftrs(s: Strict, a: Word, amount: Word) -> Word:
    """Shift right, filling with copies of the sign."""
    return a.ashr(bit_number(s, a, amount))


# --- single bits; number 0 is the lowest


@bits.op("set value operand", latency="logic", widths="any", codes=True)
def set_bit(s: Strict, a: Word, number: Word) -> Word:
    """Make the numbered bit one."""
    return a | const(a.type, 1) << bit_number(s, a, number)


@bits.op("clear value operand", latency="logic", widths="any", codes=True)
def clear(s: Strict, a: Word, number: Word) -> Word:
    """Make the numbered bit zero."""
    return a & ~(const(a.type, 1) << bit_number(s, a, number))


@bits.op("test value operand", latency="logic", widths="any")
def test(s: Strict, a: Word, number: Word) -> Word:
    """Give the numbered bit, as 0 or 1 of width b."""
    return (a.lshr(bit_number(s, a, number)) & 1).ne(0)


# --- counts; as wide as the operand


@bits.op("countlfl value", latency="count", codes=True)
def countlfl(s: Strict, a: Word) -> Word:
    """Count the zeros at the high end; in zero it is the width in bits."""
    del s
    return a.clz()


@bits.op("countltr value", latency="count", codes=True)
def countltr(s: Strict, a: Word) -> Word:
    """Count the ones at the high end."""
    del s
    return (~a).clz()


@bits.op("countrfl value", latency="count", codes=True)
def countrfl(s: Strict, a: Word) -> Word:
    """Count the zeros at the low end; in zero it is the width in bits."""
    del s
    return a.ctz()


@bits.op("countrtr value", latency="count", codes=True)
def countrtr(s: Strict, a: Word) -> Word:
    """Count the ones at the low end."""
    del s
    return (~a).ctz()
