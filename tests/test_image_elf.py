"""ELF files made by hand: each thing that a loader must take, and each that it must refuse."""

from __future__ import annotations

import pickle
import struct
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simfw.errors import LoadError, SimError
from simfw.image import Image, Symbol, SymbolKind, open_image
from simfw.permissions import Permissions

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


class TestSegments:
    @pytest.mark.parametrize("xlen", [32, 64])
    def test_bytes_addresses_and_permissions(self, xlen: int) -> None:
        loads = [Load(0x10000, NOP, R | X), Load(0x20000, b"rodata", R), Load(0x21000, b"d", R | W)]
        image = open_image(make_elf(xlen, loads))
        assert image.xlen == xlen
        assert image.entry == 0x10000
        assert [(s.address, s.data, s.permissions.text) for s in image.segments] == [
            (0x10000, NOP, "r-x"),
            (0x20000, b"rodata", "r--"),
            (0x21000, b"d", "rw-"),
        ]

    def test_bss_is_memory_behind_the_data(self) -> None:
        image = open_image(make_elf(loads=[*CODE, Load(0x20000, b"abc", R | W, size=0x1000)]))
        bss = image.segments[1]
        assert (bss.data, bss.size, bss.end) == (b"abc", 0x1000, 0x21000)

    def test_bounds_of_the_image(self) -> None:
        image = open_image(make_elf(loads=[Load(0x8000_0000, b"x", R), *CODE]))
        assert (image.lowest, image.highest) == (0x10000, 0x8000_0001)

    def test_segments_come_in_ascending_order(self) -> None:
        image = open_image(make_elf(loads=[Load(0x30000), Load(0x10000), Load(0x20000)]))
        assert [s.address for s in image.segments] == [0x10000, 0x20000, 0x30000]

    def test_segments_may_share_a_page(self) -> None:
        image = open_image(make_elf(loads=[Load(0x10000), Load(0x10004, b"data", R | W)]))
        assert [(s.address, s.size) for s in image.segments] == [(0x10000, 4), (0x10004, 4)]

    def test_empty_segments_are_left_out(self) -> None:
        image = open_image(make_elf(loads=[*CODE, Load(0x10002, b"", R | W)]))
        assert len(image.segments) == 1

    def test_writable_code_is_taken_as_it_is(self) -> None:
        image = open_image(make_elf(loads=[Load(0x10000, NOP, R | W | X)]))
        assert image.segments[0].permissions.text == "rwx"

    def test_the_top_of_the_address_space_can_be_used(self) -> None:
        image = open_image(make_elf(loads=[*CODE, Load(0xFFFF_F000, b"x", R, size=0x1000)]))
        assert image.highest == 1 << 32

    def test_initial_data_is_also_at_its_physical_address(self) -> None:
        data = Load(0x8000_0000, b"init", R | W, size=64, physical=0x2000_0000)
        image = open_image(make_elf(loads=[*CODE, data]))
        assert [(s.address, s.data, s.size, s.permissions.text) for s in image.segments[1:]] == [
            (0x2000_0000, b"init", 4, "r--"),
            (0x8000_0000, b"init", 64, "rw-"),
        ]

    @pytest.mark.parametrize("physical", [0, 0x10002, 0xFFFF_FFFF])
    def test_a_physical_address_that_is_not_free_means_nothing(self, physical: int) -> None:
        data = Load(0x8000_0000, b"init", R | W, physical=physical)
        assert len(open_image(make_elf(loads=[*CODE, data])).segments) == 2

    def test_program_headers_are_found_in_memory(self) -> None:
        image = open_image(make_elf(loads=[Load(0x10000, NOP, stored=0x58, offset=0)]))
        assert image.program_headers is not None
        where = image.program_headers
        assert (where.address, where.entry_size, where.count) == (0x10034, 32, 1)


