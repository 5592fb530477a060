"""Looking symbols up by name and by address, on tables made by hand."""

from __future__ import annotations

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from simfw.errors import SymbolNotFound
from simfw.image.ranges import Ranges
from simfw.image.symbols import NoSymbols, Row, Symbol, SymbolKind, SymbolTable

FUNCTION, OBJECT, OTHER = SymbolKind.FUNCTION, SymbolKind.OBJECT, SymbolKind.OTHER


@frozen
class Listed:
    listed: tuple[Row, ...]
    ends: dict[str, int]

    def rows(self) -> list[Row]:
        return list(self.listed)

    def section_ends(self) -> dict[str, int]:
        return self.ends

    def may_hold(self, name: str) -> bool:
        return any(row[0].endswith(name) for row in self.listed)


def table(*rows: Row) -> SymbolTable:
    return SymbolTable(Listed(rows, {".text": 0x200, ".data": 0x1100}), "guest.elf")


def function(name: str, address: int, size: int = 0x10, file: str | None = None) -> Row:
    return (name, address, size, FUNCTION, "LOCAL" if file else "GLOBAL", file, ".text")


def label(name: str, address: int) -> Row:
    return (name, address, 0, OTHER, "GLOBAL", None, ".text")


def name_at(symbols: SymbolTable, address: int) -> str | None:
    found = symbols.at(address)
    return f"{found[0].name}+{found[1]:#x}" if found else None


class TestFind:
    def test_the_whole_symbol(self) -> None:
        assert table(function("main", 0x100)).find("main") == Symbol(
            "main", 0x100, 0x10, FUNCTION, "GLOBAL", None, ".text"
        )

    def test_a_global_one_before_a_local_one(self) -> None:
        symbols = table(function("init", 0x100, file="a.c"), function("init", 0x120))
        assert symbols.find("init").address == 0x120

    def test_a_strong_one_before_a_weak_one(self) -> None:
        weak: Row = ("f", 0x100, 4, FUNCTION, "WEAK", None, ".text")
        assert table(weak, function("f", 0x120)).find("f").address == 0x120

    def test_a_local_one_where_it_is_alone(self) -> None:
        assert table(function("init", 0x100, file="a.c")).find("init").address == 0x100

    @pytest.mark.parametrize("name", ["src/uart.c:init", "uart.c:init"])
    def test_a_local_one_by_its_file(self, name: str) -> None:
        symbols = table(
            function("init", 0x100, file="src/uart.c"), function("init", 0x120, file="spi.c")
        )
        assert symbols.find(name).address == 0x100
        assert name in symbols

    def test_part_of_a_file_name_is_not_the_file(self) -> None:
        symbols = table(function("init", 0x100, file="uart.c"))
        assert "art.c:init" not in symbols

    def test_several_local_ones_are_listed(self) -> None:
        symbols = table(function("init", 0x100, file="uart.c"), function("init", 0x120, file="s.c"))
        with pytest.raises(SymbolNotFound, match=r'"uart.c:init" at 0x100, "s.c:init" at 0x120'):
            symbols.find("init")

    def test_several_in_files_of_one_name_are_listed(self) -> None:
        symbols = table(function("f", 0x100, file="a/u.c"), function("f", 0x120, file="b/u.c"))
        with pytest.raises(SymbolNotFound, match=r'"a/u.c:f" at 0x100, "b/u.c:f" at 0x120'):
            symbols.find("u.c:f")
        assert symbols.find("b/u.c:f").address == 0x120

    def test_two_names_of_one_place_are_no_contradiction(self) -> None:
        symbols = table(function("f", 0x100, file="a.c"), function("f", 0x100, file="b.c"))
        assert symbols.find("f").address == 0x100

    def test_thread_local_variables_have_no_address(self) -> None:
        row: Row = ("errno", 8, 4, SymbolKind.THREAD_LOCAL, "GLOBAL", None, ".tbss")
        with pytest.raises(SymbolNotFound, match=r"'errno' is thread-local in guest.elf"):
            table(row).find("errno")

    def test_contains(self) -> None:
        symbols = table(function("sc_tohost", 0x100))
        assert "sc_tohost" in symbols
        assert "tohost" not in symbols


