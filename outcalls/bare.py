"""The two system calls of the bare platform: `exit` (93) and `write` (64)."""

from __future__ import annotations

import sys
from pathlib import Path

from simfw import Focus, Outcalls

bare = Outcalls("bare", spec=Path(__file__).with_suffix(".cas"))

BAD_DESCRIPTOR = -9
"""-EBADF, as Linux numbers it."""


@bare.outcall("exit")
def exit_program(focus: Focus, status: int) -> None:
    """End the program."""
    focus.stop(status)


@bare.outcall("write")
def write(focus: Focus, descriptor: int, data: bytes) -> int:
    """Write to the host's standard output or standard error."""
    if descriptor not in (1, 2):
        return BAD_DESCRIPTOR
    stream = sys.stdout if descriptor == 1 else sys.stderr
    stream.write(data.decode("utf-8", "replace"))
    stream.flush()
    return len(data)
