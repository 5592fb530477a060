"""Static position-independent executables: their place and their relocations."""

from __future__ import annotations

import struct

import pytest

from simfw.errors import LoadError
from simfw.image import Image, open_image
from tests.elf_writer import (
    FUNC,
    GLOBAL,
    Load,
    Name,
    make_elf,
    make_pie,
    symbol_parts,
)


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
