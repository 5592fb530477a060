"""Which ranges of guest addresses exist, and what each allows: exact to the byte."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from attrs import evolve, frozen

from simfw.memory.arena import PAGE_SHIFT
from simfw.permissions import Permissions


@frozen
class Region:
    """`size` bytes at `address` that share their permissions and have a name."""

    address: int
    size: int
    permissions: Permissions
    name: str

    @property
    def end(self) -> int:
        """The first address behind the region."""
        return self.address + self.size

    @property
    def bits(self) -> int:
        """The permissions as a plain integer, which compares faster than the enumeration."""
        return int(self.permissions)

    def __str__(self) -> str:
        name = self.name if self.name.isprintable() else ascii(self.name)
        return f"{name} {self.address:#x}..{self.end:#x} {self.permissions.text}"

    def clip(self, start: int, end: int) -> Region:
        """The part of this region between two addresses."""
        if start <= self.address and self.end <= end:
            return self
        start, end = max(start, self.address), min(end, self.end)
        return evolve(self, address=start, size=end - start)

    def continues(self, other: Region) -> bool:
        """Whether this region follows `other` directly and differs in nothing else."""
        return (
            other.end == self.address
            and other.permissions == self.permissions
            and other.name == self.name
        )


class RegionMap:
    """An immutable, sorted sequence of regions that do not overlap.

    Changes give a new map, so that one can be tried, refused and forgotten. `starts` are the
    addresses of `regions`.
    """

    def __init__(self, regions: Sequence[Region] = (), starts: Sequence[int] = ()) -> None:
        self.all, self._starts = tuple(regions), starts

    def at(self, address: int) -> Region | None:
        """The region that holds `address`."""
        index = bisect_right(self._starts, address) - 1
        if index >= 0 and address < self.all[index].end:
            return self.all[index]
        return None

    def overlapping(self, start: int, end: int) -> tuple[Region, ...]:
        """The regions with a byte between two addresses, whole, in order."""
        first, last = self._slots(start, end)
        return self.all[first:last]

    def refused(self, start: int, end: int, needed: int) -> int | None:
        """The first address in the range where a permission of `needed` is missing, if any."""
        index = bisect_right(self._starts, start) - 1
        while start < end:
            if not 0 <= index < len(self.all):
                return start
            region = self.all[index]
            if not region.address <= start < region.end or region.bits & needed != needed:
                return start
            start = region.end
            index += 1
        return None

    def accessible_pages(self, start: int, end: int) -> int:
        """How many pages that the range touches have a byte that anything may access."""
        first, last = start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT
        count = 0
        for region in self.overlapping(first << PAGE_SHIFT, (last + 1) << PAGE_SHIFT):
            low, high = region.address >> PAGE_SHIFT, (region.end - 1) >> PAGE_SHIFT
            if region.bits and first <= (high := min(high, last)):
                low = max(low, first)
                count += high - low + 1
                first = high + 1
        return count

    def nearest(self, address: int) -> Region | None:
        """The region with the least distance to `address`, the lower of two."""
        index = bisect_right(self._starts, address)
        around = self.all[max(0, index - 1) : index + 1]
        return min(around, default=None, key=lambda region: _distance(region, address))

    def replaced(self, start: int, end: int, pieces: Iterable[Region]) -> RegionMap:
        """A map with `pieces` in place of whatever lay in the range."""
        first, last = self._slots(start, end)
        kept = self.all[first:last]
        before = [kept[0].clip(0, start)] if kept and kept[0].address < start else []
        behind = [kept[-1].clip(end, kept[-1].end)] if kept and kept[-1].end > end else []
        return self._spliced(first, last, [*before, *pieces, *behind])

    def joined(self, start: int, end: int) -> RegionMap:
        """A map where adjacent equal regions at or beside the range are one."""
        first, last = self._slots(start - 1, end + 1)
        joined: list[Region] = []
        for region in self.all[first:last]:
            if joined and region.continues(joined[-1]):
                joined[-1] = evolve(joined[-1], size=joined[-1].size + region.size)
            else:
                joined.append(region)
        return self._spliced(first, last, joined)

    def _spliced(self, first: int, last: int, new: Sequence[Region]) -> RegionMap:
        starts = [region.address for region in new]
        return RegionMap(
            (*self.all[:first], *new, *self.all[last:]),
            (*self._starts[:first], *starts, *self._starts[last:]),
        )

    def _slots(self, start: int, end: int) -> tuple[int, int]:
        first = bisect_right(self._starts, start) - 1
        if first < 0 or self.all[first].end <= start:
            first += 1
        return first, max(first, bisect_left(self._starts, end))


def _distance(region: Region, address: int) -> int:
    return region.address - address if address < region.address else address - region.end + 1
