"""The host's standard streams, or others, as guests use them: in bytes, exactly.

A guest's output is whatever bytes it writes, so they go to the binary layer beneath `sys.stdout`
where there is one. A stream that someone put in its place may have text alone, such as an
`io.StringIO`: it gets the bytes as UTF-8, what is none as U+FFFD. The standard streams are looked
up at each use, so that replacing them (as pytest does) has effect.
"""

from __future__ import annotations

import codecs
import io
import sys
from typing import IO, Any, Literal, Protocol

Stream = IO[bytes] | IO[str]
"""A stream of Python's, binary or of text."""

LARGEST_READ = 1 << 16
"""Most bytes that are taken from the host's input at once, whatever a guest asks for."""


class Readable(Protocol):
    """What a descriptor that is open for reading stands for."""

    def read(self, count: int) -> bytes:
        """At most `count` bytes; none at the end."""
        ...

    def unread(self, data: bytes) -> None:
        """Give bytes back that were read last and could not be delivered."""
        ...


class Output:
    """The host's standard output or standard error, or another stream."""

    def __init__(self, target: Literal["stdout", "stderr"] | Stream) -> None:
        self._target = target
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: bytes) -> bool:
        """Write all of it, behind what Python code has written; False if there is no such stream.

        Raises what the host's stream raises.
        """
        stream: Any = _stream(self._target)
        if stream is None:
            return False
        binary = _binary(stream)
        if binary is None:
            stream.write(self._decoder.decode(data))
        else:
            stream.flush()  # text that still waits in the upper layer was written earlier
            _write_all(binary, data)
        stream.flush()
        return True


def _write_all(binary: Any, data: bytes) -> None:
    """Write everything: of an unbuffered stream (`python -u`) one write may take only a part."""
    rest = memoryview(data)
    while rest:
        rest = rest[binary.write(rest) or 0 :]


def _stream(target: str | Stream) -> object:
    """The stream itself; None where the host has no such standard stream."""
    return getattr(sys, target) if isinstance(target, str) else target


def _binary(stream: Any) -> Any:
    """The stream for bytes: itself, the one beneath a stream of text, or None."""
    if isinstance(stream, io.RawIOBase | io.BufferedIOBase):
        return stream
    return getattr(stream, "buffer", None)


class Input:
    """The host's standard input, or another stream.

    At its end, and where the host has none, it gives no bytes.
    """

    def __init__(self, source: Literal["stdin"] | Stream = "stdin") -> None:
        self._source = source
        self._waiting = b""

    def read(self, count: int) -> bytes:
        """At most `count` bytes; waits until there is one, a line of a terminal."""
        if not self._waiting and count > 0:
            self._waiting = _received(_stream(self._source), min(count, LARGEST_READ))
        data, self._waiting = self._waiting[:count], self._waiting[count:]
        return data

    def unread(self, data: bytes) -> None:
        """Give bytes back: the next read has them first."""
        self._waiting = data + self._waiting


def _received(stream: Any, count: int) -> bytes:
    if stream is None:
        return b""
    binary = _binary(stream)
    if binary is None:
        return stream.readline().encode("utf-8", "surrogateescape")
    return getattr(binary, "read1", binary.read)(count)


class Contents:
    """A read-only file whose bytes are known."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def __len__(self) -> int:
        return len(self._data)

    def read(self, count: int) -> bytes:
        """At most `count` bytes from where the last read ended."""
        data = self._data[self.position : self.position + count]
        self.position += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Step back."""
        self.position -= len(data)
