"""ELF files that must be refused, and damage of every kind: only errors of ours may come."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simfw.errors import LoadError, SimError
from simfw.image import open_image
from tests.elf_writer import (
    CODE,
    FILE,
    FUNC,
    GLOBAL,
    LOCAL,
    NOP,
    Load,
    Name,
    Part,
    R,
    W,
    attributes,
    make_elf,
    make_pie,
    symbol_parts,
)

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
