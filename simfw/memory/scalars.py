"""The kinds of scalar that host code loads from and stores to guest memory: little-endian."""

from __future__ import annotations

import operator
import struct
from collections.abc import Mapping
from typing import Literal, SupportsFloat, SupportsIndex

from attrs import field, frozen

from simfw.errors import ArgumentError, RangeError

IntKind = Literal["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"]
FloatKind = Literal["f32", "f64"]


@frozen
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
        what = f"a value of kind {self.name}"
        if self.name[0] == "f":
            if isinstance(value, SupportsFloat | SupportsIndex):
                return RangeError(f"{what} is too large: {value!r:.40}")
            return ArgumentError(f"{what} must be a number, not {type(value).__name__}")
        low = 0 if self.name[0] == "u" else -(1 << 8 * self.size - 1)
        high = low + (1 << 8 * self.size) - 1
        return RangeError(f"{what} must be {low} to {high}, not {number(integer(value, what))}")


SCALARS: Mapping[str, Scalar] = {
    name: Scalar(name, "<" + letter)
    for name, letter in {
        "u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i",
        "u64": "Q", "i64": "q", "f32": "f", "f64": "d",
    }.items()
}  # fmt: skip


def scalar(kind: object) -> Scalar:
    """The record of a kind; ArgumentError names those there are."""
    found = SCALARS.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise ArgumentError(f"no kind of scalar {kind!r:.40}; there are {' '.join(SCALARS)}")
    return found


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
