"""A guest's address space: what is mapped where, the bytes that lie there, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import SupportsIndex

from attrs import evolve

from simfw.errors import ArgumentError, RangeError, StateError
from simfw.memory.arena import PAGE_SIZE, Arena
from simfw.memory.faults import ANY, Access, Refusal
from simfw.memory.pagetable import PageTable
from simfw.memory.regions import Region, RegionMap
from simfw.memory.scalars import integer, number
from simfw.permissions import Permissions

_ALL_BITS = int(Permissions.READ | Permissions.WRITE | Permissions.EXECUTE)
_CLOSED = "this memory is closed: its machine is no longer in use"
_FULL_SPAN = 1 << 32
_WIDEST_SPAN = 1 << 46  # what is left of a 47-bit host address space
MAX_REGIONS = 1 << 14


class AddressSpace:
    """The regions of one guest, their bytes, and the page table over them.

    `xlen` is 32 or 64. `base` and `span` bound the addresses that may be mapped: all 4 GiB for
    a 32-bit guest, and any run of whole pages for a 64-bit one. `limit` bounds the bytes of host
    memory the guest can use: the pages in which anything is accessible.

    `u8 u16 u32 u64` view the guest's bytes; an index is `(address - base) >> log2(size)`.
    `pages` has a byte per page with `LOAD_BIT`, `STORE_BIT` and `FETCH_BIT`. These are for
    engines, which check `pages` before each access. `on_code_write(address, length)` is called
    for each change of a watched page's bytes or permissions, for a guest's store just before.
    """

    def __init__(
        self, xlen: int, *, base: int = 0, span: int | None = None, limit: int = 256 << 20
    ) -> None:
        self.base = integer(base, "base")
        self.span = _FULL_SPAN if span is None else integer(span, "span")
        self.limit = integer(limit, "a limit")
        _check_bounds(xlen, self.base, self.span)
        self.xlen, self.mask = xlen, (1 << xlen) - 1
        self.on_code_write: Callable[[int, int], object] | None = None
        self._arena: Arena | None = Arena(self.span)
        self._map = RegionMap()
        self._used_pages = 0
        self._take_views(self._arena.data, self._arena.pages)

    def _take_views(self, data: memoryview[int], pages: memoryview[int]) -> None:
        self._table, self.pages = PageTable(self.base, pages), pages
        self.u8: memoryview[int] = data
        self.u16: memoryview[int] = data.cast("H")
        self.u32: memoryview[int] = data.cast("I")
        self.u64: memoryview[int] = data.cast("Q")

    def __repr__(self) -> str:
        used, limit = self._used_pages * PAGE_SIZE >> 10, self.limit >> 10
        return f"<Memory of {len(self.regions)} regions, {used} of {limit} KiB accessible>"

    @property
    def regions(self) -> tuple[Region, ...]:
        """Everything that is mapped, in the order of addresses."""
        return self._map.all

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._arena is None

    def close(self) -> None:
        """Unmap everything and let go of the host memory; every later use raises StateError.

        Views that were handed out stay valid and keep the host memory until the last is gone.
        """
        self._arena, self._map, self.span = None, RegionMap(), 0
        self._used_pages = 0
        self._take_views(memoryview(b""), memoryview(b""))

    def map(
        self,
        address: SupportsIndex,
        size: SupportsIndex,
        permissions: Permissions,
        name: str,
        *,
        whole_pages: bool = False,
    ) -> Region:
        """Make `size` bytes of zeros at `address` part of the guest's memory.

        With `whole_pages` the region is widened to page boundaries, as far as its neighbours
        leave room: accesses to a page that one kind of memory fills are the fast ones.
        RangeError outside the address space or the span, StateError where something is mapped
        already or the limit is passed.

        >>> from simfw.memory import Memory
        >>> from simfw.permissions import Permissions
        >>> print(Memory(32).map(0x1000, 0x100, Permissions.READ, "rom"))
        rom 0x1000..0x1100 r--
        """
        start, end = self._range(address, size)
        region = Region(start, end - start, _permissions(permissions), str(name))
        self._refuse_overlap(region)
        if whole_pages:
            region = self._widened(region)
        self._change(region.address, region.end, (region,))
        return region

    def unmap(self, address: SupportsIndex, size: SupportsIndex) -> None:
        """Take a range away, with its contents; MemoryFault unless all of it is mapped."""
        start, end = self._mapped_range(address, size)
        self._change(start, end, ())
        self._require_arena().clear(start - self.base, end - self.base)
        self.report_write(start, end - start)

    def protect(
        self, address: SupportsIndex, size: SupportsIndex, permissions: Permissions
    ) -> None:
        """Change what a range allows; MemoryFault unless all of it is mapped.

        Views made before keep the rights they were made with.
        """
        start, end = self._mapped_range(address, size)
        permissions = _permissions(permissions)
        pieces = [part.clip(start, end) for part in self._map.overlapping(start, end)]
        self._change(start, end, [evolve(part, permissions=permissions) for part in pieces])
        self._map = self._map.joined(start, end)
        self.report_write(start, end - start)

    def resize(self, address: SupportsIndex, size: SupportsIndex) -> None:
        """Give the memory that begins at `address` another size, as a heap needs it.

        It is the region that begins there and those directly behind it with the same name. What
        is added has the permissions of the last of them and is zero; what is cut off is lost.
        """
        start, end = self._range(address, size)
        last = self._last_of_run(start)
        if end < last.end:
            self.unmap(end, last.end - end)
        elif end > last.end:
            added = evolve(last, address=last.end, size=end - last.end)
            self._refuse_overlap(added)
            self._change(added.address, end, (added,))
            self._map = self._map.joined(added.address, end)

    def watch(self, address: int) -> None:
        """Mark the page of `address` as holding translated code.

        Its store bit is cleared, so that each store into it takes the slow path and is reported
        to `on_code_write`, as are host writes and changes of its permissions.
        """
        self._range(address, 1)
        self._table.watch(address)

    def unwatch(self, address: int) -> None:
        """Undo `watch`; a page that is not watched stays as it is."""
        self._range(address, 1)
        self._table.unwatch(address, self._map)

    def report_write(self, address: int, length: int) -> None:
        """Tell `on_code_write` of changed bytes where a watched page is among them."""
        if self.on_code_write and self._table.is_watched(address, address + length):
            self.on_code_write(address, length)

    def allow(self, access: Access, address: int, length: int, pc: int | None = None) -> int:
        """The offset into `u8` of a range where every byte admits `access`.

        Otherwise MemoryFault, with the `pc` of the instruction when the guest asked. No bytes
        need no permission: a length of 0 is good at any address.
        """
        stop = self._map.refused(address, address + length, access.needed)
        if stop is not None or length < 0:
            raise self._refusal(access, address, length, address if stop is None else stop, pc)
        return address - self.base

    def _refusal(
        self, access: Access, address: int, length: int, stop: int, pc: int | None
    ) -> Exception:
        if self.closed:
            return StateError(_CLOSED)
        return Refusal(access, address, length, stop, self.xlen).fault(self._map, pc)

    def _require_arena(self) -> Arena:
        if self._arena is None:
            raise StateError(_CLOSED)
        return self._arena

    def _range(self, address: SupportsIndex, size: SupportsIndex) -> tuple[int, int]:
        self._require_arena()
        start, length = integer(address, "an address"), integer(size, "a size")
        low, high = self.base, self.base + self.span
        if length < 1 or not low <= start < start + length <= high:
            raise RangeError(
                f"a region of {number(length)} bytes at {number(start, '#x')} is not within "
                f"{low:#x}..{high:#x}, the addresses that this guest can have"
            )
        return start, start + length

    def _mapped_range(self, address: SupportsIndex, size: SupportsIndex) -> tuple[int, int]:
        start, end = self._range(address, size)
        self.allow(ANY, start, end - start)
        return start, end

    def _refuse_overlap(self, region: Region) -> None:
        others = self._map.overlapping(region.address, region.end)
        if others:
            raise StateError(f"region {region} overlaps region {others[0]}")

    def _widened(self, region: Region) -> Region:
        start, end = region.address & -PAGE_SIZE, -(-region.end // PAGE_SIZE) * PAGE_SIZE
        for other in self._map.overlapping(start, end):
            if other.end <= region.address:
                start = max(start, other.end)
            else:
                end = min(end, other.address)
        return evolve(region, address=start, size=end - start)

    def _last_of_run(self, start: int) -> Region:
        region = self._map.at(start)
        if region is None or region.address != start:
            raise StateError(f"no region begins at {start:#x}: regions lists those there are")
        name = region.name
        while (behind := self._map.at(region.end)) and behind.name == name:
            region = behind
        return region

    def _change(self, start: int, end: int, pieces: Sequence[Region]) -> None:
        """Put `pieces` into a range, if the limit allows, and bring the page table up to date."""
        changed = self._map.replaced(start, end, pieces)
        used = self._used_pages
        used += changed.accessible_pages(start, end) - self._map.accessible_pages(start, end)
        self._refuse_excess(used, len(changed.all))
        before, self._map, self._used_pages = self._map, changed, used
        for part in (*before.overlapping(start, end), *pieces):
            if part.bits:  # what admits nothing has no bits in the table and may be vast
                self._table.refresh(changed, max(part.address, start), min(part.end, end))

    def _refuse_excess(self, pages: int, regions: int) -> None:
        if pages > self._used_pages and pages * PAGE_SIZE > self.limit:
            raise StateError(
                f"the guest needs {pages * PAGE_SIZE >> 10} KiB of accessible memory and its "
                f"limit is {self.limit >> 10} KiB: raise memory="
            )
        if regions > max(MAX_REGIONS, len(self.regions)):
            raise StateError(
                f"more than {MAX_REGIONS} regions: map larger ones, or protect fewer parts of them"
            )


def _permissions(value: object) -> Permissions:
    if not isinstance(value, Permissions) or not 0 <= value <= _ALL_BITS:
        raise ArgumentError(f"permissions must be of simfw's Permissions, not {value!r:.40}")
    return value


def _check_bounds(xlen: int, base: int, span: int) -> None:
    if xlen not in (32, 64):
        raise ArgumentError(f"xlen is 32 or 64, not {xlen!r:.40}")
    if xlen == 32 and (base, span) != (0, _FULL_SPAN):
        raise RangeError("the memory of a 32-bit guest spans all its 4 GiB from 0")
    if base % PAGE_SIZE or span % PAGE_SIZE or base < 0 or base + span > 1 << xlen:
        raise RangeError("base and span must be whole pages within the guest's address space")
    if not 0 < span <= _WIDEST_SPAN:
        raise RangeError(f"a span of {number(span, '#x')} bytes is not one that a host can map")
