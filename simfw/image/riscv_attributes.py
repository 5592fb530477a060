"""The ISA string in the `.riscv.attributes` section.

Layout: psABI, "Attributes": `A`, then sections of a vendor, each a length, a NUL-terminated vendor
and sub-sections (tag, length, content). The content is tags and values; odd tags have strings.
"""

from __future__ import annotations

import re

from simfw.image.elf_bytes import ElfBytes

_TAG_FILE = 1
_TAG_ARCH = 5
_ISA = re.compile(r"rv(32|64|128)[a-z0-9_]+")
_LONGEST = 64 * 1024


def read_arch(file: ElfBytes, section: bytes, xlen: int) -> str | None:
    """The ISA string, such as `rv32i2p1_m2p0_c2p0`, or None if the section has none.

    Raises `LoadError` if the section is malformed or is not for this `xlen`.
    """
    try:
        arch = _find_arch(section[:_LONGEST])
    except (IndexError, ValueError):
        raise file.damage("the section .riscv.attributes is malformed") from None
    if arch is None:
        return None
    isa = _ISA.fullmatch(arch)
    if isa is None:
        raise file.damage("the section .riscv.attributes names no RISC-V architecture")
    if int(isa[1]) != xlen:
        raise file.refusal(f"is an ELF{xlen} file with code for {arch}", f"build for rv{xlen}")
    return arch


def _find_arch(section: bytes) -> str | None:
    if section[0] != ord("A"):
        raise ValueError
    rest = section[1:]
    while rest:
        vendor_part, rest = _take(rest, 0)
        end = vendor_part.index(0, 4)
        if vendor_part[4:end] == b"riscv":
            found = _arch_of_vendor(vendor_part[end + 1 :])
            if found is not None:
                return found
    return None


def _take(data: bytes, at: int) -> tuple[bytes, bytes]:
    """Split behind a part whose length, counting all of it, is the word at `at`."""
    size = int.from_bytes(data[at : at + 4], "little")
    if not at + 4 < size <= len(data):
        raise ValueError
    return data[:size], data[size:]


def _arch_of_vendor(rest: bytes) -> str | None:
    while rest:
        part, rest = _take(rest, 1)
        found = _arch_among(part[5:]) if part[0] == _TAG_FILE else None
        if found is not None:
            return found
    return None


def _arch_among(data: bytes) -> str | None:
    position = 0
    while position < len(data):
        tag, position = _uleb128(data, position)
        if tag % 2 == 0:
            _, position = _uleb128(data, position)
            continue
        end = data.index(0, position)
        if tag == _TAG_ARCH:
            return data[position:end].decode("ascii")
        position = end + 1
    return None


def _uleb128(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while data[position] & 0x80 and shift < 64:
        value |= (data[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
    return value | data[position] << shift, position + 1
