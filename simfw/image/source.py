"""Getting the bytes of an image: from a file, with a limit, or as given."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from simfw.errors import ArgumentError, LoadError

FILE_LIMIT = 256 * 1024 * 1024  # bytes; debug information included


def read_source(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview,
) -> tuple[str, bytes]:
    """A name for messages, and the content.

    Raises `LoadError` for a file that cannot be read, is no regular file, or is larger than
    `FILE_LIMIT`; `ArgumentError` for a source of another type.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        _check_size("<bytes>", len(source))
        return "<bytes>", bytes(source)
    try:
        path = Path(source)
    except TypeError:
        raise ArgumentError(
            f"an image is a path or bytes, not {type(source).__name__}; give one of these"
        ) from None
    try:
        return path.name, _read(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise LoadError(f"{str(path)!r}: {reason}; give the path of an image file") from error


def _read(path: Path) -> bytes:
    # Not opened before it is known to be a file: opening a pipe would wait for its writer.
    if not stat.S_ISREG(path.stat().st_mode):
        raise LoadError(f"{str(path)!r}: is no regular file; give the path of an image file")
    with path.open("rb") as file:
        content = file.read(FILE_LIMIT + 1)
    _check_size(repr(str(path)), len(content))
    return content


def _check_size(name: str, size: int) -> None:
    if size > FILE_LIMIT:
        raise LoadError(f"{name}: has more than {FILE_LIMIT:#x} bytes; strip its debug information")
