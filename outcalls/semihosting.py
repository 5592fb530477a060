"""Semihosting: the requests that programs for boards make of a debugger or a simulator.

The operations are those of Arm's "Semihosting for AArch32 and AArch64" 2.0, which RISC-V takes
over: a number, and a parameter that is mostly the address of a block of register-wide fields. A
result of -1 is a failure, whose error number SYS_ERRNO tells. What would reach the host's files
or its shell is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from attrs import frozen

from outcalls.descriptors import Descriptors, Errno, read_into
from outcalls.streams import Contents, Input, Output
from simfw import Focus, Memory, UnknownSyscall

APPLICATION_EXIT = 0x20026
"""ADP_Stopped_ApplicationExit, the reason of an ordinary end."""

TICKS_PER_SECOND = 1_000_000
FAILED = -1

CONSOLE, FEATURES = b":tt", b":semihosting-features"
FEATURE_BYTES = b"SHFB" + bytes([0b11])
"""The magic bytes, then the extensions: SYS_EXIT_EXTENDED, and a stderr apart from stdout."""

READING, WRITING = range(4), range(4, 8)
APPENDING = range(8, 12)
"""The modes of SYS_OPEN as `fopen` has them: r, w and a, each in four varieties."""


@frozen
class Request:
    """What a program asks: of which process, and the parameter register."""

    focus: Focus
    parameter: int

    @property
    def memory(self) -> Memory:
        """The program's memory."""
        return self.focus.memory

    def field(self, index: int) -> int:
        """A field of the parameter block, unsigned."""
        return fields(self.memory, self.parameter, index + 1)[index]

    def string(self, index: int) -> bytes:
        """The NUL-terminated string that a field points to."""
        return self.memory.cstr_bytes(self.field(index))

    def store(self, address: int, *values: int) -> None:
        """Store register-wide fields."""
        size = self.memory.xlen // 8
        self.memory.write(address, b"".join(value.to_bytes(size, "little") for value in values))


def fields(memory: Memory, address: int, count: int) -> list[int]:
    """The first register-wide fields of a block, unsigned."""
    size = memory.xlen // 8
    data = memory.read(address, count * size)
    return [int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)]


