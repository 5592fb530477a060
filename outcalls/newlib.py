"""The platform of programs with newlib or picolibc: system calls of libgloss, and semihosting.

A program has a heap, a console and a clock, and no files. What it may ask is declared in
`newlib.cas`; `outcalls.semihosting` answers the requests of libraries that make those instead.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

from outcalls.descriptors import Descriptors, Errno, read_into
from outcalls.semihosting import Semihosting
from simfw import Focus, outcall

WRITE_ACCESS = 0b11
"""The bits of `open`'s flags that are 0 for reading alone (newlib's O_ACCMODE)."""

CHARACTER_DEVICE = 0o020620
"""A terminal's `st_mode`: newlib buffers by lines what goes there."""

STAT = struct.Struct("<QQ IIII QQ qii q 3q3q 8x")
"""libgloss' `struct kernel_stat`: device and inode; mode, links, owner, group; device number; size,
block size, blocks; three times of 16 bytes each, as `time_t` has 64 bits on RV32 too.
"""


class Newlib:
    """What the platform brings for one program."""

    spec = Path(__file__).with_suffix(".cas")

    def __init__(self) -> None:
        self._started = time.monotonic_ns()
        self._descriptors = Descriptors()
        self._semihosting = Semihosting(self._descriptors, self._elapsed)

    def _elapsed(self) -> int:
        """Microseconds since the program was loaded."""
        return (time.monotonic_ns() - self._started) // 1000

    def semihosting(self, focus: Focus, operation: int, parameter: int) -> int:
        """Serve a semihosting request."""
        return self._semihosting.serve(focus, operation, parameter)

    # The end

    @outcall("exit")
    def exit_program(self, focus: Focus, status: int) -> None:
        """End the program."""
        focus.stop(status)

    @outcall
    def exit_group(self, focus: Focus, status: int) -> None:
        """End the program, all threads of which there is one."""
        focus.stop(status)

    # Memory

    @outcall
    def brk(self, focus: Focus, end: int) -> int:
        """Move the end of the heap, if it stays within the memory that is there for it."""
        process = focus.process
        if process.heap_start <= end <= process.heap_end:
            process.break_ = end
        return process.break_

    # The console

    @outcall
    def read(self, focus: Focus, descriptor: int, buffer: int, count: int) -> int:
        """Read from the host's standard input; waits for it."""
        source = self._descriptors.readable(descriptor)
        return -Errno.EBADF if source is None else read_into(focus.memory, source, buffer, count)

    @outcall
    def write(self, focus: Focus, descriptor: int, data: bytes) -> int:
        """Write to the host's standard output or standard error."""
        stream = self._descriptors.writable(descriptor)
        written = stream is not None and stream.write(data)
        return len(data) if written else -Errno.EBADF

    @outcall
    def close(self, focus: Focus, descriptor: int) -> int:
        """Close a descriptor, for the program alone: the host keeps its streams."""
        return 0 if self._descriptors.close(descriptor) else -Errno.EBADF

    @outcall
    def lseek(self, focus: Focus, descriptor: int, offset: int, whence: int) -> int:
        """Refuse: a console has no position."""
        return -Errno.EBADF if self._descriptors.find(descriptor) is None else -Errno.ESPIPE

    @outcall
    def fstat(self, focus: Focus, descriptor: int, status: int) -> int:
        """Say that it is a terminal."""
        if self._descriptors.find(descriptor) is None:
            return -Errno.EBADF
        block_size = 1024
        data = STAT.pack(0, 0, CHARACTER_DEVICE, 1, 0, 0, 0, 0, 0, block_size, 0, 0, *[0] * 6)
        focus.memory.write(status, data)
        return 0

    # Files, of which there are none

    @outcall("open")
    def open_file(self, focus: Focus, path: bytes, flags: int, mode: int) -> int:
        """Refuse: there is nothing to read, and nothing may be written."""
        return -Errno.EACCES if flags & WRITE_ACCESS else -Errno.ENOENT

    @outcall
    def openat(self, focus: Focus, directory: int, path: bytes, flags: int, mode: int) -> int:
        """Refuse, as `open` does."""
        return self.open_file(focus, path, flags, mode)

    @outcall
    def stat(self, focus: Focus, path: bytes, status: int) -> int:
        """Refuse: there is no such file."""
        return -Errno.ENOENT

    @outcall
    def lstat(self, focus: Focus, path: bytes, status: int) -> int:
        """Refuse: there is no such file."""
        return -Errno.ENOENT

    @outcall
    def fstatat(self, focus: Focus, directory: int, path: bytes, status: int, flags: int) -> int:
        """Refuse: there is no such file."""
        return -Errno.ENOENT

    @outcall
    def access(self, focus: Focus, path: bytes, mode: int) -> int:
        """Refuse: there is no such file."""
        return -Errno.ENOENT

    @outcall
    def faccessat(self, focus: Focus, directory: int, path: bytes, mode: int, flags: int) -> int:
        """Refuse: there is no such file."""
        return -Errno.ENOENT

    @outcall
    def link(self, focus: Focus, old: bytes, new: bytes) -> int:
        """Refuse: there is no such file."""
        return -Errno.ENOENT

    @outcall
    def unlink(self, focus: Focus, path: bytes) -> int:
        """Refuse: there is no such file."""
        return -Errno.ENOENT

    # Time

    @outcall
    def gettimeofday(self, focus: Focus, result: int) -> int:
        """Store the host's time as newlib's `struct timeval`: seconds of 64 bits, microseconds."""
        seconds, rest = divmod(time.time_ns(), 1_000_000_000)
        layout = "<qi" if focus.memory.xlen == 32 else "<qq"
        focus.memory.write(result, struct.pack(layout, seconds, rest // 1000))
        return 0

    @outcall
    def clock_gettime64(self, focus: Focus, clock: int, result: int) -> int:
        """Store the host's time: seconds of 64 bits, nanoseconds in 64 bits."""
        now = time.time_ns() if clock == 0 else self._elapsed() * 1000
        focus.memory.write(result, struct.pack("<qq", *divmod(now, 1_000_000_000)))
        return 0

    @outcall
    def times(self, focus: Focus, result: int) -> int:
        """Store the time since the program was loaded as its own; four `clock_t` of 32 or 64 bits.

        Ticks are microseconds, and wrap around as `clock_t` does.
        """
        bits = focus.memory.xlen
        ticks = self._elapsed() & ((1 << (bits - 1)) - 1)
        size = bits // 8
        focus.memory.write(result, ticks.to_bytes(size, "little") + bytes(3 * size))
        return ticks
