"""Floating point: IEEE 754 binary32 in operands of width w, binary64 in those of width d.

Rounding is to nearest, ties to even; no flags are kept. A result that is a NaN is always the
positive quiet NaN without payload. Overflow and division by zero give infinities, as the
standard has it, not NaRs. What the functions do with bits is in `simfw.belt.floats`.
"""

from __future__ import annotations

from collections.abc import Callable

from simfw.belt.kinds import NaRKind
from simfw.belt.record import Operations, Strict
from simfw.ir.builder import Word, const, helper
from simfw.ir.ops import I1, I32, I64

floating = Operations("floating")


def _call(function: str, *operands: Word) -> Word:
    """Apply the function for the operands' width; its result is as wide as they are."""
    type = operands[0].type
    return helper(f"{function}_f{type.bits}", type, *operands)


_ARITHMETIC = {
    "addf value value": ("add", "addf", "Add."),
    "subf value value": ("sub", "addf", "Subtract the second operand from the first."),
    "mulf value value": ("mul", "mulf", "Multiply."),
    "divf value value": ("div", "divf", "Divide the first operand by the second."),
    "remf value value": (
        "rem",
        "divf",
        "Give what is left beside the nearest multiple of the second operand, exactly.",
    ),
    "fmaf value value value": (
        "fma",
        "fmaf",
        "Multiply the first two operands and add the third, rounding once.",
    ),
    "sqrtf value": ("sqrt", "divf", "Give the square root."),
}

_COMPARISONS = {
    "eqlf": ("eq", "Tell whether the operands, or one and zero, are equal; a NaN equals nothing."),
    "neqf": (
        "ne",
        "Tell whether the operands, or one and zero, differ; a NaN differs from everything.",
    ),
    "lssf": (
        "lt",
        "Tell whether the first operand is less than the second, or zero; never with a NaN.",
    ),
    "leqf": (
        "le",
        "Tell whether the first operand is at most the second, or zero; never with a NaN.",
    ),
    "gtrf": (
        "gt",
        "Tell whether the first operand is greater than the second, or zero; never with a NaN.",
    ),
    "geqf": (
        "ge",
        "Tell whether the first operand is at least the second, or zero; never with a NaN.",
    ),
}


def _arithmetic(function: str, sentence: str) -> Callable[..., Word]:
    def semantics(s: Strict, *operands: Word) -> Word:
        del s
        return _call(function, *operands)

    semantics.__doc__ = sentence
    return semantics


def _comparison(function: str, sentence: str) -> Callable[..., Word]:
    def semantics(s: Strict, a: Word, b: Word | None = None) -> Word:
        del s
        other = const(a.type, 0) if b is None else b
        return helper(f"{function}_f{a.type.bits}", I1, a, other)

    semantics.__doc__ = sentence
    return semantics


for _header, (_function, _latency, _sentence) in _ARITHMETIC.items():
    _add = floating.op(_header, latency=_latency, widths="float")
    _add(_arithmetic(_function, _sentence))

for _name, (_function, _sentence) in _COMPARISONS.items():
    _add = floating.op(f"{_name} value value / value", latency="comparef", widths="float")
    _add(_comparison(_function, _sentence))


@floating.op("negf value", latency="signf", widths="float")
def negf(s: Strict, a: Word) -> Word:
    """Turn the sign, of zeros and NaNs too."""
    del s
    return a ^ a.type.sign


@floating.op("absf value", latency="signf", widths="float")
def absf(s: Strict, a: Word) -> Word:
    """Make the sign positive, of zeros and NaNs too."""
    del s
    return a & (a.type.sign - 1)


# --- conversions


@floating.op("itof value", latency="convert", widths="float")
def itof(s: Strict, a: Word) -> Word:
    """Convert a signed integer to the nearest number of the same width."""
    del s
    return _call("from_signed", a)


@floating.op("utof value", latency="convert", widths="float")
def utof(s: Strict, a: Word) -> Word:
    """Convert an unsigned integer to the nearest number of the same width."""
    del s
    return _call("from_unsigned", a)


@floating.op("ftoi value", latency="convert", widths="float")
def ftoi(s: Strict, a: Word) -> Word:
    """Convert to a signed integer of the same width, towards zero.

    A NaN, or what does not fit, gives NaR(floating-point invalid).
    """
    s.nar(NaRKind.FLOATING_POINT_INVALID, when=_misfit("fits_signed", a))
    return _call("to_signed", a)


@floating.op("ftou value", latency="convert", widths="float")
def ftou(s: Strict, a: Word) -> Word:
    """Convert to an unsigned integer of the same width, towards zero.

    A NaN, or what does not fit, gives NaR(floating-point invalid).
    """
    s.nar(NaRKind.FLOATING_POINT_INVALID, when=_misfit("fits_unsigned", a))
    return _call("to_unsigned", a)


def _misfit(function: str, a: Word) -> Word:
    return helper(f"{function}_f{a.type.bits}", I1, a).eq(0)


@floating.op("widenf value", latency="convert", widths="float", sizes="w")
def widenf(s: Strict, a: Word) -> Word:
    """Convert a number of width w to width d, exactly."""
    del s
    return helper("widen_f32", I64, a)


@floating.op("narrowf value", latency="convert", widths="float", sizes="d")
def narrowf(s: Strict, a: Word) -> Word:
    """Convert a number of width d to the nearest of width w."""
    del s
    return helper("narrow_f64", I32, a)
