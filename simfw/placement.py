"""Where a program's parts go in memory: its segments, RAM behind them, the stack above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from simfw.errors import LoadError, RangeError, StateError
from simfw.image import Image, Segment
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.platform import GUARD_SIZE, PAGE, STACK_SIZE, Platform
from simfw.ram import Ram, find_ram, page_up

_NAMES = {
    Permissions.READ | Permissions.EXECUTE: "text",
    Permissions.READ: "rodata",
    Permissions.READ | Permissions.WRITE: "data",
}
_LOW_SPAN = 1 << 32


@frozen(eq=False)
class Placed:
    """What was put where: the memory for a heap, and `stack_top`, the first `sp`."""

    memory: Memory
    heap_start: int
    heap_end: int
    stack_top: int


def place(image: Image, platform: Platform, limit: int) -> Placed:
    """Make the memory of a program and fill it.

    The stack lies above the image and the RAM behind it, apart from them by a guard. Raises
    LoadError when the parts do not fit into the address space or into `limit` bytes.
    """
    last = (1 << image.xlen) - PAGE  # the last page belongs to the host's return address
    parts = list(_widened(image.segments))
    room = limit - STACK_SIZE - sum(end - start for _, start, end in parts)
    ram = find_ram(image, min(platform.heap_size, room), last - STACK_SIZE - GUARD_SIZE)
    stack = page_up(max(image.highest, ram.end)) + GUARD_SIZE
    if stack + STACK_SIZE > last:
        stack = image.lowest - GUARD_SIZE - STACK_SIZE & -PAGE
    if image.highest > last or stack < PAGE:
        raise LoadError(f"{image.name}: no room for a stack of {STACK_SIZE >> 10} KiB beside it")
    highest = max(image.highest, ram.end, stack + STACK_SIZE)
    memory = _memory(image, min(image.lowest, stack), highest, limit)
    try:
        for segment, start, end in parts:
            name = _NAMES.get(segment.permissions, "image")
            memory.map(start, end - start, segment.permissions, name)
            memory.initialise(segment.address, segment.data)
        _map_rest(memory, ram, stack)
    except (StateError, RangeError) as error:
        raise LoadError(f"{image.name} does not fit into memory: {error}") from None
    return Placed(memory, ram.start, ram.end, stack + STACK_SIZE)


def _map_rest(memory: Memory, ram: Ram, stack: int) -> None:
    permissions = Permissions.READ | Permissions.WRITE
    if ram.size:
        memory.map(ram.start, ram.size, permissions, "ram")
    memory.map(stack, STACK_SIZE, permissions, "stack")


def _widened(segments: Sequence[Segment]) -> Iterator[tuple[Segment, int, int]]:
    """Each segment with its range, widened to whole pages as far as its neighbours leave room.

    Accesses to a page that has one kind of memory throughout are the fast ones.
    """
    previous = 0
    for index, segment in enumerate(segments):
        following = segments[index + 1].address if index + 1 < len(segments) else 1 << 64
        start = max(previous, segment.address & -PAGE)
        end = min(following, -(-segment.end // PAGE) * PAGE)
        yield segment, start, end
        previous = end


def _memory(image: Image, lowest: int, highest: int, limit: int) -> Memory:
    """The arena: all 4 GiB of RV32 and of RV64 programs that lie there, else what is used."""
    if highest <= _LOW_SPAN:
        return Memory(image.xlen, limit=limit)
    base = lowest & -PAGE
    try:
        return Memory(image.xlen, base=base, span=-(-(highest - base) // PAGE) * PAGE, limit=limit)
    except (StateError, RangeError) as error:
        raise LoadError(
            f"{image.name} spans {lowest:#x} to {highest:#x}, too far apart for one memory: {error}"
        ) from None
