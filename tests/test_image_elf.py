"""What a well-formed ELF file gives: segments, header fields, sections and symbols."""

from __future__ import annotations

import pickle
import struct

import pytest

from simfw.errors import LoadError
from simfw.image import Symbol, SymbolKind, open_image
from simfw.permissions import Permissions
from tests.elf_writer import (
    CODE,
    FILE,
    FUNC,
    GLOBAL,
    LOCAL,
    NOP,
    NOTYPE,
    OBJECT,
    TLS,
    WEAK,
    Load,
    Name,
    Part,
    R,
    W,
    X,
    attributes,
    make_elf,
    symbol_parts,
)


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
