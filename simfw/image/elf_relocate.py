"""Static position-independent executables: where they are placed, and their relocations.

Linux leaves relocation to the program's own start-up code. We apply what needs no symbol,
`R_RISCV_RELATIVE` (psABI, "Relocations") and `DT_RELR`, so that functions can be called before
that code has run, or without it. Applying a RELA twice gives the same word, but a RELR adds each
time: `DT_RELRSZ` becomes 0 in the loaded image, and start-up code finds nothing more to do.
`R_RISCV_IRELATIVE` needs code to run and stays with the start-up code of the libraries that use it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from struct import Struct

from attrs import evolve

from simfw.image.elf_bytes import ElfBytes
from simfw.image.elf_dynamic import (
    DT_JMPREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELASZ,
    DT_RELR,
    DT_RELRSZ,
    Dynamic,
)
from simfw.image.elf_header import PT_LOAD, ProgramHeader
from simfw.image.image import Segment

PIE_BASE = 0x40000
"""Where the lowest page of a position-independent executable lies unless the user says else."""

R_RISCV_NONE, R_RISCV_RELATIVE, R_RISCV_IRELATIVE = 0, 3, 58

_ALIGN_LIMIT = 1 << 30
_RELOCATION_LIMIT = 1_000_000
_PAGE = 4096
_WORD = {32: Struct("<I"), 64: Struct("<Q")}
_RELA = {32: Struct("<3I"), 64: Struct("<3Q")}
_TYPE_MASK = {32: 0xFF, 64: 0xFFFF_FFFF}


def choose_bias(file: ElfBytes, headers: Sequence[ProgramHeader], base: int | None) -> int:
    """What to add to the file's addresses so that its lowest page comes to lie at `base`.

    `base` is rounded up to the alignment of the segments, at least a page.
    """
    loads = [item for item in headers if item.type == PT_LOAD and item.size]
    align = max([_PAGE, *(item.align for item in loads)])
    if align & (align - 1) or align > _ALIGN_LIMIT:
        raise file.damage(f"a segment asks for an alignment of {align:#x}")
    lowest = min((item.address for item in loads), default=0) & -align
    wanted = PIE_BASE if base is None else base
    return (wanted + align - 1 & -align) - lowest


def relocate(
    file: ElfBytes, segments: Sequence[Segment], dynamic: Dynamic, xlen: int, bias: int
) -> list[Segment]:
    """The segments as they are after relocation by `bias`."""
    if dynamic.get(DT_REL):
        raise file.refusal("uses REL relocations, which RISC-V does not have", "link it again")
    memory = _Words(file, segments, xlen)
    tables = ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ))
    for start, size in tables:
        _apply_rela(file, memory, dynamic.get(start) + bias, dynamic.get(size), bias)
    if dynamic.get(DT_RELRSZ):
        _apply_relr(file, memory, dynamic.get(DT_RELR) + bias, dynamic.get(DT_RELRSZ), bias)
        memory.store(dynamic.places[DT_RELRSZ], 0)
    return memory.segments()


class _Words:
    """The stored bytes of the segments, changed word by word."""

    def __init__(self, file: ElfBytes, segments: Sequence[Segment], xlen: int) -> None:
        self.xlen = xlen
        self.size = xlen // 8
        self._file = file
        self._word = _WORD[xlen]
        self._segments = segments
        self._data = [bytearray(segment.data) for segment in segments]
        self._starts = [segment.address for segment in segments]

    def load(self, address: int) -> int:
        data, offset = self._find(address, self.size)
        return self._word.unpack_from(data, offset)[0]

    def store(self, address: int, value: int) -> None:
        data, offset = self._find(address, self.size)
        self._word.pack_into(data, offset, value % (1 << self.xlen))

    def table(self, row: Struct, address: int, size: int) -> Iterator[tuple[int, ...]]:
        if size % row.size or size // row.size > _RELOCATION_LIMIT:
            raise self._file.damage(
                f"a relocation table has {size:#x} bytes: no multiple of {row.size}, or more than "
                f"{_RELOCATION_LIMIT} rows"
            )
        data, offset = self._find(address, size)
        return row.iter_unpack(bytes(data[offset : offset + size]))

    def segments(self) -> list[Segment]:
        pairs = zip(self._segments, self._data, strict=True)
        return [evolve(segment, data=bytes(data)) for segment, data in pairs]

    def _find(self, address: int, size: int) -> tuple[bytearray, int]:
        """The bytes that hold the range, and its offset in them."""
        index = bisect_right(self._starts, address) - 1
        if index >= 0 and address + size <= self._starts[index] + len(self._data[index]):
            return self._data[index], address - self._starts[index]
        raise self._file.damage(f"a relocation concerns {address:#x}, outside the stored segments")


def _apply_rela(file: ElfBytes, memory: _Words, start: int, size: int, bias: int) -> None:
    mask = _TYPE_MASK[memory.xlen]
    for offset, info, addend in memory.table(_RELA[memory.xlen], start, size) if size else ():
        kind = info & mask
        if kind == R_RISCV_RELATIVE:
            memory.store(offset + bias, addend + bias)
        elif kind not in (R_RISCV_NONE, R_RISCV_IRELATIVE):
            raise file.refusal(
                f"has a dynamic relocation of type {kind} at {offset + bias:#x}, which needs a "
                "dynamic linker",
                "link with -static -no-pie, or give the missing symbol a definition",
            )


def _apply_relr(file: ElfBytes, memory: _Words, start: int, size: int, bias: int) -> None:
    """An even entry is an address to relocate; an odd one marks which words follow it."""
    left, where = _RELOCATION_LIMIT, 0
    for (entry,) in memory.table(_WORD[memory.xlen], start, size):
        if entry & 1:
            places = [where + i * memory.size for i in range(memory.xlen - 1) if entry >> i + 1 & 1]
            where += (memory.xlen - 1) * memory.size
        else:
            places = [entry + bias]
            where = entry + bias + memory.size
        left -= len(places)
        if left < 0:
            raise file.damage(f"has more than {_RELOCATION_LIMIT} relocations")
        for place in places:
            memory.store(place, memory.load(place) + bias)
