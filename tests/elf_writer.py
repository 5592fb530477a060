"""A writer of small ELF files, right ones and wrong ones; it shares nothing with the reader."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

NOP = bytes.fromhex("13000000")
R, W, X = 4, 2, 1


class Load(NamedTuple):
    """A program header with its content; None stands for "as it should be"."""

    address: int
    data: bytes = NOP
    flags: int = R | X
    size: int | None = None
    physical: int | None = None
    stored: int | None = None
    offset: int | None = None
    type: int = 1
    align: int = 4096


class Part(NamedTuple):
    """A section header with its content."""

    name: str
    type: int
    data: bytes = b""
    flags: int = 0
    address: int = 0
    link: int = 0
    entry_size: int = 0


class Name(NamedTuple):
    """A symbol: info is binding << 4 | type."""

    name: str
    value: int
    size: int
    info: int
    section: int


FUNC, OBJECT, NOTYPE, FILE, TLS = 2, 1, 0, 4, 6
LOCAL, GLOBAL, WEAK = 0, 16, 32
CODE = (Load(0x10000, NOP * 4),)


def make_elf(xlen: int = 32, loads: Any = CODE, parts: Any = (), **fields: int) -> bytes:
    """An ELF file; `fields` overrides those of the file header by their gABI names."""
    word = "I" if xlen == 32 else "Q"
    head_size, load_size, part_size = (52, 32, 40) if xlen == 32 else (64, 56, 64)
    body = bytearray(head_size + load_size * len(loads))
    rows = b""
    for load in loads:
        offset = len(body) if load.offset is None else load.offset
        stored = len(load.data) if load.stored is None else load.stored
        size = max(stored, len(load.data)) if load.size is None else load.size
        physical = load.address if load.physical is None else load.physical
        body += load.data
        places = (offset, load.address, physical, stored, size)
        if xlen == 32:
            rows += struct.pack("<8I", load.type, *places, load.flags, load.align)
        else:
            rows += struct.pack("<2I6Q", load.type, load.flags, *places, load.align)
    sections, count = b"", 0
    if parts:
        sections, count = section_headers(body, [Part("", 0), *parts], word, part_size)
    head = {
        "type": 2, "machine": 243, "version": 1, "entry": 0x10000, "phoff": head_size,
        "shoff": len(body) if count else 0, "flags": 1, "ehsize": head_size,
        "phentsize": load_size, "phnum": len(loads), "shentsize": part_size, "shnum": count,
        "shstrndx": max(count - 1, 0),
    }  # fmt: skip
    ident = bytes([0x7F, *b"ELF", fields.pop("bits", xlen // 32), fields.pop("order", 1), 1,
                   fields.pop("osabi", 0)]) + bytes(8)  # fmt: skip
    head.update(fields)
    layout = f"<HHI{word}{word}{word}IHHHHHH"
    front = ident + struct.pack(layout, *head.values()) + rows
    return front + bytes(body[len(front) :]) + sections


def section_headers(body: bytearray, parts: list[Part], word: str, size: int) -> tuple[bytes, int]:
    """Append the contents to `body`; the last section holds the names."""
    names = b"\0".join(part.name.encode() for part in parts) + b"\0.shstrtab\0"
    rows = b""
    for part in [*parts, Part(".shstrtab", 3, names)]:
        at = names.index(part.name.encode() + b"\0")
        rows += struct.pack(
            f"<II{word}{word}{word}{word}II{word}{word}",
            at, part.type, part.flags, part.address, len(body), len(part.data), part.link, 0, 1,
            part.entry_size,
        )  # fmt: skip
        body += part.data
    return rows, len(rows) // size


def symbol_parts(names: list[Name], xlen: int = 32) -> list[Part]:
    """`.text` at 0x10000 (section 1), `.data` at 0x11000 (2), `.symtab` (3), `.strtab` (4)."""
    strings, rows = b"\0", b""
    for name in [Name("", 0, 0, 0, 0), *names]:
        at = len(strings) if name.name else 0
        strings += name.name.encode() + b"\0"
        if xlen == 32:
            rows += struct.pack("<3I2BH", at, name.value, name.size, name.info, 0, name.section)
        else:
            rows += struct.pack("<I2BH2Q", at, name.info, 0, name.section, name.value, name.size)
    return [
        Part(".text", 1, NOP * 4, 6, 0x10000),
        Part(".data", 1, bytes(16), 3, 0x11000),
        Part(".symtab", 2, rows, link=4, entry_size=16 if xlen == 32 else 24),
        Part(".strtab", 3, strings),
    ]


def attributes(arch: str) -> bytes:
    """The content of `.riscv.attributes`: stack alignment 16 and an ISA string."""
    pairs = bytes([4, 16, 5]) + arch.encode() + b"\0"
    of_file = b"\x01" + struct.pack("<I", len(pairs) + 5) + pairs
    vendor = b"riscv\0" + of_file
    return b"A" + struct.pack("<I", len(vendor) + 4) + vendor


def dynamic(xlen: int, *pairs: tuple[int, int]) -> bytes:
    word = "I" if xlen == 32 else "Q"
    return b"".join(struct.pack(f"<2{word}", *pair) for pair in (*pairs, (0, 0)))


def make_pie(xlen: int, tags: list[tuple[int, int]], table: bytes, **more: Any) -> bytes:
    """Code at 0, relocations at 0x1000, four words of data at 0x2000, dynamic section at 0x3000."""
    entries = dynamic(xlen, *tags)
    words = struct.pack("<4I" if xlen == 32 else "<4Q", 0x10, 0x20, 0x30, 0x40)
    loads = [
        Load(0, NOP),
        Load(0x1000, table, R),
        Load(0x2000, words, R | W),
        Load(0x3000, entries, R | W),
    ]
    at = (52 + 5 * 32 if xlen == 32 else 64 + 5 * 56) + 4 + len(table) + len(words)
    loads.append(Load(0x3000, b"", R | W, stored=len(entries), offset=at, type=2))
    return make_elf(xlen, loads, type=3, entry=0, **more)