class TestHeader:
    @pytest.mark.parametrize(
        ("flags", "compressed", "float_abi"),
        [(0, False, "soft"), (1, True, "soft"), (3, True, "single"), (5, True, "double"),
         (6, False, "quad")],
    )  # fmt: skip
    def test_flags(self, flags: int, compressed: bool, float_abi: str) -> None:
        image = open_image(make_elf(flags=flags))
        assert (image.compressed, image.float_abi) == (compressed, float_abi)

    def test_a_plain_executable_is_not_taken_for_linux(self) -> None:
        image = open_image(make_elf())
        assert not image.is_linux
        assert not image.pie
        assert image.load_bias == 0

    def test_the_linux_osabi_is_a_sign_of_linux(self) -> None:
        assert open_image(make_elf(osabi=3)).is_linux

    def test_an_abi_tag_is_a_sign_of_linux(self) -> None:
        note = struct.pack("<3I", 4, 16, 1) + b"GNU\0" + struct.pack("<4I", 0, 4, 15, 0)
        assert open_image(make_elf(loads=[*CODE, Load(0, note, R, type=4)])).is_linux

    def test_other_notes_are_none(self) -> None:
        note = struct.pack("<3I", 4, 4, 3) + b"GNU\0" + b"hash"
        assert not open_image(make_elf(loads=[*CODE, Load(0, note, R, type=4)])).is_linux


class TestAttributes:
    ARCH = "rv32i2p1_m2p0_c2p0"

    def test_arch_from_the_section(self) -> None:
        part = Part(".riscv.attributes", 0x70000003, attributes(self.ARCH))
        assert open_image(make_elf(parts=[part])).arch == self.ARCH

    def test_arch_from_the_program_header_of_a_file_without_sections(self) -> None:
        load = Load(0, attributes(self.ARCH), R, type=0x70000003)
        assert open_image(make_elf(loads=[*CODE, load])).arch == self.ARCH

    def test_absent(self) -> None:
        assert open_image(make_elf()).arch is None

    def test_of_the_other_width(self) -> None:
        part = Part(".riscv.attributes", 0x70000003, attributes(self.ARCH))
        with pytest.raises(LoadError, match="ELF64 file with code for rv32i2p1"):
            open_image(make_elf(64, parts=[part]))

    @pytest.mark.parametrize("cut", range(1, 30))
    def test_truncated(self, cut: int) -> None:
        part = Part(".riscv.attributes", 0x70000003, attributes(self.ARCH)[:-cut])
        with pytest.raises(LoadError, match=r"\.riscv\.attributes"):
            open_image(make_elf(parts=[part]))


class TestSections:
    def test_names_places_and_content(self) -> None:
        parts = [
            Part(".text", 1, NOP * 4, 6, 0x10000),
            Part(".simfw.declarations", 1, b"hash"),
        ]
        image = open_image(make_elf(parts=parts))
        assert [s.name for s in image.sections] == [
            "", ".text", ".simfw.declarations", ".shstrtab",
        ]  # fmt: skip
        text, note = image.section(".text"), image.section(".simfw.declarations")
        assert text is not None
        assert note is not None
        assert (text.address, text.size, text.permissions.text) == (0x10000, 16, "r-x")
        assert (note.data, note.permissions) == (b"hash", Permissions.NONE)
        assert image.section(".data") is None

    def test_bss_has_no_content(self) -> None:
        row = bytearray(make_elf(parts=[Part(".bss", 8, b"1234", 3, 0x20000)]))
        bss = open_image(bytes(row)).section(".bss")
        assert bss is not None
        assert (bss.size, bss.data) == (4, b"")


