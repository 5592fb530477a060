"""IEEE 754 binary32 and binary64 on bit patterns, by way of the host's doubles and of fractions.

All results are rounded to nearest, ties to even. A NaN that an operation makes or passes on is
the canonical one. Sums, products, quotients and roots of binary32 are right when computed in
binary64 and rounded again; a fused product and sum is not, and goes through exact fractions.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Mapping
from fractions import Fraction

FORMATS = {4: "<f", 8: "<d"}
"""Widths that floats have, and `struct`'s letters for them."""

_CANONICAL_NAN = {4: 0x7FC00000, 8: 0x7FF8000000000000}
_PRECISION = {4: 24, 8: 53}
_LEAST_EXPONENT = {4: -149, 8: -1074}


def to_float(payload: int, width: int) -> float:
    """The number that a pattern stands for."""
    (number,) = struct.unpack(FORMATS[width], payload.to_bytes(width, "little"))
    return number


def from_float(number: float, width: int) -> int:
    """The pattern of the number nearest to a double."""
    if math.isnan(number):
        return _CANONICAL_NAN[width]
    try:
        packed = struct.pack(FORMATS[width], number)
    except OverflowError:
        packed = struct.pack(FORMATS[width], math.copysign(math.inf, number))
    return int.from_bytes(packed, "little")


def _rounded(exact: Fraction, width: int) -> float:
    """The number of the format nearest to a fraction that is not zero."""
    exponent = exact.numerator.bit_length() - exact.denominator.bit_length() - 1
    if abs(exact) >= Fraction(2) ** (exponent + 1):
        exponent += 1
    last = max(exponent - _PRECISION[width] + 1, _LEAST_EXPONENT[width])
    nearest = round(exact / Fraction(2) ** last) * Fraction(2) ** last  # `round` ties to even
    sign = -1.0 if exact < 0 else 1.0
    try:
        return sign * abs(float(nearest))
    except OverflowError:
        return sign * math.inf


def _divide(dividend: float, divisor: float) -> float:
    if divisor:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)


def _remainder(dividend: float, divisor: float) -> float:
    """What is left beside the nearest whole quotient, which is exact."""
    if math.isnan(dividend) or math.isnan(divisor) or math.isinf(dividend) or divisor == 0:
        return math.nan
    return math.remainder(dividend, divisor)


def _square_root(number: float) -> float:
    return math.sqrt(number) if number >= 0 else math.nan


def _fused(width: int, x: int, y: int, z: int) -> int:
    """x · y + z with one rounding."""
    a, b, c = (to_float(payload, width) for payload in (x, y, z))
    if math.isinf(c) and math.isfinite(a) and math.isfinite(b):
        return from_float(c, width)  # a product beyond the format is still finite
    if not all(map(math.isfinite, (a, b, c))) or (a * b == 0 and c == 0 and 0 in (a, b)):
        return from_float(a * b + c, width)
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    return from_float(_rounded(exact, width) if exact else 0.0, width)


def _arithmetic(function: Callable[..., float]) -> Callable[..., int]:
    def on_patterns(width: int, *payloads: int) -> int:
        return from_float(function(*(to_float(payload, width) for payload in payloads)), width)

    return on_patterns


def _comparison(function: Callable[[float, float], bool]) -> Callable[..., int]:
    def on_patterns(width: int, x: int, y: int = 0) -> int:
        return int(function(to_float(x, width), to_float(y, width)))

    return on_patterns


def _sign_bit(width: int) -> int:
    return 1 << (8 * width - 1)


ARITHMETIC: Mapping[str, tuple[int, Callable[..., int]]] = {
    "addf": (2, _arithmetic(operator.add)),
    "subf": (2, _arithmetic(operator.sub)),
    "mulf": (2, _arithmetic(operator.mul)),
    "divf": (2, _arithmetic(_divide)),
    "remf": (2, _arithmetic(_remainder)),
    "fmaf": (3, _fused),
    "negf": (1, lambda width, x: x ^ _sign_bit(width)),
    "absf": (1, lambda width, x: x & ~_sign_bit(width)),
    "sqrtf": (1, _arithmetic(_square_root)),
}
"""How many operands, and the pattern of the result from the width and those of the operands."""

COMPARISONS: Mapping[str, Callable[..., int]] = {
    "eqlf": _comparison(operator.eq),
    "neqf": _comparison(operator.ne),
    "lssf": _comparison(operator.lt),
    "leqf": _comparison(operator.le),
    "gtrf": _comparison(operator.gt),
    "geqf": _comparison(operator.ge),
}
"""0 or 1 from the width and one or two patterns; one is compared with zero."""


def converted(payload: int, width: int, to: int) -> int:
    """The pattern of the same number in the other format."""
    return from_float(to_float(payload, width), to)


def whole(payload: int, width: int) -> int | None:
    """The number without its fraction, or None for infinities and NaNs."""
    number = to_float(payload, width)
    return math.trunc(number) if math.isfinite(number) else None