class TestMissing:
    def test_near_names_and_the_likely_cause(self) -> None:
        symbols = table(function("crc16", 0x100), function("reset", 0x120))
        with pytest.raises(SymbolNotFound, match=r"nearest: 'crc16'.*--gc-sections.*retain") as it:
            symbols.find("crc61")
        assert "'reset'" not in str(it.value)

    def test_clones_and_mangled_names_are_near(self) -> None:
        symbols = table(function("filt.constprop.0", 0x100), function("_Z4filti", 0x120))
        with pytest.raises(SymbolNotFound, match=r"nearest: '_Z4filti', 'filt.constprop.0'"):
            symbols.find("filt")

    def test_a_stripped_image(self) -> None:
        with pytest.raises(SymbolNotFound, match=r"guest.elf has no symbol table, it was stripped"):
            SymbolTable(NoSymbols(), "guest.elf").find("main")

    def test_it_is_a_lookup_error(self) -> None:
        with pytest.raises(LookupError):
            table().find("main")

    @pytest.mark.parametrize("name", ["", ":", "a:", ":a", "x" * 100_000, "\0", "\ud800"])
    def test_odd_names(self, name: str) -> None:
        with pytest.raises(SymbolNotFound) as caught:
            table(function("main", 0x100)).find(name)
        assert len(str(caught.value)) < 600


class TestAt:
    def test_start_middle_and_end(self) -> None:
        symbols = table(function("main", 0x100))
        assert [name_at(symbols, a) for a in (0xFF, 0x100, 0x10F, 0x110)] == [
            None, "main+0x0", "main+0xf", None,
        ]  # fmt: skip

    def test_a_function_before_a_label_within_it(self) -> None:
        symbols = table(function("memcpy", 0x100), label("loop", 0x104))
        assert name_at(symbols, 0x108) == "memcpy+0x8"

    def test_a_function_before_an_object_around_it(self) -> None:
        table_of_code: Row = ("code", 0x100, 0x100, OBJECT, "GLOBAL", None, ".text")
        symbols = table(table_of_code, function("f", 0x110))
        assert name_at(symbols, 0x114) == "f+0x4"
        assert name_at(symbols, 0x120) == "code+0x20"

    def test_a_label_reaches_to_the_next_symbol(self) -> None:
        symbols = table(label("_start", 0x100), label("halt", 0x108), function("main", 0x110))
        assert name_at(symbols, 0x104) == "_start+0x4"
        assert name_at(symbols, 0x10F) == "halt+0x7"
        assert name_at(symbols, 0x110) == "main+0x0"

    def test_the_last_label_reaches_to_the_end_of_its_section(self) -> None:
        symbols = table(label("_start", 0x100))
        assert name_at(symbols, 0x1FF) == "_start+0xff"
        assert name_at(symbols, 0x200) is None

    def test_a_label_at_the_end_of_a_section_covers_nothing(self) -> None:
        assert name_at(table(label("_etext", 0x200)), 0x200) is None

    def test_a_function_of_unknown_size_is_not_cut_at_a_label(self) -> None:
        symbols = table(function("memcpy", 0x100, 0), label("loop", 0x104), function("f", 0x110))
        assert name_at(symbols, 0x108) == "memcpy+0x8"
        assert name_at(symbols, 0x110) == "f+0x0"

    def test_of_two_names_of_one_place_the_global_one(self) -> None:
        symbols = table(function("write", 0x100), function("__write", 0x100, file="w.c"))
        assert name_at(symbols, 0x104) == "write+0x4"

    def test_absolute_numbers_cover_nothing(self) -> None:
        assert (
            name_at(table(("__stack_size", 0x400, 0, OTHER, "GLOBAL", None, None)), 0x400) is None
        )

    def test_thread_local_offsets_cover_nothing(self) -> None:
        row: Row = ("errno", 8, 4, SymbolKind.THREAD_LOCAL, "GLOBAL", None, ".tbss")
        assert name_at(table(row), 8) is None


class TestLists:
    def test_functions_and_objects_by_address(self) -> None:
        counter: Row = ("counter", 0x1000, 4, OBJECT, "GLOBAL", None, ".data")
        symbols = table(function("b", 0x120), counter, label("x", 0x50), function("a", 0x100))
        assert [s.name for s in symbols.functions] == ["a", "b"]
        assert [s.name for s in symbols.objects] == ["counter"]
        assert [s.name for s in symbols] == ["x", "a", "b", "counter"]
        assert len(symbols) == 4


class TestRanges:
    def test_nested_and_crossing(self) -> None:
        ranges = Ranges([(0, 10, 0, 1), (2, 4, 0, 2), (5, 15, 0, 3), (20, 20, 0, 4)])
        owners = [ranges.find(address) for address in (-1, 0, 2, 4, 5, 10, 14, 15, 20)]
        assert owners == [None, 1, 2, 1, 3, 3, 3, None, None]

    @given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=12))
    def test_the_innermost_owner(self, places: list[tuple[int, int]]) -> None:
        spans = [(start, start + size, 0, owner) for owner, (start, size) in enumerate(places)]
        ranges = Ranges(spans)
        for address in range(45):
            covering = [span for span in spans if span[0] <= address < span[1]]
            found = ranges.find(address)
            if not covering:
                assert found is None
            else:
                start = max(span[0] for span in covering)
                shortest = min(span[1] for span in covering if span[0] == start)
                assert found is not None
                assert spans[found][:2] == (start, shortest)
