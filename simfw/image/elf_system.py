"""Whether an executable was built for Linux: a hint for `platform="auto"`.

ELF does not say for which system a static executable was built. We take it for a Linux one if
any of these holds, each of which comes from a Linux libc or its linker and not from bare ones:

* the header's OS/ABI is Linux (GNU extensions are in use);
* a note of the vendor `GNU`, type 1 (ABI tag), says Linux: glibc;
* it is position-independent: bare programs have nobody who relocates them;
* it has the symbol `__libc_start_main`: glibc and musl.

A stripped, non-PIE musl executable shows none of these; it needs `platform="linux"`.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from simfw.image.elf_bytes import ElfBytes
from simfw.image.elf_header import ET_DYN, PT_NOTE, FileHeader, ProgramHeader
from simfw.image.symbols import SymbolSource

_OS_ABI_LINUX = 3
_NOTE = Struct("<3I")
_LONGEST = 4096  # bytes of notes looked at; the ABI tag is among the first
_ABI_TAG = b"GNU\0"
_ABI_TAG_TYPE = 1
_ABI_TAG_LINUX = b"\0\0\0\0"


def is_linux(
    file: ElfBytes, header: FileHeader, headers: Iterable[ProgramHeader], symbols: SymbolSource
) -> bool:
    """Whether any of the signs above is there."""
    return (
        header.os_abi == _OS_ABI_LINUX
        or header.type == ET_DYN
        or symbols.may_hold("__libc_start_main")
        or any(_has_abi_tag(file, item) for item in headers if item.type == PT_NOTE)
    )


def _has_abi_tag(file: ElfBytes, header: ProgramHeader) -> bool:
    """Walk the notes: sizes of name and description, type, then both, padded to words."""
    file.require(header.offset, header.stored, "the notes")
    notes = file.data[header.offset : header.offset + min(header.stored, _LONGEST)]
    position = 0
    while position + _NOTE.size <= len(notes):
        name_size, size, kind = _NOTE.unpack_from(notes, position)
        name_at = position + _NOTE.size
        text_at = name_at + (name_size + 3 & ~3)
        if kind == _ABI_TAG_TYPE and notes[name_at : name_at + name_size] == _ABI_TAG:
            return notes[text_at : text_at + 4] == _ABI_TAG_LINUX
        position = text_at + (size + 3 & ~3)
    return False
