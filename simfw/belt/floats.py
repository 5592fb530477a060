"""IEEE 754 binary32 and binary64 on bit patterns: pure functions of integers.

Rounding is to nearest, ties to even, and every NaN made is the canonical one. Nothing is read
from or left in the host's floating-point environment beyond that rounding, which Python relies on
as well. binary32 is computed in binary64 and rounded once more, which is exact for + - * / and
the square root, since 53 bits are at least 2 * 24 + 2; fused operations take a way of their own.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from attrs import frozen

Function = Callable[..., int]

_INT32, _INT64 = struct.Struct("<I"), struct.Struct("<Q")
_FLOAT32, _FLOAT64 = struct.Struct("<f"), struct.Struct("<d")

NAN_32 = 0x7FC00000
NAN_64 = 0x7FF8000000000000


def decode_32(bits: int) -> float:
    """The number that binary32 bits stand for."""
    value: float = _FLOAT32.unpack(_INT32.pack(bits))[0]
    return value


def decode_64(bits: int) -> float:
    """The number that binary64 bits stand for."""
    value: float = _FLOAT64.unpack(_INT64.pack(bits))[0]
    return value


def encode_32(value: float) -> int:
    """The bits of the nearest binary32; beyond its range an infinity."""
    if value != value:
        return NAN_32
    try:
        packed = _FLOAT32.pack(value)
    except OverflowError:
        packed = _FLOAT32.pack(math.copysign(math.inf, value))
    bits: int = _INT32.unpack(packed)[0]
    return bits


def encode_64(value: float) -> int:
    """The bits of a binary64."""
    if value != value:
        return NAN_64
    bits: int = _INT64.unpack(_FLOAT64.pack(value))[0]
    return bits


# --- arithmetic on numbers, where Python's own would raise


def divide(x: float, y: float) -> float:
    """The quotient; of a number and zero an infinity, of two zeros a NaN."""
    if y:
        return x / y
    if x == 0 or x != x:
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def remainder(x: float, y: float) -> float:
    """The exact rest beside the nearest multiple of y; of two as near, the even one."""
    if y == 0 or math.isinf(x):
        return math.nan
    return math.remainder(x, y)


def square_root(x: float) -> float:
    """The square root; of what is below zero a NaN."""
    return math.nan if x < 0 else math.sqrt(x)


# --- fused multiply-add


def fused_64(x: float, y: float, z: float) -> float:
    """x * y + z for binary64, rounded once."""
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)):
        # z decides only where the product is finite, and then need not be exact
        return x * y + z if not (math.isfinite(x) and math.isfinite(y)) else z
    if x == 0 or y == 0:
        return x * y + z
    (a, b), (c, d), (e, f) = (number.as_integer_ratio() for number in (x, y, z))
    above, below = a * c * f + e * b * d, b * d * f
    if above == 0:
        return 0.0
    return quotient(above, below)


def quotient(above: int, below: int) -> float:
    """The binary64 nearest to a quotient of integers, or an infinity."""
    try:
        return above / below
    except OverflowError:
        return math.inf if above > 0 else -math.inf


def fused_32(x: float, y: float, z: float) -> float:
    """x * y + z for binary32: what rounds to the same binary32 as the exact result.

    The product is exact. The sum is rounded to odd, so that the second rounding is harmless.
    """
    product = x * y
    total = product + z
    if not math.isfinite(total):
        return total
    rest = total - product
    lost = (product - (total - rest)) + (z - rest)
    if lost == 0 or encode_64(total) & 1:
        return total
    return math.nextafter(total, math.inf if lost > 0 else -math.inf)


# --- integers


def _whole(x: float) -> int | None:
    return int(x) if math.isfinite(x) else None


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": divide,
    "rem": remainder,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


@frozen(eq=False)
class Format:
    """A floating-point format of so many bits, and the way from bits to numbers and back."""

    bits: int
    decode: Callable[[int], float]
    encode: Callable[[float], int]
    fused: Callable[[float, float, float], float]

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Yield all functions of this format, with the names that records call them by."""
        for name, operation in _ARITHMETIC.items():
            yield f"{name}_f{self.bits}", self._arithmetic(operation)
        for name, relation in _COMPARISONS.items():
            yield f"{name}_f{self.bits}", self._comparison(relation)
        sign = 1 << (self.bits - 1)
        for name, function in {
            "fma": self.multiply_add,
            "sqrt": self.root,
            "from_signed": self.from_signed,
            "from_unsigned": self.from_unsigned,
            "to_signed": self.to_integer,
            "to_unsigned": self.to_integer,
            "fits_signed": self._fits(-sign, sign - 1),
            "fits_unsigned": self._fits(0, 2 * sign - 1),
        }.items():
            yield f"{name}_f{self.bits}", function

    def multiply_add(self, a: int, b: int, c: int) -> int:
        """The bits of a * b + c, rounded once."""
        decode = self.decode
        return self.encode(self.fused(decode(a), decode(b), decode(c)))

    def root(self, a: int) -> int:
        """The bits of the square root."""
        return self.encode(square_root(self.decode(a)))

    def from_signed(self, a: int) -> int:
        """The bits of the number nearest to a two's complement integer."""
        sign = 1 << (self.bits - 1)
        return self.encode(float((a ^ sign) - sign))

    def from_unsigned(self, a: int) -> int:
        """The bits of the number nearest to an unsigned integer."""
        return self.encode(float(a))

    def to_integer(self, a: int) -> int:
        """The low bits of the integer that is next towards zero; 0 for what is no number."""
        return (_whole(self.decode(a)) or 0) & ((1 << self.bits) - 1)

    def _arithmetic(self, operation: Callable[[float, float], float]) -> Function:
        decode, encode = self.decode, self.encode

        def function(a: int, b: int) -> int:
            return encode(operation(decode(a), decode(b)))

        return function

    def _comparison(self, relation: Callable[[float, float], bool]) -> Function:
        decode = self.decode

        def function(a: int, b: int) -> int:
            return int(relation(decode(a), decode(b)))

        return function

    def _fits(self, least: int, greatest: int) -> Function:
        def function(a: int) -> int:
            whole = _whole(self.decode(a))
            return int(whole is not None and least <= whole <= greatest)

        return function


def widen(a: int) -> int:
    """The binary64 bits of a binary32 number."""
    return encode_64(decode_32(a))


def narrow(a: int) -> int:
    """The binary32 bits nearest to a binary64 number."""
    return encode_32(decode_64(a))


BINARY32 = Format(32, decode_32, encode_32, fused_32)
BINARY64 = Format(64, decode_64, encode_64, fused_64)

FUNCTIONS: MappingProxyType[str, Function] = MappingProxyType({
    **dict(BINARY32.functions()),
    **dict(BINARY64.functions()),
    "widen_f32": widen,
    "narrow_f64": narrow,
})  # fmt: skip
"""Every function by name, e.g. `add_f32`. Operands and results are unsigned bits; a test gives
0 or 1. Those that convert to an integer give 0 for what is no number, and the low bits of what
does not fit: `fits_…` says which those are."""
