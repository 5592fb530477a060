"""RAM behind a program's variables: what a board has, and programs take without asking.

The start-up code of picolibc puts its stack where the linker script says that RAM ends, and its
heap takes what lies between. Libraries for simulators let the heap grow from `_end` on. Neither
is in a segment of the file.
"""

from __future__ import annotations

from attrs import frozen

from simfw.errors import SymbolNotFound
from simfw.image import Image, Segment
from simfw.permissions import Permissions
from simfw.platform import PAGE

STACK_TOPS = ("__stack", "__stack_top", "_stack_top", "__StackTop", "_estack", "_sp")
"""What linker scripts call the end of RAM, where a stack begins; the first that is there counts."""


@frozen(eq=False)
class Ram:
    """Readable and writable memory from `start` to before `end`, in whole pages; maybe none."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.end - self.start


def find_ram(image: Image, heap_size: int, bound: int) -> Ram:
    """The RAM that a program counts on.

    It reaches from a writable segment to the symbol at which the program's stack begins. Where
    there is none of `STACK_TOPS`, it is `heap_size` bytes behind the last writable segment, or
    behind the image if there is no room, in this case at most up to `bound`.
    """
    writable = [one for one in image.segments if one.permissions & Permissions.WRITE]
    return _up_to_stack(image, writable) or _for_heap(image, writable, max(0, heap_size), bound)


def _up_to_stack(image: Image, writable: list[Segment]) -> Ram | None:
    top = _stack_top(image)
    if top is None:
        return None
    below = [segment.end for segment in writable if segment.end <= top]
    start, end = page_up(max(below, default=top)), page_up(top)
    return Ram(start, end) if start < end <= _free_up_to(image, start) else None


def _stack_top(image: Image) -> int | None:
    for name in STACK_TOPS:
        if name in image.symbols:
            try:
                return image.symbols.find(name).address
            except SymbolNotFound:  # local symbols of several files: not the linker script's
                continue
    return None


def _for_heap(image: Image, writable: list[Segment], size: int, bound: int) -> Ram:
    if writable:
        start = page_up(writable[-1].end)
        if start + size <= _free_up_to(image, start) and start + size <= bound:
            return Ram(start, start + size)
    start = page_up(image.highest)
    return Ram(start, max(start, min(start + size, bound & -PAGE)))


def _free_up_to(image: Image, address: int) -> int:
    """Where the next segment's first page begins, or the last page of all."""
    ahead = [segment.address & -PAGE for segment in image.segments if segment.end > address]
    return min(ahead, default=(1 << image.xlen) - PAGE)


def page_up(address: int) -> int:
    """The first page boundary from an address on."""
    return -(-address // PAGE) * PAGE
