"""The kinds of scalar that host code loads from and stores to guest memory: little-endian.

A kind is a short name, `u8 i8 u16 i16 u32 i32 u64 i64 f32 f64`, or the C spelling of an integer
type, of `float` or `double`, or of a pointer, which is as large as in the guest.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, SupportsFloat, SupportsIndex

from attrs import field, frozen

from conasm.ctypes import DataModel, Kind, parse_type
from conasm.errors import TypeSpellingError
from simfw.errors import ArgumentError, RangeError

IntKind = Literal[
    "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64",
    "uint8_t", "int8_t", "uint16_t", "int16_t", "uint32_t", "int32_t", "uint64_t", "int64_t",
    "char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int",
    "long", "unsigned long", "long long", "unsigned long long", "size_t", "void*",
]  # fmt: skip
"""Kinds that a type checker knows to be integers; there are more spellings."""
FloatKind = Literal["f32", "f64", "float", "double"]


@frozen(eq=False)
class Scalar:
    """A kind of value: its name, and its layout in the letters of `struct`."""

    name: str
    layout: struct.Struct = field(converter=struct.Struct)

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return self.layout.size

    def pack(self, value: SupportsIndex | SupportsFloat) -> bytes:
        """The bytes of `value`, or RangeError when the kind cannot hold it.

        ArgumentError when `value` is no number of the sort: an integer kind takes no float.
        """
        try:
            return self.layout.pack(value)
        except (struct.error, OverflowError):
            raise self._mistake(value) from None

    def _mistake(self, value: object) -> ArgumentError | RangeError:
        what, letter = f"a value of kind {self.name}", self.layout.format[-1]
        if letter in "fd":
            if isinstance(value, SupportsFloat | SupportsIndex):
                return RangeError(f"{what} is too large: {value!r:.40}")
            return ArgumentError(f"{what} must be a number, not {type(value).__name__}")
        low = 0 if letter.isupper() else -(1 << 8 * self.size - 1)
        high = low + (1 << 8 * self.size) - 1
        return RangeError(f"{what} must be {low} to {high}, not {number(integer(value, what))}")


SCALARS: Mapping[str, Scalar] = {
    name: Scalar(name, "<" + letter)
    for name, letter in {
        "u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i",
        "u64": "Q", "i64": "q", "f32": "f", "f64": "d",
    }.items()
}  # fmt: skip


_UNSIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}
_LETTERS = {
    Kind.INTEGER: _UNSIGNED,
    Kind.POINTER: _UNSIGNED,
    Kind.TEXT: _UNSIGNED,
    Kind.FLOAT: {4: "f", 8: "d"},
}
"""For kinds of C types the letter of each size; that of a signed type is small."""


def scalar(kind: object, xlen: int) -> Scalar:
    """The record of a kind in a guest of 32 or 64 bits; ArgumentError names those there are."""
    found = SCALARS.get(kind) if isinstance(kind, str) else None
    if found is None and isinstance(kind, str):
        found = _of_c_type(kind, DataModel.LP64 if xlen == 64 else DataModel.ILP32)
    if found is None:
        raise ArgumentError(
            f"no kind of scalar {kind!r:.40}; there are {' '.join(SCALARS)}, and C types such as "
            "uint16_t, int, size_t, double, void*"
        )
    return found


@lru_cache(maxsize=256)
def _of_c_type(spelling: str, model: DataModel) -> Scalar | None:
    """The record of a C type that is one number; None for other types and for what is none."""
    try:
        type_ = parse_type(spelling)
        size = type_.size(model)
    except TypeSpellingError:
        return None
    letter = _LETTERS.get(type_.kind, {}).get(size)
    if letter is None:
        return None
    return Scalar(spelling, "<" + (letter.lower() if type_.signed else letter))


def number(value: int, style: str = "d") -> str:
    """`value` in decimal or another style of `format`, with a bound on the text's length."""
    if value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    return format(value, style)


def integer(value: object, what: str) -> int:
    """`value` as an int, from anything that can be an index; ArgumentError names `what`."""
    try:
        return operator.index(value)  # pyright: ignore[reportArgumentType] - that is the test
    except TypeError:
        raise ArgumentError(f"{what} must be an integer, not {type(value).__name__}") from None
