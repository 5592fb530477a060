"""Which bytes of memory translated code was made from, so that a store can tell.

Each 4 KiB page that blocks touch has a list of them and a map of their bytes: where code and
data share a page, a store of data costs a look at the map and drops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from simfw.memory.arena import PAGE_SHIFT, PAGE_SIZE

Span = tuple[int, int]
"""The first byte of a block, and the one behind its last."""


class _Page:
    """The blocks that touch one page, by their keys, and which of its bytes are theirs."""

    def __init__(self, number: int) -> None:
        self.address = number << PAGE_SHIFT
        self.spans: dict[int, Span] = {}
        self.marks = bytearray(PAGE_SIZE)

    def slice(self, start: int, end: int) -> slice:
        return slice(max(start - self.address, 0), min(end - self.address, PAGE_SIZE))

    def mark(self, span: Span) -> None:
        where = self.slice(*span)
        self.marks[where] = b"\1" * (where.stop - where.start)

    def discard(self, keys: Iterable[int]) -> None:
        for key in keys:
            self.spans.pop(key, None)
        self.marks = bytearray(PAGE_SIZE)
        for span in self.spans.values():
            self.mark(span)


class CodeMap:
    """The blocks of one process, by the bytes that they were made from."""

    def __init__(self) -> None:
        self._pages: dict[int, _Page] = {}

    def new_pages(self, span: Span) -> list[int]:
        """The addresses of the pages of a block in which there is none yet."""
        return [n << PAGE_SHIFT for n in _pages_of(*span) if n not in self._pages]

    def add(self, key: int, span: Span) -> None:
        """Note a block."""
        for number in _pages_of(*span):
            page = self._pages.get(number)
            if page is None:
                page = self._pages[number] = _Page(number)
            page.spans[key] = span
            page.mark(span)

    def find(self, start: int, end: int) -> dict[int, Span]:
        """The blocks that have bytes of a range."""
        found: dict[int, Span] = {}
        for page in self._among(_pages_of(start, end)):
            if 1 in page.marks[page.slice(start, end)]:
                found |= {k: s for k, s in page.spans.items() if s[0] < end and start < s[1]}
        return found

    def discard(self, blocks: dict[int, Span]) -> list[int]:
        """Forget blocks; gives the addresses of the pages that have none any more."""
        emptied: list[int] = []
        for number in {number for span in blocks.values() for number in _pages_of(*span)}:
            page = self._pages.get(number)
            if page is not None:
                page.discard(blocks)
                if not page.spans:
                    del self._pages[number]
                    emptied.append(page.address)
        return emptied

    def clear(self) -> list[int]:
        """Forget everything; gives the addresses of all pages that had blocks."""
        addresses = [page.address for page in self._pages.values()]
        self._pages.clear()
        return addresses

    def _among(self, numbers: range) -> list[_Page]:
        if len(numbers) > len(self._pages):  # a range may be as long as the address space
            return [page for number, page in self._pages.items() if number in numbers]
        return [self._pages[number] for number in numbers if number in self._pages]


def _pages_of(start: int, end: int) -> range:
    return range(start >> PAGE_SHIFT, (end - 1 >> PAGE_SHIFT) + 1)
