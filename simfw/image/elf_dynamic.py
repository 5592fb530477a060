"""The dynamic section of static executables: what a dynamic linker would have to do.

Layout and tags are those of the gABI ("Dynamic Section"), `DT_RELR` included.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from attrs import field, frozen

from simfw.image.elf_bytes import ElfBytes
from simfw.image.elf_header import PT_DYNAMIC, ProgramHeader

DT_NULL, DT_NEEDED, DT_PLTRELSZ, DT_RELA, DT_RELASZ, DT_SONAME = 0, 1, 2, 7, 8, 14
DT_REL, DT_PLTREL, DT_JMPREL, DT_RELRSZ, DT_RELR = 17, 20, 23, 35, 36

_LONGEST = 64 * 1024  # bytes; linkers write a few hundred
_ENTRY = {32: Struct("<2I"), 64: Struct("<2Q")}


@frozen(eq=False)
class Dynamic:
    """The tags with their values, and the address at which each value lies.

    Of a tag that occurs twice, the last one counts (only DT_NEEDED legally does).
    """

    values: dict[int, int] = field(factory=dict[int, int])
    places: dict[int, int] = field(factory=dict[int, int])

    def get(self, tag: int) -> int:
        """The value of a tag, 0 where it is absent."""
        return self.values.get(tag, 0)


def read_dynamic(file: ElfBytes, headers: Sequence[ProgramHeader], xlen: int) -> Dynamic:
    """The dynamic section, empty if there is none; shared libraries and their users are refused."""
    dynamic = Dynamic()
    tables = [header for header in headers if header.type == PT_DYNAMIC]
    if len(tables) > 1 or any(header.stored > _LONGEST for header in tables):
        raise file.damage(f"it has {len(tables)} dynamic sections, or one beyond {_LONGEST} bytes")
    for header in tables:
        _read_entries(file, header, xlen, dynamic)
    if DT_NEEDED in dynamic.values:
        raise file.refusal("is linked dynamically (it needs shared libraries)", "link with -static")
    if DT_SONAME in dynamic.values:
        raise file.refusal("is a shared library", "link an executable with -static")
    return dynamic


def _read_entries(file: ElfBytes, header: ProgramHeader, xlen: int, dynamic: Dynamic) -> None:
    entry = _ENTRY[xlen]
    rows = file.table(entry, header.offset, header.stored, "the dynamic section")
    for index, (tag, value) in enumerate(rows):
        if tag == DT_NULL:
            return
        dynamic.values[tag] = value
        dynamic.places[tag] = header.address + index * entry.size + entry.size // 2
