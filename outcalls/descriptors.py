"""Descriptors: the numbers by which one program knows what it has open.

A program starts with 0, 1 and 2 open: the host's standard input, output and error output. It has
no files.
"""

from __future__ import annotations

import enum

from outcalls.streams import Contents, Input, Output, Readable
from simfw import Memory, MemoryFault

MOST_OPEN = 64


class Errno(enum.IntEnum):
    """Error numbers, on which Linux and newlib agree."""

    ENOENT = 2
    EIO = 5
    EBADF = 9
    EACCES = 13
    EEXIST = 17
    ENOTDIR = 20
    EISDIR = 21
    EINVAL = 22
    EMFILE = 24
    EFBIG = 27
    ENOSPC = 28
    ESPIPE = 29
    EROFS = 30


class Descriptors:
    """What one program has open, by number.

    >>> descriptors = Descriptors()
    >>> descriptors.open(Contents(b"abc"))
    3
    >>> descriptors.close(3), descriptors.close(3)
    (True, False)
    """

    def __init__(self) -> None:
        self.input, self.output, self.error = Input(), Output("stdout"), Output("stderr")
        self._open: dict[int, Input | Output | Contents] = {
            0: self.input,
            1: self.output,
            2: self.error,
        }

    def open(self, stream: Input | Output | Contents) -> int | None:
        """Open a stream; its number is at least 3. None if too many are open."""
        if len(self._open) >= MOST_OPEN:
            return None
        number = next(n for n in range(3, MOST_OPEN + 3) if n not in self._open)
        self._open[number] = stream
        return number

    def close(self, number: int) -> bool:
        """Close a number; False if it is not open."""
        return self._open.pop(number, None) is not None

    def find(self, number: int) -> Input | Output | Contents | None:
        """What is open under a number."""
        return self._open.get(number)

    def readable(self, number: int) -> Readable | None:
        """What can be read under a number."""
        stream = self._open.get(number)
        return None if isinstance(stream, Output) else stream

    def writable(self, number: int) -> Output | None:
        """What can be written under a number."""
        stream = self._open.get(number)
        return stream if isinstance(stream, Output) else None


def read_into(memory: Memory, source: Readable, address: int, count: int) -> int:
    """Read at most `count` bytes into guest memory; gives their number, 0 at the end.

    Raises MemoryFault for a bad address, and then nothing of the input is lost.
    """
    data = source.read(count)
    try:
        memory.write(address, data)
    except MemoryFault:
        source.unread(data)
        raise
    return len(data)
