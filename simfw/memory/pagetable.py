"""What each page of a guest's memory admits: the table that engines look at before an access.

One byte a page. A page has a bit only where *every* byte of it has that permission, so that one
look admits an aligned access. It is a cache: `RegionMap` is the truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simfw.memory.arena import PAGE_SHIFT, PAGE_SIZE
from simfw.memory.regions import Region, RegionMap
from simfw.permissions import Permissions

LOAD_BIT = int(Permissions.READ)
STORE_BIT = int(Permissions.WRITE)
FETCH_BIT = int(Permissions.EXECUTE)


class PageTable:
    """The bytes of the table, `pages`, for the pages from address `base` on.

    Watched pages hold translated code: their store bit stays clear, so that stores into them
    are seen.
    """

    def __init__(self, base: int, pages: memoryview[int]) -> None:
        self.base = base
        self.pages = pages
        self._watched: set[int] = set()

    def watch(self, address: int) -> None:
        """Keep the store bit of the page of `address` clear from now on."""
        page = (address - self.base) >> PAGE_SHIFT
        self._watched.add(page)
        self.pages[page] &= ~STORE_BIT

    def unwatch(self, address: int, regions: RegionMap) -> None:
        """Undo `watch`; a page that is not watched stays as it is."""
        page = (address - self.base) >> PAGE_SHIFT
        if page in self._watched:
            self._watched.discard(page)
            self.refresh(regions, address, address + 1)

    def is_watched(self, start: int, end: int) -> bool:
        """Whether a byte of the range lies in a watched page."""
        return bool(self._watched and self._watched_among(*self._pages_of(start, end)))

    def refresh(self, regions: RegionMap, start: int, end: int) -> None:
        """Work out the bits of all pages that the range touches."""
        first, last = self._pages_of(start, end)
        low, high = self.base + (first << PAGE_SHIFT), self.base + (last << PAGE_SHIFT)
        self._fill(low, high, 0)
        parts = [region.clip(low, high) for region in regions.overlapping(low, high)]
        for part in parts:
            self._fill(-(-part.address // PAGE_SIZE) * PAGE_SIZE, part.end & -PAGE_SIZE, part.bits)
        for page, bits in _bits_of_shared_pages(parts):
            self._fill(page, page + PAGE_SIZE, bits)
        for number in self._watched_among(first, last):
            self.pages[number] &= ~STORE_BIT

    def _pages_of(self, start: int, end: int) -> tuple[int, int]:
        return (start - self.base) >> PAGE_SHIFT, ((end - 1 - self.base) >> PAGE_SHIFT) + 1

    def _fill(self, start: int, end: int, bits: int) -> None:
        first, last = (start - self.base) >> PAGE_SHIFT, (end - self.base) >> PAGE_SHIFT
        if first < last:
            self.pages[first:last] = bytes((bits,)) * (last - first)

    def _watched_among(self, first: int, last: int) -> Sequence[int]:
        if last - first < len(self._watched):
            return [page for page in range(first, last) if page in self._watched]
        return [page for page in self._watched if first <= page < last]


def _bits_of_shared_pages(regions: Sequence[Region]) -> Iterator[tuple[int, int]]:
    """Address and bits of each page that is covered by several regions, and covered wholly."""
    covered: dict[int, int] = {}
    bits: dict[int, int] = {}
    for region in regions:
        for page in {
            edge & -PAGE_SIZE for edge in (region.address, region.end) if edge % PAGE_SIZE
        }:
            size = min(region.end, page + PAGE_SIZE) - max(region.address, page)
            covered[page] = covered.get(page, 0) + size
            bits[page] = bits.get(page, region.bits) & region.bits
    return ((page, bits[page]) for page, size in covered.items() if size == PAGE_SIZE)
