"""`OutcallArg`: an operand of an outcall as the guest passed it.

It holds the operand's bits, so everything that needs no memory works for ever; what follows a
pointer (`cstr`, `slice`, `store`) works only while the outcall runs, and raises StateError later.
"""

from __future__ import annotations

from functools import total_ordering
from typing import Any, Protocol, SupportsIndex

from conasm.ctypes import Kind, parse_type
from conasm.errors import TypeSpellingError
from simfw.belt.kinds import NaRKind
from simfw.convention import GuestMemory
from simfw.errors import ArgumentError, BindError, RangeError, StateError
from simfw.types import GuestType, OperandType, Untyped, operand_types
from simfw.values import Mistakes, decoder, encoder, float_of_bits

Binary = float  # the property of this name hides the builtin in annotations
Number = int | float
"""What an operand's value can be; a `bool` is an int."""


class Guard(Protocol):
    """What knows whether the call is still running that an operand belongs to."""

    def check(self) -> object:
        """Raise StateError when it is over."""
        ...


class _Unguarded:
    """The guard of operands that belong to no call, as tests make them."""

    def check(self) -> None:
        """Do nothing."""


UNGUARDED = _Unguarded()


@total_ordering
class OutcallArg:
    """One operand of an outcall; an index and an integer where Python wants one.

    It equals, orders and hashes as its `value`, so `arg == 3` and `table[arg]` do what they say;
    for arithmetic take `arg.unsigned` or `arg.signed`. It is true when any bit is set.

    >>> from conasm.ctypes import DataModel, parse_type
    >>> from simfw.types import operand_types
    >>> (type_,) = operand_types(parse_type("int16_t"), DataModel.ILP32)
    >>> arg = OutcallArg(0xFFFD, type_, None)
    >>> arg, arg.unsigned, arg.signed, arg.as_("uint8_t")
    (OutcallArg(int16_t: -3), 65533, -3, 253)
    """

    __slots__ = ("_bits", "_guard", "_memory", "_type")

    def __init__(
        self,
        bits: int,
        type_: OperandType,
        memory: GuestMemory | None,
        guard: Guard = UNGUARDED,
    ) -> None:
        self._bits = bits
        self._type = type_
        self._memory = memory
        self._guard = guard

    @property
    def type(self) -> GuestType:
        """The declared type, or `Untyped`."""
        return self._type.type

    @property
    def width(self) -> int:
        """Bytes of the operand."""
        return self._type.size

    @property
    def value(self) -> Number:
        """The operand in its declared type; a pointer's is its address, an untyped one's signed.

        Raises GuestFault for a `bool` that is neither 0 nor 1.
        """
        return decoder(self._type, "an operand of the outcall")(self._bits)

    @property
    def unsigned(self) -> int:
        """The bits as an unsigned integer, whatever the type."""
        return self._bits

    @property
    def signed(self) -> int:
        """The bits as a two's complement integer, whatever the type."""
        half = 1 << (self._type.bits - 1)
        return (self._bits ^ half) - half

    @property
    def float(self) -> Binary:
        """The bits as a binary32 or binary64; ArgumentError unless it has 4 or 8 bytes."""
        if self._type.size not in (4, 8):
            raise ArgumentError(f"an operand of {self._type.size} bytes is no floating-point value")
        return float_of_bits(self._bits, self._type.size)

    @property
    def address(self) -> int:
        """The bits as an address; RangeError for operands wider than the guest's addresses."""
        if self._bits >> (8 * self._type.model.value):
            raise RangeError(f"{self!r} is wider than an address of the guest")
        return self._bits

    @property
    def length(self) -> int | None:
        """For a `bytes` operand the bytes that the guest says are there, otherwise None."""
        return None

    @property
    def is_nar(self) -> bool:
        """Whether it is a NaR; never in RISC-V guests."""
        return False

    @property
    def is_none(self) -> bool:
        """Whether it is a None; never in RISC-V guests."""
        return False

    @property
    def kind(self) -> NaRKind | None:
        """Why it is a NaR; None for anything else."""
        return None

    def as_(self, type_: str) -> Number:
        """The low bits read as another C type of the same or a smaller width.

        Raises ArgumentError for what is no C type, RangeError for one that is wider.
        """
        wanted = _operand_type(type_, self._type)
        if wanted.size > self._type.size:
            raise RangeError(f"{self!r} has {self._type.size} bytes, too few for {type_}")
        return decoder(wanted, f"an operand read as {type_}")(self._bits & ((1 << wanted.bits) - 1))

    def cstr(self, limit: int | None = None) -> str:
        """The NUL-terminated UTF-8 text that it points to, of at most `limit` bytes.

        Raises MemoryFault for a bad pointer, text without end, and bytes that are no UTF-8.
        """
        memory = self._reachable()
        return memory.cstr(self.address) if limit is None else memory.cstr(self.address, limit)

    def slice(self, length: SupportsIndex | None = None) -> memoryview[int]:
        """A read-only view of `length` bytes that it points to.

        For a `bytes` operand the guest's own length is the default; others need one. Raises
        MemoryFault unless all bytes are readable.
        """
        if length is None:
            raise ArgumentError(f"{self!r} has no length of its own: give slice() one")
        return self._reachable().slice(self.address, length)

    def store(self, value: object, type_: str | None = None) -> None:
        """Write `value` through the pointer, as its pointee type or as the C type named.

        Raises ArgumentError for a value of the wrong type, RangeError for one that does not fit,
        MemoryFault for a bad pointer; then nothing is written.
        """
        memory = self._reachable()
        wanted = _operand_type(type_, self._type) if type_ else self._pointee()
        subject = f"the value to store as {wanted.spelling}"
        encode = encoder(wanted, Mistakes(subject, ArgumentError, RangeError))
        memory.write(self.address, encode(value).to_bytes(wanted.size, "little"))

    def _reachable(self) -> GuestMemory:
        self._guard.check()
        if self._memory is None:
            raise StateError(f"{self!r} belongs to no memory")
        return self._memory

    def _pointee(self) -> OperandType:
        declared = self._type.type
        target = None if isinstance(declared, Untyped) else declared.pointee
        if target is None or target.kind in (Kind.VOID, Kind.NAMED):
            raise ArgumentError(
                f"{self!r} does not say what it points to: name a C type, store(value, 'uint32_t')"
            )
        return operand_types(target, self._type.model)[0]

    def __index__(self) -> int:
        if self._type.kind is Kind.FLOAT:
            raise ArgumentError(f"{self!r} is no integer: take .float or .unsigned")
        return int(self.value)

    __int__ = __index__

    def __float__(self) -> Binary:
        return float(self.value)

    def __bool__(self) -> bool:
        return self._bits != 0

    def __eq__(self, other: object) -> bool:
        return bool(self.value == _plain(other))

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: OutcallArg | Number) -> bool:
        return bool(self.value < _plain(other))

    def __repr__(self) -> str:
        unreadable = self._type.kind is Kind.BOOL and self._bits > 1
        as_bits = unreadable or self._type.is_address
        return f"OutcallArg({self._type.spelling}: {hex(self._bits) if as_bits else self.value})"


class BytesArg(OutcallArg):
    """The operand of a `bytes` parameter: an address, and the length that came with it."""

    __slots__ = ("_length",)

    def __init__(
        self,
        bits: int,
        type_: OperandType,
        memory: GuestMemory | None,
        guard: Guard,
        length: int,
    ) -> None:
        super().__init__(bits, type_, memory, guard)
        self._length = length

    @property
    def length(self) -> int:
        """The bytes that the guest says are there."""
        return self._length

    def slice(self, length: SupportsIndex | None = None) -> memoryview[int]:
        """A read-only view of the bytes, or of the first `length` of what it points to."""
        return super().slice(self._length if length is None else length)


def _plain(value: object) -> Any:
    return value.value if isinstance(value, OutcallArg) else value


def _operand_type(spelling: str, like: OperandType) -> OperandType:
    """The operand that a C spelling means in the guest of `like`; ArgumentError when none."""
    try:
        found = operand_types(parse_type(spelling), like.model)
    except (TypeSpellingError, BindError) as error:
        raise ArgumentError(str(error)) from None
    if len(found) != 1:
        raise ArgumentError(f"{spelling} is not one value; name an integer, float or pointer type")
    return found[0]
