"""ELF executables for RISC-V: from the bytes of a file to an `Image`.

Everything is read with `struct` through `ElfBytes`: headers at once (a small file loads in well
under a millisecond), symbols when first wanted. pyelftools would cost 30 ms to import, and trusts
counts and sizes that may be hostile; it is left to the readers of debug information.
"""

from __future__ import annotations

from collections.abc import Sequence

from simfw.image.elf_bytes import ElfBytes
from simfw.image.elf_dynamic import read_dynamic
from simfw.image.elf_header import (
    ET_DYN,
    PT_LOAD,
    PT_RISCV_ATTRIBUTES,
    FileHeader,
    ProgramHeader,
    read_file_header,
    read_program_headers,
)
from simfw.image.elf_relocate import choose_bias, relocate
from simfw.image.elf_sections import (
    SHT_RISCV_ATTRIBUTES,
    SectionHeader,
    read_section_headers,
    read_sections,
)
from simfw.image.elf_segments import read_segments
from simfw.image.elf_symbols import find_symbols
from simfw.image.elf_system import is_linux
from simfw.image.image import Image, ProgramHeaders, Segment
from simfw.image.riscv_attributes import read_arch
from simfw.image.symbols import SymbolTable
from simfw.permissions import Permissions


def load_elf(data: bytes, name: str, *, base: int | None = None, limit: int) -> Image:
    """The image in the bytes of an ELF file that messages call `name`.

    `base` is where a position-independent executable is placed, `PIE_BASE` by default; `limit`
    bounds the bytes of all segments. Raises `LoadError` for whatever cannot run: the message
    says what is wrong and how to mend it.
    """
    file = ElfBytes(name, data)
    header = read_file_header(file)
    pie = header.type == ET_DYN
    if base is not None and not pie:
        raise file.refusal("is linked at fixed addresses, so no base can be chosen", "omit base")
    headers = read_program_headers(file, header)
    bias = choose_bias(file, headers, base) if pie else 0
    headers = [_moved(item, bias) for item in headers]
    dynamic = read_dynamic(file, headers, header.xlen)
    segments = read_segments(file, headers, header.xlen, limit)
    if pie:
        segments = relocate(file, segments, dynamic, header.xlen, bias)
    section_headers = read_section_headers(file, header)
    sections = read_sections(file, header, section_headers, bias)
    symbols = find_symbols(file, header.xlen, section_headers, sections, bias)
    return Image(
        name=name,
        kind="riscv",
        xlen=header.xlen,
        entry=_entry(file, header, segments, bias),
        segments=tuple(segments),
        symbols=SymbolTable(symbols, name),
        sections=sections,
        arch=_arch(file, header, headers, section_headers),
        compressed=header.compressed,
        float_abi=header.float_abi,
        is_linux=is_linux(file, header, headers, symbols),
        pie=pie,
        load_bias=bias,
        program_headers=_program_headers(header, headers),
        file=data,
    )


def _moved(item: ProgramHeader, bias: int) -> ProgramHeader:
    return item._replace(address=item.address + bias, physical=item.physical + bias)


def _entry(file: ElfBytes, header: FileHeader, segments: Sequence[Segment], bias: int) -> int:
    entry = header.entry + bias
    for segment in segments:
        if entry in segment and segment.permissions & Permissions.EXECUTE and entry % 2 == 0:
            return entry
    where = "an odd address" if entry % 2 else "outside its executable segments"
    raise file.refusal(
        f"starts at {entry:#x}, {where}",
        "define _start, or name another entry with the linker's -e",
    )


def _arch(
    file: ElfBytes,
    header: FileHeader,
    headers: Sequence[ProgramHeader],
    sections: Sequence[SectionHeader],
) -> str | None:
    """From the attributes, which stripped files still have through a program header."""
    places = [(item.offset, item.stored) for item in sections if item.type == SHT_RISCV_ATTRIBUTES]
    places += [(item.offset, item.stored) for item in headers if item.type == PT_RISCV_ATTRIBUTES]
    for offset, size in places:
        file.require(offset, size, "the section .riscv.attributes")
        return read_arch(file, file.data[offset : offset + size], header.xlen)
    return None


def _program_headers(header: FileHeader, headers: Sequence[ProgramHeader]) -> ProgramHeaders | None:
    """Their place in memory, if a segment contains them (linkers see to it for Linux)."""
    size = header.program_header_count * header.program_header_size
    for item in headers:
        offset = header.program_headers - item.offset
        if item.type == PT_LOAD and 0 <= offset <= item.stored - size:
            return ProgramHeaders(
                item.address + offset, header.program_header_size, header.program_header_count
            )
    return None