class TestSymbols:
    @pytest.mark.parametrize("xlen", [32, 64])
    def test_kinds_bindings_files_and_sections(self, xlen: int) -> None:
        names = [
            Name("uart.c", 0, 0, LOCAL | FILE, 0xFFF1),
            Name("init", 0x10004, 4, LOCAL | FUNC, 1),
            Name("main", 0x10000, 4, GLOBAL | FUNC, 1),
            Name("state", 0x11000, 8, WEAK | OBJECT, 2),
            Name("__stack_size", 0x400, 0, GLOBAL | NOTYPE, 0xFFF1),
            Name("errno", 0x8, 4, GLOBAL | TLS, 2),
        ]
        image = open_image(make_elf(xlen, parts=symbol_parts(names, xlen)))
        assert list(image.symbols) == [
            Symbol("errno", 8, 4, SymbolKind.THREAD_LOCAL, "GLOBAL", None, ".data"),
            Symbol("__stack_size", 0x400, 0, SymbolKind.OTHER, "GLOBAL", None, None),
            Symbol("main", 0x10000, 4, SymbolKind.FUNCTION, "GLOBAL", None, ".text"),
            Symbol("init", 0x10004, 4, SymbolKind.FUNCTION, "LOCAL", "uart.c", ".text"),
            Symbol("state", 0x11000, 8, SymbolKind.OBJECT, "WEAK", None, ".data"),
        ]

    def test_mapping_symbols_and_undefined_ones_are_left_out(self) -> None:
        names = [
            Name("$x", 0x10000, 0, LOCAL, 1),
            Name("$xrv32i2p1", 0x10000, 0, LOCAL, 1),
            Name("$d", 0x11000, 0, LOCAL, 2),
            Name(".L0 ", 0x10004, 0, LOCAL, 1),
            Name("weak_one", 0, 0, WEAK | FUNC, 0),
        ]
        assert len(open_image(make_elf(parts=symbol_parts(names))).symbols) == 0

    def test_names_that_are_not_utf8(self) -> None:
        names = [Name("caf\xe9", 0x10000, 4, GLOBAL | FUNC, 1)]
        data = make_elf(parts=symbol_parts(names)).replace(b"caf\xc3\xa9", b"caf\xff\xfe")
        image = open_image(data)
        assert image.symbols.find(r"caf\xff\xfe").address == 0x10000
        assert r"caf\xff\xfe" in image.symbols

    def test_tohost(self) -> None:
        names = [Name("tohost", 0x11000, 8, GLOBAL | OBJECT, 2)]
        assert open_image(make_elf(parts=symbol_parts(names))).has_tohost
        assert not open_image(make_elf()).has_tohost

    def test_the_end_of_another_name_is_not_the_name(self) -> None:
        names = [Name("my_tohost", 0x11000, 8, GLOBAL | OBJECT, 2)]
        assert not open_image(make_elf(parts=symbol_parts(names))).has_tohost

    def test_libc_start_main_is_a_sign_of_linux(self) -> None:
        names = [Name("__libc_start_main", 0x10000, 4, GLOBAL | FUNC, 1)]
        assert open_image(make_elf(parts=symbol_parts(names))).is_linux

    def test_an_image_pickles_with_its_symbols(self) -> None:
        names = [Name("main", 0x10000, 4, GLOBAL | FUNC, 1)]
        image = open_image(make_elf(parts=symbol_parts(names)))
        copy = pickle.loads(pickle.dumps(image))
        assert copy.symbols.find("main").address == 0x10000
        assert copy.segments == image.segments


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


def data_words(image: Image) -> tuple[int, ...]:
    data = next(s for s in image.segments if s.address == image.load_bias + 0x2000).data
    return struct.unpack("<4I" if image.xlen == 32 else "<4Q", data)


