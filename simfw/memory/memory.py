"""Guest memory as engines and host code use it.

Engines look at `pages` and, where that admits an access, use `u8 … u64` directly; every other
access comes to `load_slow`, `store_slow` or `fetch`, which serve it or fault precisely. Host code
uses `read write view slice cstr load store`, which check bounds and permissions first. All
values are little-endian. Numbers that a guest hands over may be passed as they are: nothing
wraps around, and a refused access reads and changes nothing.
"""

from __future__ import annotations

from typing import SupportsFloat, SupportsIndex, overload

from simfw.errors import ArgumentError, MemoryFault, RangeError
from simfw.memory.arena import PAGE_SHIFT
from simfw.memory.faults import FETCH, READ, STRING, UPDATE, WRITABLE_VIEW, WRITE
from simfw.memory.pagetable import FETCH_BIT, LOAD_BIT, STORE_BIT
from simfw.memory.scalars import FloatKind, IntKind, integer, number, scalar
from simfw.memory.space import AddressSpace

CSTR_LIMIT = 1 << 20
_FIRST_PIECE, _LARGEST_PIECE = 1 << 8, 1 << 16


class Memory(AddressSpace):
    """The memory of one guest; `AddressSpace` describes how it is made and mapped.

    An address or a length is anything that works as an index. No class of access is partial:
    MemoryFault names the range, the nearest region and its permissions.

    >>> from simfw.permissions import Permissions
    >>> memory = Memory(32)
    >>> _ = memory.map(0x1000, 0x100, Permissions.READ | Permissions.WRITE, "ram")
    >>> memory.write(0x1000, b"abc")
    >>> memory.cstr(0x1000)
    'abc'
    >>> memory.read(0x10F0, 32)
    Traceback (most recent call last):
        ...
    simfw.errors.MemoryFault: read of 32 bytes at 0x10f0 leaves region ram 0x1000..0x1100 rw-
    memory.regions lists what is mapped; memory.protect() changes what it allows
    """

    def load_slow(self, address: int, size: int, pc: int, update: bool = False) -> int:
        """The unsigned value of `size` bytes, at any alignment, for the instruction at `pc`.

        With `update` it is the load of an atomic update and needs permission to write, too.
        """
        offset = address - self.base
        if update or not self._pages_admit(offset, size, LOAD_BIT):
            self.allow(UPDATE if update else READ, address, size, pc)
        return int.from_bytes(self.u8[offset : offset + size], "little")

    def store_slow(self, address: int, size: int, value: int, pc: int) -> None:
        """Store the low `size` bytes of `value`, at any alignment, for the instruction at `pc`."""
        offset = address - self.base
        data = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
        if self._pages_admit(offset, size, STORE_BIT):  # never set where code is watched
            self.u8[offset : offset + size] = data
            return
        self.allow(WRITE, address, size, pc)
        self.report_write(address, size)  # first: a signal must not find the store half served
        self.u8[offset : offset + size] = data

    def fetch(self, address: int, size: int, pc: int | None = None) -> int:
        """The instruction bits of `size` bytes; MemoryFault unless they are executable.

        `pc` is where the instruction begins, when that is not at `address`.
        """
        offset = address - self.base
        if not self._pages_admit(offset, size, FETCH_BIT):
            self.allow(FETCH, address, size, address if pc is None else pc)
        return int.from_bytes(self.u8[offset : offset + size], "little")

    def initialise(self, address: SupportsIndex, data: bytes | bytearray | memoryview) -> None:
        """Write an image's bytes into mapped memory, whatever its permissions: for loaders."""
        content = _as_bytes(data)
        start, end = self._mapped_range(address, len(content)) if len(content) else (0, 0)
        if start < end:
            self.u8[start - self.base : end - self.base] = content
            self.report_write(start, end - start)

    def read(self, address: SupportsIndex, length: SupportsIndex) -> bytes:
        """A copy of `length` readable bytes."""
        return bytes(self.view(address, length))

    def write(self, address: SupportsIndex, data: bytes | bytearray | memoryview) -> None:
        """Copy the bytes of `data`, any contiguous buffer, into writable memory."""
        content, start = _as_bytes(data), integer(address, "an address")
        if len(content):
            offset = self.allow(WRITE, start, len(content))
            self.u8[offset : offset + len(content)] = content
            self.report_write(start, len(content))

    def view(
        self, address: SupportsIndex, length: SupportsIndex, writable: bool = False
    ) -> memoryview[int]:
        """The bytes themselves, not a copy; they may span adjacent regions.

        A writable view needs memory that is readable and writable, and not executable, since
        nobody would see that code changes: `write` is for that. The view outlives the machine,
        and keeps its rights when `protect` takes them away from the guest.
        """
        start, count = integer(address, "an address"), integer(length, "a length")
        offset = self.allow(WRITABLE_VIEW if writable else READ, start, count)
        view = self.u8[offset : offset + count] if count else self.u8[:0]
        if not writable:
            return view.toreadonly()
        for region in self._map.overlapping(start, start + count):
            if region.bits & FETCH_BIT:
                raise MemoryFault(
                    f"writable view of {count} bytes at {start:#x}: region {region} is executable",
                    address=start,
                    advice="write() changes code and has it translated anew",
                )
        return view

    def slice(self, pointer: SupportsIndex, length: SupportsIndex) -> memoryview[int]:
        """A read-only view of a pointer and a length that a guest handed over."""
        return self.view(pointer, length)

    def cstr(self, address: SupportsIndex, limit: SupportsIndex = CSTR_LIMIT) -> str:
        """The text at `address`, up to its NUL, of at most `limit` bytes of UTF-8.

        MemoryFault where it is not terminated within the limit and within readable memory, and
        where it is not UTF-8: `cstr_bytes` reads such a string.
        """
        data = self.cstr_bytes(address, limit)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            start, around = integer(address, "an address"), data[max(0, error.start - 8) :][:24]
            raise MemoryFault(
                f"the string at {start:#x} is not UTF-8: {error.reason} at byte {error.start}, "
                f"near {around!r}",
                address=start + error.start,
                advice="cstr_bytes() reads strings of any encoding",
            ) from None

    def cstr_bytes(self, address: SupportsIndex, limit: SupportsIndex = CSTR_LIMIT) -> bytes:
        """The bytes at `address` up to their NUL, at most `limit` of them; otherwise as `cstr`."""
        start, most = integer(address, "an address"), integer(limit, "a limit")
        if most < 0:
            raise RangeError(f"a limit must not be negative: {number(most)}")
        found, piece = bytearray(), _FIRST_PIECE
        while len(found) <= most:
            wanted = min(piece, most + 1 - len(found))
            part = self._readable(start, start + len(found), wanted)
            end = part.find(0)
            if end >= 0:
                return bytes(found + part[:end])
            found += part
            piece = min(2 * piece, _LARGEST_PIECE)
        raise MemoryFault(f"the string at {start:#x} has no NUL within {most} bytes", address=start)

    def _readable(self, string: int, address: int, wanted: int) -> bytes:
        """Up to `wanted` bytes at `address`, fewer where readable memory ends, but not none."""
        stop = self._map.refused(address, address + wanted, READ.needed)
        end = address + wanted if stop is None else stop
        if end == address:
            raise self._refusal(STRING, string, address - string + 1, address, None)
        return bytes(self.u8[address - self.base : end - self.base])

    @overload
    def load(self, address: SupportsIndex, kind: IntKind) -> int: ...
    @overload
    def load(self, address: SupportsIndex, kind: FloatKind) -> float: ...
    @overload
    def load(self, address: SupportsIndex, kind: str) -> int | float: ...
    def load(self, address: SupportsIndex, kind: str) -> int | float:
        """One scalar, at any alignment.

        `kind` is `u8 i8 u16 i16 u32 i32 u64 i64 f32 f64`, or a C spelling: of integer types,
        `float`, `double` and pointers. `long`, `size_t` and pointers are as large as in the guest.
        """
        record = scalar(kind, self.xlen)
        offset = self.allow(READ, integer(address, "an address"), record.size)
        return record.layout.unpack_from(self.u8, offset)[0]

    def store(
        self, address: SupportsIndex, kind: str, value: SupportsIndex | SupportsFloat
    ) -> None:
        """Store one scalar, of a kind as in `load`; RangeError when that cannot hold `value`."""
        self.write(address, scalar(kind, self.xlen).pack(value))

    def _pages_admit(self, offset: int, size: int, bit: int) -> bool:
        last = (offset + size - 1) >> PAGE_SHIFT
        if offset < 0 or last >= len(self.pages):
            return False
        return bool(self.pages[offset >> PAGE_SHIFT] & self.pages[last] & bit)


def _as_bytes(data: object) -> memoryview[int]:
    try:
        view = memoryview(data)  # pyright: ignore[reportArgumentType] - that is the test
    except (TypeError, ValueError, BufferError):
        raise ArgumentError(f"data must be bytes-like, not {type(data).__name__}") from None
    return view.cast("B") if view.nbytes and view.c_contiguous else memoryview(view.tobytes())
