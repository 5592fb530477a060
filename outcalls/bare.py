"""The two system calls of the bare platform: `exit` (93) and `write` (64)."""

from __future__ import annotations

from pathlib import Path

from outcalls.descriptors import Descriptors, Errno
from simfw import Focus, outcall


class Bare:
    """What the platform brings for one program."""

    spec = Path(__file__).with_suffix(".cas")

    def __init__(self) -> None:
        self._descriptors = Descriptors()

    @outcall("exit")
    def exit_program(self, focus: Focus, status: int) -> None:
        """End the program."""
        focus.stop(status)

    @outcall
    def write(self, focus: Focus, descriptor: int, data: bytes) -> int:
        """Write bytes to the host's standard output or standard error."""
        stream = self._descriptors.writable(descriptor)
        written = stream is not None and stream.write(data)
        return len(data) if written else -Errno.EBADF
