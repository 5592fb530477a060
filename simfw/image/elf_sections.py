"""Section headers: names, places, and the symbol table among them.

Layouts and constants are those of the gABI ("Sections"). A file without section headers is fine:
everything that a program needs to run is in its program headers.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from simfw.image.elf_bytes import ElfBytes, StringTable
from simfw.image.elf_header import FileHeader
from simfw.image.image import Section
from simfw.permissions import Permissions

SECTION_LIMIT = 65_000  # above, ELF counts sections in another way

SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS, SHT_DYNSYM, SHT_RISCV_ATTRIBUTES = 2, 3, 8, 11, 0x70000003
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR = 1, 2, 4

_SECTION_HEADER = {32: Struct("<10I"), 64: Struct("<2I4Q2I2Q")}


class SectionHeader(NamedTuple):
    """One section header, as it is in the file."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int

    @property
    def stored(self) -> int:
        """The bytes that it takes in the file."""
        return 0 if self.type == SHT_NOBITS else self.size


def read_section_headers(file: ElfBytes, header: FileHeader) -> list[SectionHeader]:
    """All section headers, each with its content within the file."""
    if not header.section_headers:
        return []
    layout = _SECTION_HEADER[header.xlen]
    if header.section_count > SECTION_LIMIT or header.section_header_size != layout.size:
        raise file.damage(
            f"it gives {header.section_count} section headers of {header.section_header_size} bytes"
        )
    size = header.section_count * layout.size
    rows = file.table(layout, header.section_headers, size, "the section headers")
    found = [SectionHeader(*row) for row in rows]
    for index, item in enumerate(found[1:], 1):
        file.require(item.offset if item.stored else 0, item.stored, f"section {index}")
    return found


def read_sections(
    file: ElfBytes, header: FileHeader, headers: list[SectionHeader], bias: int
) -> tuple[Section, ...]:
    """The sections under their names, in the order of their headers; the null section is one."""
    if not headers:
        return ()
    if header.section_names >= len(headers):
        raise file.damage(f"section {header.section_names}, which is to hold names, is not there")
    strings = headers[header.section_names]
    names = StringTable(file, strings.offset, strings.stored, "the table of section names")
    return tuple(_section(file, names, item, bias) for item in headers)


def _section(file: ElfBytes, names: StringTable, item: SectionHeader, bias: int) -> Section:
    permissions = _permissions(item.flags)
    address = item.address + bias if permissions else 0
    name = names.name(item.name) if item.name else ""
    return Section(name, address, item.size, permissions, item.offset, item.stored, file.data)


def _permissions(flags: int) -> Permissions:
    if not flags & _SHF_ALLOC:
        return Permissions.NONE
    permissions = Permissions.READ
    if flags & _SHF_WRITE:
        permissions |= Permissions.WRITE
    if flags & _SHF_EXECINSTR:
        permissions |= Permissions.EXECUTE
    return permissions
