"""The host memory under a guest: one private, sparse mapping that spans the guest's addresses.

Layout, in offsets from the guest address `base`: the guest's bytes, `span` of them, then one byte
for each of their 4 KiB pages (the page table of `space`). Both lie in one mapping, so that a
later copy-on-write remapping covers both.

The mapping is anonymous and reserves nothing. A page that was never written costs nothing, reads
of it included; a file behind it would cost one file page for each page read, a second one for
each page written, and would not give them back. Placing a file over the range with `MAP_FIXED`
stays possible, since the range is released as a whole and only at the end.

Python's own `mmap` object owns the range because it unmaps when it is deallocated, not in a
finaliser: the garbage collector runs finalisers of a dead cycle in any order, so another object
of that cycle could still read a view of memory that is gone. With no file it has no descriptor.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import sys

from simfw.errors import StateError

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT
_ZEROS = bytes(64 * PAGE_SIZE)

# Python 3.11 has no name for this flag; the value is that of Linux on x86-64, AArch64 and RISC-V.
# Other systems reserve lazily without being asked.
_NORESERVE = 0x4000 if sys.platform == "linux" else 0


class Arena:
    """`span` bytes of zeros for the guest and one byte per page for the page table.

    `data` and `pages` are views of both parts; every view taken from them keeps the mapping
    alive. Raises StateError where the host cannot map that much.
    """

    def __init__(self, span: int) -> None:
        table = span >> PAGE_SHIFT
        self._mapping = _reserve(span + -(-table // PAGE_SIZE) * PAGE_SIZE)
        whole = memoryview(self._mapping)
        self.data = whole[:span]
        self.pages = whole[span : span + table]

    def clear(self, start: int, end: int) -> None:
        """Make the bytes from offset `start` up to `end` zero, giving whole pages back."""
        first, last = -(-start // PAGE_SIZE) * PAGE_SIZE, end // PAGE_SIZE * PAGE_SIZE
        if first >= last or sys.platform != "linux":  # elsewhere DONTNEED need not clear
            wipe(self.data[start:end])
            return
        self._mapping.madvise(mmap.MADV_DONTNEED, first, last - first)
        wipe(self.data[start:first])
        wipe(self.data[last:end])


def wipe(view: memoryview) -> None:
    """Make `view` zero, a piece at a time, writing no piece that is zero already."""
    for start in range(0, len(view), len(_ZEROS)):
        piece = view[start : start + len(_ZEROS)]
        if piece.tobytes() != _ZEROS[: len(piece)]:
            piece[:] = _ZEROS[: len(piece)]


def _mapped(size: int) -> mmap.mmap:
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
    prot = mmap.PROT_READ | mmap.PROT_WRITE
    try:
        return mmap.mmap(-1, size, flags=flags, prot=prot)
    except OSError:
        gc.collect()  # machines that nobody holds any more are cycles, and may hold the room
        return mmap.mmap(-1, size, flags=flags, prot=prot)


def _reserve(size: int) -> mmap.mmap:
    if sys.platform == "win32" or sys.byteorder != "little":
        raise StateError("guest memory needs a little-endian POSIX host, such as Linux on x86-64")
    try:
        mapping = _mapped(size)
    except (OSError, OverflowError, ValueError) as error:
        raise StateError(
            f"the host refused {size:#x} bytes of address space for a guest ({error}); "
            "raise its limits (ulimit -v, vm.overcommit_memory, vm.max_map_count), "
            "or close machines that are no longer used"
        ) from error
    if sys.platform == "linux":
        # A huge page for each touched byte would defeat the limit on accessible memory. Kernels
        # built without huge pages refuse the advice and need none.
        with contextlib.suppress(OSError):
            mapping.madvise(mmap.MADV_NOHUGEPAGE)
    return mapping
