"""Python values and the bits of one operand, each made from the other, with every check.

`encoder` gives a function from a value of the host to bits; nothing is truncated and nothing is
guessed. `decoder` gives the way back. Both are closures made once for a type, since they run in
every call. Bits are unsigned integers as wide as the operand.

    kind       the host may give                                 the host gets
    integer    int, bool, anything with `__index__`, in range    int
    bool       bool, 0 or 1                                      bool
    float      float, exactly representable int, `__float__`     float
    pointer    int, 0 … the last address; 0 is NULL              int
"""

from __future__ import annotations

import operator
import reprlib
import struct
from collections.abc import Callable
from types import MappingProxyType
from typing import SupportsFloat, SupportsIndex, TypeGuard

from attrs import frozen

from conasm.ctypes import Kind
from simfw.errors import GuestFault, SimError
from simfw.types import OperandType

Encoder = Callable[[object], int]
Decoder = Callable[[int], int | float]

_FLOAT_LAYOUTS = MappingProxyType({4: struct.Struct("<f"), 8: struct.Struct("<d")})
_LONGEST_SHOWN = 128  # bits; Python refuses to print integers of more than 4300 digits


@frozen(eq=False)
class Mistakes:
    """How wrong values of one operand are reported: whose it is, and the exceptions to raise.

    `when_none` is what to say to somebody who gave None.
    """

    subject: str
    wrong_type: type[SimError]
    out_of_range: type[SimError]
    when_none: str = ""

    def wrong(self, value: object, expected: str, advice: str = "") -> SimError:
        """The exception for a value of another type."""
        text = f"{self.subject} must be {expected}, not {show(value)}"
        advice = advice or (self.when_none if value is None else "")
        return self.wrong_type(f"{text}; {advice}" if advice else text)

    def beyond(self, value: object, type_: OperandType) -> SimError:
        """The exception for a value that the type cannot hold."""
        return self.out_of_range(
            f"{self.subject}: {show(value)} does not fit {type_.spelling} ({type_.range})"
        )


class _Shown(reprlib.Repr):
    """`repr` with a bound on its length, whatever the value."""

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > _LONGEST_SHOWN:
            return f"<an integer of {x.bit_length()} bits>"
        return super().repr_int(x, level)


_shown = _Shown()
_shown.maxother = _shown.maxlong = 60


def show(value: object) -> str:
    """A value and its type in a message: short, printable, and safe for values of any sort."""
    text = "None" if value is None else f"{type(value).__name__} {_shown.repr(value)}"
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def is_integer(value: object) -> TypeGuard[SupportsIndex]:
    """Whether a value is an integer in the sense of `operator.index`."""
    return isinstance(value, SupportsIndex)


def is_buffer(value: object) -> bool:
    """Whether a value exposes its bytes: bytes, bytearray, memoryview, array, numpy array…"""
    try:
        memoryview(value).release()  # pyright: ignore[reportArgumentType] - that is the test
    except (TypeError, BufferError, ValueError):
        return False
    return True


def encoder(type_: OperandType, mistakes: Mistakes, width: int | None = None) -> Encoder:
    """The function from a value of the host to the bits of `type_`, or to `width` bits.

    Negative integers are sign-extended to a larger width; everything else is zero-extended. The
    function raises what `mistakes` says and nothing else.
    """
    if type_.kind is Kind.FLOAT:
        return _float_encoder(type_, mistakes)
    low, high = type_.low, type_.high
    mask = (1 << (width or type_.bits)) - 1

    def encode(value: object) -> int:
        if type(value) is not int:
            value = as_integer(value, type_, mistakes)
        if low <= value <= high:
            return value & mask
        raise mistakes.beyond(value, type_)

    return encode


def as_integer(value: object, type_: OperandType, mistakes: Mistakes) -> int:
    """The value of anything that is an integer; the slow path of every integer parameter."""
    whole = _index(value)
    if whole is not None:
        return whole
    if type_.is_address:
        advice = "0 is NULL" if value is None else "text and bytes need a place in guest memory"
        raise mistakes.wrong(value, f"{type_.spelling} (an address)", advice)
    advice = "int() or round() makes one" if isinstance(value, float) else ""
    raise mistakes.wrong(value, f"{type_.spelling} (an integer)", advice)


def _index(value: object) -> int | None:
    try:
        return operator.index(value)  # pyright: ignore[reportArgumentType] - that is the test
    except TypeError:
        return None


def _float_encoder(type_: OperandType, mistakes: Mistakes) -> Encoder:
    layout = _FLOAT_LAYOUTS[type_.size]

    def encode(value: object) -> int:
        number = value if type(value) is float else _as_number(value, type_, mistakes)
        try:
            data = layout.pack(float(number))
        except OverflowError:
            raise mistakes.beyond(value, type_) from None
        if isinstance(number, int) and layout.unpack(data)[0] != number:
            raise mistakes.beyond(value, type_)  # not among the values of the type
        return int.from_bytes(data, "little")

    return encode


def _as_number(value: object, type_: OperandType, mistakes: Mistakes) -> int | float:
    """An int of what is an integer, or else a float of what is a real number."""
    whole = _index(value)
    if whole is not None:
        return whole
    try:
        if isinstance(value, SupportsFloat):
            return float(value)
    except (TypeError, ValueError):
        pass  # an array with several elements, say
    raise mistakes.wrong(value, f"{type_.spelling} (a number)")


def float_of_bits(bits: int, size: int) -> float:
    """The binary32 (4 bytes) or binary64 (8) with these bits."""
    return _FLOAT_LAYOUTS[size].unpack(bits.to_bytes(size, "little"))[0]


def decoder(type_: OperandType, subject: str) -> Decoder:
    """The function from the bits of `type_` to the host's value.

    `subject` names the operand in the GuestFault for a `bool` that is neither 0 nor 1.
    """
    size = type_.size
    if type_.kind is Kind.FLOAT:
        return lambda bits: float_of_bits(bits, size)
    if type_.kind is Kind.BOOL:
        return lambda bits: bits == 1 if bits < 2 else _refuse_bool(bits, subject)
    if type_.signed:
        half = 1 << (type_.bits - 1)
        return lambda bits: (bits ^ half) - half
    return lambda bits: bits


def _refuse_bool(bits: int, subject: str) -> bool:
    """A compiler relies on a `bool` being 0 or 1 (psABI, "C/C++ type representations")."""
    raise GuestFault(
        f"{subject} is {bits:#x}, but a bool is 0 or 1",
        advice="the guest's prototype probably differs from the declaration",
    )
