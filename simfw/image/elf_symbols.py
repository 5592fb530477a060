"""The symbol table of an ELF file, read when first wanted.

Layout and constants are those of the gABI ("Symbol Table"). Rows are unpacked here and not by
pyelftools, which takes seconds for 50,000 symbols where this takes a tenth of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct

from attrs import field, frozen

from simfw.image.elf_bytes import ElfBytes, StringTable
from simfw.image.elf_sections import SHT_DYNSYM, SHT_STRTAB, SHT_SYMTAB, SectionHeader
from simfw.image.image import Section
from simfw.image.symbols import Binding, NoSymbols, Row, SymbolKind, SymbolSource

SYMBOL_LIMIT = 1_000_000

_SYMBOL = {32: Struct("<3I2BH"), 64: Struct("<I2BH2Q")}
_STT_SECTION, _STT_FILE, _STT_TLS = 3, 4, 6
_SHN_UNDEF, _SHN_ABS = 0, 0xFFF1
_KINDS = {
    0: SymbolKind.OTHER,
    1: SymbolKind.OBJECT,
    2: SymbolKind.FUNCTION,
    _STT_TLS: SymbolKind.THREAD_LOCAL,
}
_BINDINGS: dict[int, Binding] = {0: "LOCAL", 1: "GLOBAL", 2: "WEAK", 10: "GLOBAL"}
_UNSEEN = (".L", "$x.", "$d.", "$xrv")  # labels of compilers, and mapping symbols (psABI)

_Entry = tuple[int, int, int, int, int, int]  # name, info, other, section, value, size


def find_symbols(
    file: ElfBytes,
    xlen: int,
    headers: Sequence[SectionHeader],
    sections: tuple[Section, ...],
    bias: int,
) -> SymbolSource:
    """The source of the file's symbols: `.symtab`, in stripped files `.dynsym`, or none."""
    for kind in (SHT_SYMTAB, SHT_DYNSYM):
        for table in headers:
            if table.type == kind:
                strings = _strings_of(file, headers, table)
                return ElfSymbols(file, xlen, table, strings, sections, bias)
    return NoSymbols()


def _strings_of(
    file: ElfBytes, headers: Sequence[SectionHeader], table: SectionHeader
) -> SectionHeader:
    if table.stored > SYMBOL_LIMIT * _SYMBOL[64].size:
        raise file.refusal(
            f"has a symbol table of {table.stored:#x} bytes", "strip it (strip --strip-debug)"
        )
    if table.link >= len(headers) or headers[table.link].type != SHT_STRTAB:
        raise file.damage(
            f"the symbol table has its names in section {table.link}, no string table"
        )
    return headers[table.link]


@frozen(eq=False)
class ElfSymbols:
    """Where the symbols of a file are: a `SymbolSource`."""

    file: ElfBytes
    xlen: int
    table: SectionHeader
    strings: SectionHeader
    sections: tuple[Section, ...] = field(repr=False)
    bias: int

    def rows(self) -> list[Row]:
        """All symbols with a name and a place; `LoadError` if the table is damaged."""
        names = StringTable(
            self.file, self.strings.offset, self.strings.stored, "the table of symbol names"
        )
        return list(self._rows(names))

    def section_ends(self) -> dict[str, int]:
        """The first address behind each section."""
        return {item.name: item.address + item.size for item in self.sections if item.permissions}

    def may_hold(self, name: str) -> bool:
        """Whether the bytes of the name occur among the names, perhaps as the end of another."""
        if "\\" in name:  # it may stand for bytes that are not UTF-8
            return True
        start = self.strings.offset
        end = start + self.strings.stored
        return self.file.data.find(name.encode("utf-8", "replace") + b"\0", start, end) >= 0

    def _entries(self) -> Iterable[_Entry]:
        layout = _SYMBOL[self.xlen]
        rows = self.file.table(layout, self.table.offset, self.table.stored, "the symbol table")
        if self.xlen == 64:
            return rows
        return ((row[0], *row[3:6], row[1], row[2]) for row in rows)

    def _rows(self, names: StringTable) -> Iterator[Row]:
        source_file = None
        for name_at, info, _, section, value, size in self._entries():
            kind, binding = info & 15, info >> 4
            if kind == _STT_FILE:
                source_file = names.name(name_at) or None
            if not name_at or section == _SHN_UNDEF or kind in (_STT_SECTION, _STT_FILE):
                continue
            name = names.name(name_at)
            if not name.startswith(_UNSEEN) and name not in ("$x", "$d"):
                its_file = None if binding else source_file
                yield self._row(name, (kind, binding, section, value, size), its_file)

    def _row(
        self, name: str, entry: tuple[int, int, int, int, int], source_file: str | None
    ) -> Row:
        kind, binding, section, value, size = entry
        moved = section != _SHN_ABS and kind != _STT_TLS
        place = self.sections[section].name if section < len(self.sections) else None
        return (
            name,
            (value + self.bias) % (1 << self.xlen) if moved else value,
            size,
            _KINDS.get(kind, SymbolKind.OTHER),
            _BINDINGS.get(binding, "LOCAL"),
            source_file,
            place,
        )