class TestPie:
    RELATIVE = 3

    @pytest.mark.parametrize(("xlen", "row"), [(32, "<3I"), (64, "<3Q")])
    def test_relative_relocations(self, xlen: int, row: str) -> None:
        table = struct.pack(row, 0x2000 + xlen // 8, self.RELATIVE, 0x1234)
        image = open_image(make_pie(xlen, [(7, 0x1000), (8, len(table)), (9, len(table))], table))
        assert image.pie
        assert image.is_linux
        assert (image.load_bias, image.entry, image.lowest) == (0x40000, 0x40000, 0x40000)
        assert data_words(image) == (0x10, 0x41234, 0x30, 0x40)

    def test_relr_relocations_are_applied_once(self) -> None:
        table = struct.pack("<2Q", 0x2000, 0b1011)  # the word at 0x2000, then the 1st and 3rd after
        image = open_image(make_pie(64, [(36, 0x1000), (35, 16), (37, 8)], table))
        assert data_words(image) == (0x40010, 0x40020, 0x30, 0x40040)
        entries = image.segments[3].data
        assert struct.unpack_from("<4Q", entries) == (36, 0x1000, 35, 0)

    def test_the_base_can_be_chosen(self) -> None:
        image = open_image(make_pie(32, [], b"x"), base=0x8000_0001)
        assert image.load_bias == 0x8000_1000

    def test_the_base_obeys_the_alignment_of_the_segments(self) -> None:
        image = open_image(make_elf(loads=[Load(0, align=1 << 21)], type=3, entry=0))
        assert image.load_bias == 1 << 21

    def test_symbols_and_sections_move_along(self) -> None:
        names = [
            Name("main", 0x10000, 4, GLOBAL | FUNC, 1),
            Name("size", 0x400, 0, GLOBAL, 0xFFF1),
        ]
        image = open_image(make_elf(parts=symbol_parts(names), type=3))
        text = image.section(".text")
        assert text is not None
        assert (text.address, image.entry) == (0x40000, 0x40000)
        assert image.symbols.find("main").address == 0x40000
        assert image.symbols.find("size").address == 0x400

    def test_indirect_functions_are_left_to_start_up_code(self) -> None:
        table = struct.pack("<3I", 0x2000, 58, 0)
        image = open_image(make_pie(32, [(23, 0x1000), (2, 12)], table))
        assert data_words(image) == (0x10, 0x20, 0x30, 0x40)

    @pytest.mark.parametrize(
        ("tags", "table", "message"),
        [
            (
                [(7, 0x1000), (8, 12)],
                struct.pack("<3I", 0x2000, 1 | 1 << 8, 0),
                "type 1 at 0x42000",
            ),
            ([(7, 0x1000), (8, 12)], struct.pack("<3I", 0x5000, 3, 0), "concerns 0x45000"),
            ([(7, 0x1000), (8, 12)], struct.pack("<3I", 0x200D, 3, 0), "concerns 0x4200d"),
            ([(7, 0x1000), (8, 24)], bytes(12), "concerns 0x41000"),
            ([(7, 0x1000), (8, 11)], bytes(12), "relocation table has 0xb bytes"),
            ([(7, 0x1000), (8, 0xFFFF_FFF0)], bytes(12), "has 0xfffffff0 bytes"),
            ([(17, 0x1000)], b"x", "REL relocations"),
            ([(36, 0x1000), (35, 4)], struct.pack("<I", 0x9000), "concerns 0x49000"),
            ([(1, 1)], b"x", "linked dynamically"),
            ([(14, 1)], b"x", "shared library"),
        ],
    )
    def test_refusals(self, tags: list[tuple[int, int]], table: bytes, message: str) -> None:
        with pytest.raises(LoadError, match=message):
            open_image(make_pie(32, tags, table))

    @pytest.mark.parametrize("align", [3, 1 << 31])
    def test_senseless_alignments(self, align: int) -> None:
        data = make_elf(loads=[Load(0, align=max(align, 4097) if align == 3 else align)], type=3)
        with pytest.raises(LoadError, match="alignment"):
            open_image(data)

    def test_a_fixed_executable_takes_no_base(self) -> None:
        with pytest.raises(LoadError, match="fixed addresses"):
            open_image(make_elf(), base=0x8000_0000)


BAD_FILES = {
    "is an object file, not linked yet; link it": make_elf(type=1),
    "is a core dump": make_elf(type=4),
    "unknown file type 9": make_elf(type=9),
    "is big-endian": make_elf(order=2),
    "byte order is 7": make_elf(order=7),
    "is for x86-64, not for RISC-V": make_elf(machine=62),
    "is for machine number 999": make_elf(machine=999),
    "ELF class is 3": make_elf(bits=3),
    "is for RVE": make_elf(flags=8),
    "gives version 0": make_elf(version=0),
    "size 51": make_elf(ehsize=51),
    "headers of 56 bytes do not exist in ELF32": make_elf(phentsize=56),
    "truncated.*": make_elf(phoff=0x10000),
    "200 program headers": make_elf(phnum=200),
    "has no segment to load": make_elf(loads=[Load(0, type=7)]),
    "no segment": make_elf(phnum=0),
    "asks for an interpreter": make_elf(loads=[*CODE, Load(0, b"/lib/ld.so\0", R, type=3)]),
    "0x8 bytes in the file for 0x4": make_elf(loads=[Load(0x10000, NOP * 2, size=4)]),
    "needs bytes 0x54 to 0x1053": make_elf(loads=[Load(0x10000, NOP, stored=0xFFF)]),
    "leaves the 32-bit address space": make_elf(loads=[*CODE, Load(0xFFFF_FFFF, b"12", R)]),
    r"segments at 0x10000 \(0x10 bytes\) and at 0x1000f overlap": make_elf(
        loads=[*CODE, Load(0x1000F, b"x", R)]
    ),
    "take 0x40000010 bytes of memory, the limit is 0x40000000": make_elf(
        loads=[*CODE, Load(0x8000_0000, b"", R | W, size=1 << 30)]
    ),
    "starts at 0x0, outside its executable": make_elf(entry=0),
    "starts at 0x10010, outside": make_elf(entry=0x10010),
    "starts at 0x20000, outside its executable": make_elf(
        loads=[*CODE, Load(0x20000, NOP, R | W)], entry=0x20000
    ),
    "starts at 0x10001, an odd address": make_elf(entry=0x10001),
    "section headers of 99 bytes": make_elf(parts=[Part("a", 1)], shentsize=99),
    "65001 section headers": make_elf(parts=[Part("a", 1)], shnum=65001),
    "the section headers needs bytes": make_elf(parts=[Part("a", 1)], shnum=1000),
    "section 77, which is to hold names": make_elf(parts=[Part("a", 1)], shstrndx=77),
    "names in section 9, no string table": make_elf(parts=[Part("s", 2, bytes(16), link=9)]),
    "names in section 0, no string table": make_elf(parts=[Part("s", 11, bytes(16), link=0)]),
}


class TestRefusals:
    @pytest.mark.parametrize("message", BAD_FILES)
    def test_says_what_is_wrong(self, message: str) -> None:
        with pytest.raises(LoadError, match=message) as caught:
            open_image(BAD_FILES[message], name="guest.elf")
        assert str(caught.value).startswith("guest.elf: ")
        assert "; " in str(caught.value)  # what is wrong; how to mend it

    def test_the_64_bit_address_space(self) -> None:
        data = make_elf(64, loads=[*CODE, Load((1 << 64) - 1, b"12", R)])
        with pytest.raises(LoadError, match="leaves the 64-bit address space"):
            open_image(data)

    def test_a_narrow_file_read_as_a_wide_one(self) -> None:
        with pytest.raises(LoadError):
            open_image(make_elf(32, bits=2))
        with pytest.raises(LoadError):
            open_image(make_elf(64, bits=1))

    def test_the_limit_can_be_chosen(self) -> None:
        with pytest.raises(LoadError, match="the limit is 0xf"):
            open_image(make_elf(), limit=15)
        assert open_image(make_elf(), limit=16).segments[0].size == 16

    def test_many_segments_of_the_whole_file_do_not_multiply_it(self) -> None:
        loads = [Load(0x1000_0000 + i, b"", R, stored=4000, offset=0) for i in range(100)]
        with pytest.raises(LoadError, match="overlap"):
            open_image(make_elf(loads=[*CODE, *loads]) + bytes(4000))

    def test_a_damaged_symbol_table_is_found_when_wanted(self) -> None:
        names = [Name("main", 0x10000, 4, GLOBAL | FUNC, 1)]
        parts = symbol_parts(names)
        bad = struct.pack("<3I2BH", 999, 0x10000, 4, GLOBAL | FUNC, 0, 1)
        parts[2] = parts[2]._replace(data=bytes(16) + bad)
        image = open_image(make_elf(parts=parts))
        with pytest.raises(LoadError, match="table of symbol names has no name"):
            image.symbols.find("main")

    def test_names_that_share_one_long_string_do_not_multiply_it(self) -> None:
        strings = b"\0" + b"a" * 16000 + b"\0"
        row = [struct.pack("<3I2BH", i % 64 + 1, 0x10000, 4, GLOBAL, 0, 1) for i in range(8000)]
        parts = symbol_parts([])
        parts[2] = parts[2]._replace(data=b"".join(row))
        parts[3] = parts[3]._replace(data=strings)
        image = open_image(make_elf(parts=parts))
        with pytest.raises(LoadError, match="bytes of names"):
            len(image.symbols)


def whole_file() -> bytes:
    names = [
        Name("a.c", 0, 0, LOCAL | FILE, 0xFFF1),
        Name("init", 0x10004, 4, LOCAL | FUNC, 1),
        Name("main", 0x10000, 0, GLOBAL | FUNC, 1),
    ]
    attributes_part = Part(".riscv.attributes", 0x70000003, attributes("rv32i2p1"))
    loads = [*CODE, Load(0x11000, b"data", R | W, size=16, physical=0x20000)]
    return make_elf(32, loads, parts=[*symbol_parts(names), attributes_part])


RELOCATED = make_pie(
    64,
    [(7, 0x1000), (8, 24), (36, 0x1018), (35, 16)],
    struct.pack("<5Q", 0x2000, 3, 0x1234, 0x2008, 0b11),
)


def use(data: bytes) -> None:
    """Load and ask everything; only errors of ours may come."""
    try:
        image = open_image(data)
        image.symbols.at(image.entry)
        assert len(image.symbols) == len(list(image.symbols))
        assert image.has_tohost is False
        assert all(len(s.data) <= s.size for s in image.segments)
        image.symbols.find("main")
    except SimError as error:
        assert str(error)


class TestHostileFiles:
    @pytest.mark.parametrize("data", [whole_file(), RELOCATED], ids=["fixed", "pie"])
    def test_every_truncation(self, data: bytes) -> None:
        open_image(data)
        for size in range(len(data)):
            use(data[:size])

    @pytest.mark.parametrize("data", [whole_file(), RELOCATED], ids=["fixed", "pie"])
    def test_every_single_bit(self, data: bytes) -> None:
        for bit in range(8 * len(data)):
            damaged = bytearray(data)
            damaged[bit // 8] ^= 1 << bit % 8
            use(bytes(damaged))

    @given(st.data())
    @settings(max_examples=200, deadline=1000)
    def test_several_words_replaced(self, draw: st.DataObject) -> None:
        data = bytearray(draw.draw(st.sampled_from([whole_file(), RELOCATED])))
        values = st.sampled_from([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFF0, 0x80000000, 0x10000])
        for _ in range(draw.draw(st.integers(1, 6))):
            at = draw.draw(st.integers(0, len(data) // 4 - 1)) * 4
            struct.pack_into("<I", data, at, draw.draw(values))
        use(bytes(data))

    @given(st.binary(max_size=400))
    @settings(max_examples=200, deadline=1000)
    def test_random_bytes_behind_the_magic(self, data: bytes) -> None:
        use(b"\x7fELF" + data)

    @given(st.sampled_from([1, 2]), st.binary(min_size=45, max_size=400))
    @settings(max_examples=200, deadline=1000)
    def test_random_bytes_behind_a_plausible_start(self, bits: int, data: bytes) -> None:
        start = bytes([0x7F, *b"ELF", bits, 1, 1]) + bytes(9) + struct.pack("<HHI", 2, 243, 1)
        use(start + data)
