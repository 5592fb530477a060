"""Images of guest programs: ELF executables and flat binaries, as values.

`open_image` is the way in; it recognises the format by content.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

from conasm.member import Member
from simfw.errors import ArgumentError
from simfw.image.elf_relocate import PIE_BASE
from simfw.image.formats import Request, checked_extensions, load
from simfw.image.image import FloatAbi, Image, ProgramHeaders, Section, Segment
from simfw.image.source import FILE_LIMIT, read_source
from simfw.image.symbols import Symbol, SymbolKind, SymbolTable

__all__ = [
    "FILE_LIMIT",
    "MEMORY_LIMIT",
    "PIE_BASE",
    "FloatAbi",
    "Image",
    "ProgramHeaders",
    "Section",
    "Segment",
    "Symbol",
    "SymbolKind",
    "SymbolTable",
    "open_image",
]

MEMORY_LIMIT = 1 << 30
"""The bytes that all segments of an image may take, unless the caller says else."""


def open_image(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview,
    *,
    name: str | None = None,
    xlen: Literal[32, 64] | None = None,
    base: int | None = None,
    entry: int | None = None,
    size: int | None = None,
    limit: int = MEMORY_LIMIT,
    member: str | Member = "silver",
    extensions: Sequence[object] = (),
) -> Image:
    """Read the image in a file, or in bytes; the format is told by the content.

    `name` stands in messages (default: the file's name). A flat binary needs `xlen` (32 or 64)
    and `base`, its address, and takes `entry` and `size` (of its memory, in bytes). For ELF,
    `xlen` is a check and `base` the place of a position-independent executable. `limit` bounds
    the bytes of memory of all segments. `member` is that for which conAsm is assembled: its name
    or a `Member`. `extensions` are instructions of your own that the code may have, as for
    `Machine`; conAsm is assembled with them.

    Raises `LoadError` for files that cannot be read or run, `ArgumentError` for senseless
    arguments.

    >>> image = open_image(bytes.fromhex("13000000"), xlen=32, base=0x8000_0000)
    >>> hex(image.entry), image.segments[0].permissions.text
    ('0x80000000', 'rwx')
    """
    if xlen not in (None, 32, 64):
        raise ArgumentError(f"xlen is {xlen!r}; give 32 or 64")
    if base is not None and not 0 <= base < 1 << 64:
        raise ArgumentError(f"base is {base:#x}; give an address of the guest")
    its_name, data = read_source(source)
    path = None if isinstance(source, bytes | bytearray | memoryview) else os.fspath(source)
    return load(
        data,
        Request(
            name or its_name,
            xlen,
            base,
            entry,
            size,
            limit,
            path,
            member,
            checked_extensions(extensions),
        ),
    )
