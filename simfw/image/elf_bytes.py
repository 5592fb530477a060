"""The bytes of an ELF file, read through bounds checks.

Nothing in this package indexes the file otherwise: whatever a header claims, an offset or a count
that does not fit the file becomes a `LoadError` that names the file and the part.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Any

from attrs import field, frozen

from simfw.errors import LoadError

NAME_LIMIT = 16 * 1024  # longest name, in bytes; C++ templates reach a few thousand
NAMES_LIMIT = 64 * 1024 * 1024  # all names of a table together: names may share their bytes


@frozen(eq=False)
class ElfBytes:
    """A file's content, and the name by which messages call it."""

    name: str
    data: bytes = field(repr=False)

    def refusal(self, what: str, remedy: str) -> LoadError:
        """The error for this file: what is wrong, and how to mend it."""
        return LoadError(f"{self.name}: {what}; {remedy}")

    def damage(self, what: str) -> LoadError:
        """The error for a file that no linker writes."""
        return self.refusal(what, "the file is damaged: link or copy it again")

    def require(self, offset: int, size: int, what: str) -> None:
        """Raise `LoadError` unless `size` bytes at `offset` lie within the file."""
        if offset + size > len(self.data):
            raise self.refusal(
                f"{what} needs bytes {offset:#x} to {offset + size:#x}, but the file has only "
                f"{len(self.data):#x}",
                "it is truncated or damaged: link or copy it again",
            )

    def table(self, row: Struct, offset: int, size: int, what: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a table of `size` bytes, which must be a multiple of the row's."""
        self.require(offset, size, what)
        if size % row.size:
            raise self.damage(f"{what} has {size} bytes, no multiple of its {row.size}-byte rows")
        return row.iter_unpack(memoryview(self.data)[offset : offset + size])


class StringTable:
    """Names that end in NUL, at offsets into one part of the file."""

    def __init__(self, file: ElfBytes, offset: int, size: int, what: str) -> None:
        file.require(offset, size, what)
        self._file = file
        self._what = what
        self._bytes = file.data[offset : offset + size]
        self._left = NAMES_LIMIT

    def name(self, offset: int) -> str:
        """The name at `offset`; bytes that are not UTF-8 become `\\xNN`."""
        end = self._bytes.find(b"\0", offset, offset + NAME_LIMIT)
        if end < 0:
            raise self._file.damage(f"{self._what} has no name of sane length at {offset:#x}")
        self._left -= end - offset
        if self._left < 0:
            raise self._file.damage(f"{self._what} gives more than {NAMES_LIMIT:#x} bytes of names")
        return self._bytes[offset:end].decode("utf-8", "backslashreplace")