class Semihosting:
    """Serves the requests of one program.

    `elapsed` tells the microseconds since it was loaded.
    """

    def __init__(self, descriptors: Descriptors, elapsed: Callable[[], int]) -> None:
        self._descriptors = descriptors
        self._elapsed = elapsed
        self._errno = 0

    def serve(self, focus: Focus, operation: int, parameter: int) -> int:
        """Perform an operation; its result as a signed register.

        Raises UnknownSyscall for an operation that is none, MemoryFault for bad addresses.
        """
        perform = OPERATIONS.get(operation)
        if perform is None:
            raise UnknownSyscall(
                f"unknown semihosting operation {operation & 0xFFFFFFFF:#x}",
                advice="those of the specification are 0x01 to 0x31",
            )
        half = 1 << (focus.memory.xlen - 1)
        return ((perform(self, Request(focus, parameter)) + half) & (2 * half - 1)) - half

    def _fail(self, reason: Errno) -> int:
        self._errno = reason
        return FAILED

    # Handles

    def open(self, request: Request) -> int:
        """Open the console, or the list of extensions; refuse everything else."""
        path, mode = request.string(0), request.field(1)
        stream = self._named(path, mode)
        if isinstance(stream, Errno):
            return self._fail(stream)
        handle = self._descriptors.open(stream)
        return self._fail(Errno.EMFILE) if handle is None else handle

    def _named(self, path: bytes, mode: int) -> Input | Output | Contents | Errno:
        if path == CONSOLE:
            streams = self._descriptors
            rows = (READING, streams.input), (WRITING, streams.output), (APPENDING, streams.error)
            return next((stream for modes, stream in rows if mode in modes), Errno.EINVAL)
        if path == FEATURES and mode in READING[:2]:
            return Contents(FEATURE_BYTES)
        return Errno.ENOENT if mode in READING else Errno.EACCES

    def close(self, request: Request) -> int:
        """Close a handle."""
        return 0 if self._descriptors.close(request.field(0)) else self._fail(Errno.EBADF)

    def read(self, request: Request) -> int:
        """Read into a buffer; the result is how many bytes of it were *not* filled."""
        handle, buffer, count = fields(request.memory, request.parameter, 3)
        source = self._descriptors.readable(handle)
        if source is None:
            return self._fail(Errno.EBADF)
        return count - read_into(request.memory, source, buffer, count)

    def write(self, request: Request) -> int:
        """Write a buffer; the result is how many bytes of it were *not* written."""
        handle, buffer, count = fields(request.memory, request.parameter, 3)
        stream = self._descriptors.writable(handle)
        if stream is None:
            return self._fail(Errno.EBADF)
        return 0 if stream.write(request.memory.read(buffer, count)) else count

    def seek(self, request: Request) -> int:
        """Move within what has a position."""
        handle, position = fields(request.memory, request.parameter, 2)
        stream = self._descriptors.find(handle)
        if not isinstance(stream, Contents):
            return self._fail(Errno.EBADF if stream is None else Errno.ESPIPE)
        if position > len(stream):
            return self._fail(Errno.EINVAL)
        stream.position = position
        return 0

    def flen(self, request: Request) -> int:
        """The length of what has one; that of the console is 0."""
        stream = self._descriptors.find(request.field(0))
        if stream is None:
            return self._fail(Errno.EBADF)
        return len(stream) if isinstance(stream, Contents) else 0

    def istty(self, request: Request) -> int:
        """Whether a handle is the console."""
        stream = self._descriptors.find(request.field(0))
        if stream is None:
            return self._fail(Errno.EBADF)
        return 0 if isinstance(stream, Contents) else 1

    # The console without a handle

    def writec(self, request: Request) -> int:
        """Write the character that the parameter points to."""
        self._descriptors.output.write(request.memory.read(request.parameter, 1))
        return 0

    def write0(self, request: Request) -> int:
        """Write the string that the parameter points to."""
        self._descriptors.output.write(request.memory.cstr_bytes(request.parameter))
        return 0

    def readc(self, request: Request) -> int:
        """Read a character; -1 at the end of the input."""
        data = self._descriptors.input.read(1)
        return data[0] if data else FAILED

    # Errors

    def iserror(self, request: Request) -> int:
        """Whether a result of another operation means that it failed."""
        return request.field(0) >> (request.memory.xlen - 1)

    def errno(self, request: Request) -> int:
        """Why the last operation failed that did."""
        return self._errno

    def refuse(self, request: Request) -> int:
        """Refuse what would reach the host's files or its shell."""
        return self._fail(Errno.EACCES)

    # The program's surroundings

    def get_cmdline(self, request: Request) -> int:
        """Store the program's name and arguments as one string, blanks between them."""
        buffer, size = fields(request.memory, request.parameter, 2)
        line = " ".join(request.focus.process.args).encode()
        if len(line) >= size:
            return self._fail(Errno.EINVAL)
        request.memory.write(buffer, line + b"\0")
        request.store(request.parameter, buffer, len(line))
        return 0

    def heapinfo(self, request: Request) -> int:
        """Store where heap and stack lie: base and limit of each."""
        process = request.focus.process
        top = process.stack_top
        limit = next(one.address for one in request.memory.regions if one.address < top <= one.end)
        request.store(request.field(0), process.heap_start, process.heap_end, top, limit)
        return 0

    # Time

    def clock(self, request: Request) -> int:
        """Hundredths of a second since the program was loaded."""
        return self._elapsed() // (TICKS_PER_SECOND // 100)

    def elapsed(self, request: Request) -> int:
        """Store the microseconds since the program was loaded, in 64 bits."""
        request.memory.write(request.parameter, self._elapsed().to_bytes(8, "little"))
        return 0

    def tickfreq(self, request: Request) -> int:
        """How many ticks of `elapsed` are a second."""
        return TICKS_PER_SECOND

    def time(self, request: Request) -> int:
        """Seconds since the beginning of 1970."""
        return time.time_ns() // 1_000_000_000

    # The end

    def exit(self, request: Request) -> int:
        """End the program: on RV32 the parameter is the reason itself."""
        if request.memory.xlen == 64:
            return self.exit_extended(request)
        request.focus.stop(0 if request.parameter == APPLICATION_EXIT else 1)
        return 0

    def exit_extended(self, request: Request) -> int:
        """End the program with a status, which is 1 for reasons that are no ordinary end."""
        reason, status = fields(request.memory, request.parameter, 2)
        signed = int.from_bytes((status & 0xFFFFFFFF).to_bytes(4, "little"), "little", signed=True)
        request.focus.stop(signed if reason == APPLICATION_EXIT else 1)
        return 0


OPERATIONS: Mapping[int, Callable[[Semihosting, Request], int]] = MappingProxyType(
    {
        0x01: Semihosting.open,
        0x02: Semihosting.close,
        0x03: Semihosting.writec,
        0x04: Semihosting.write0,
        0x05: Semihosting.write,
        0x06: Semihosting.read,
        0x07: Semihosting.readc,
        0x08: Semihosting.iserror,
        0x09: Semihosting.istty,
        0x0A: Semihosting.seek,
        0x0C: Semihosting.flen,
        0x0D: Semihosting.refuse,  # SYS_TMPNAM
        0x0E: Semihosting.refuse,  # SYS_REMOVE
        0x0F: Semihosting.refuse,  # SYS_RENAME
        0x10: Semihosting.clock,
        0x11: Semihosting.time,
        0x12: Semihosting.refuse,  # SYS_SYSTEM
        0x13: Semihosting.errno,
        0x15: Semihosting.get_cmdline,
        0x16: Semihosting.heapinfo,
        0x18: Semihosting.exit,
        0x20: Semihosting.exit_extended,
        0x30: Semihosting.elapsed,
        0x31: Semihosting.tickfreq,
    }
)
"""The operations by number."""
