"""Conventions: where a kind of guest keeps the operands of a call.

A `Convention` turns a `Signature` into a `Placement`, which gives for each guest argument and
each result its parts, lowest bits first. A part is one register, or one register-wide slot of the
stack. The border knows guests only through this file: it reads and writes `Registers` and
`GuestMemory` at the places that a placement names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, SupportsIndex

from attrs import frozen

from conasm.ctypes import DataModel
from simfw.signature import Signature

Registers = list[int]
"""The integer registers of a hart, by number: unsigned values below 2**xlen."""


class MemoryRange(Protocol):
    """A range of addresses with a name for messages."""

    @property
    def name(self) -> str:
        """What it is, e.g. `stack`."""
        ...

    @property
    def address(self) -> int:
        """The first address."""
        ...

    @property
    def end(self) -> int:
        """The first address behind it."""
        ...


class GuestMemory(Protocol):
    """What the border needs of a guest's memory; its methods raise MemoryFault."""

    @property
    def regions(self) -> Sequence[MemoryRange]:
        """What is mapped, in the order of addresses."""
        ...

    def read(self, address: int, length: int, /) -> bytes:
        """Copy `length` bytes out."""
        ...

    def write(self, address: int, data: bytes | bytearray, /) -> None:
        """Copy `data` in: all of it or, on a fault, nothing."""
        ...

    def slice(self, pointer: int, length: SupportsIndex, /) -> memoryview[int]:
        """Look at `length` bytes without copying; read-only."""
        ...

    def cstr(self, address: int, limit: int = ..., /) -> str:
        """The NUL-terminated UTF-8 text at an address."""
        ...

    def cstr_bytes(self, address: int, limit: int = ..., /) -> bytes:
        """The bytes at an address up to a NUL."""
        ...


@frozen
class Register:
    """An integer register, by number."""

    index: int


@frozen
class StackSlot:
    """A register-wide slot, `offset` bytes above the stack pointer at the callee's entry."""

    offset: int


Part = Register | StackSlot


@frozen
class Placement:
    """Where the operands of one signature are.

    `arguments` has the parts of each guest argument (so two entries for a `bytes` parameter),
    `results` those of each result, lowest bits first. `stack_size` counts the bytes of stack
    arguments, without the padding that the alignment of the stack pointer asks for.
    """

    arguments: tuple[tuple[Part, ...], ...]
    results: tuple[tuple[Part, ...], ...]
    stack_size: int


class Crossing(Protocol):
    """The border's four pieces, of a guest whose operands are more than bits in places."""

    def unpack_arguments(self, signature: Signature, receivers: Sequence[object] | None, /) -> Any:
        """See `simfw.border.unpack_arguments`."""
        ...

    def pack_result(self, signature: Signature, /) -> Any:
        """See `simfw.border.pack_result`."""
        ...

    def pack_arguments(self, signature: Signature, /) -> Any:
        """See `simfw.border.pack_arguments`."""
        ...

    def unpack_result(self, signature: Signature, /) -> Any:
        """See `simfw.border.unpack_result`."""
        ...

    def undeclared_call(self, name: str, result: str | None, /) -> tuple[Any, Any]:
        """See `simfw.border.undeclared_call`."""
        ...


class Convention(Protocol):
    """How one kind of guest passes operands in registers of `xlen` bits.

    A scalar of up to `widening_bits` is widened to that many by its own sign, and from there
    sign-extended to the register. `stack_pointer` is a register's number; at entry it holds a
    multiple of `stack_alignment` bytes.
    """

    @property
    def xlen(self) -> int:
        """Bits of a register: 32, 64, or 128."""
        ...

    @property
    def crossing(self) -> Crossing | None:
        """The guest's own border, if registers and stack are not all there is to an operand."""
        ...

    @property
    def model(self) -> DataModel:
        """Sizes of `long`, `size_t` and pointers."""
        ...

    @property
    def widening_bits(self) -> int:
        """See the class."""
        ...

    @property
    def stack_pointer(self) -> int:
        """See the class."""
        ...

    @property
    def stack_alignment(self) -> int:
        """See the class."""
        ...

    def place(self, signature: Signature) -> Placement:
        """Assign places; raises BindError for types and numbers of operands that have none."""
        ...
