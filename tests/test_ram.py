"""The RAM behind a program: up to where its stack begins, or as much as a heap needs."""

from __future__ import annotations

import pytest

from simfw import Image, LoadError, Machine, Permissions, SymbolKind, SymbolTable
from simfw.image import Segment
from simfw.ram import STACK_TOPS, find_ram

READ = Permissions.READ
CODE, DATA = READ | Permissions.EXECUTE, READ | Permissions.WRITE
MIB = 1 << 20


class Absolute:
    """Symbols that a linker script defines."""

    def __init__(self, names: dict[str, int]) -> None:
        self.names = names

    def rows(self):
        for name, address in self.names.items():
            yield name, address, 0, SymbolKind.OTHER, "GLOBAL", None, None

    def may_hold(self, name: str) -> bool:
        return name in self.names

    def section_ends(self) -> dict[str, int]:
        return {}


def image(*segments: tuple[int, int, Permissions], xlen: int = 32, **symbols: int) -> Image:
    """Segments by address, end and permissions; the code is a jump to itself."""
    made = [
        Segment(start, b"\x6f\0\0\0" if rights == CODE else b"", end - start, rights)
        for start, end, rights in segments
    ]
    code = next(one.address for one in made if one.permissions == CODE)
    table = SymbolTable(Absolute(symbols), "board.elf")
    return Image("board.elf", "riscv", xlen, code, tuple(made), table)


def ram(found: Image, heap: int = 0, bound: int = 0xFFFF_0000) -> tuple[int, int]:
    result = find_ram(found, heap, bound)
    return result.start, result.end


BOARD = (0x2000_0000, 0x2000_1234, CODE), (0x8000_0000, 0x8000_0A00, DATA)


@pytest.mark.parametrize("name", STACK_TOPS)
def test_it_reaches_to_where_the_linker_script_puts_the_stack(name):
    assert ram(image(*BOARD, **{name: 0x8000_4000})) == (0x8000_1000, 0x8000_4000)


def test_a_stack_that_begins_within_a_page_has_the_whole_page():
    assert ram(image(*BOARD, __stack=0x8000_2010)) == (0x8000_1000, 0x8000_3000)


def test_a_stack_in_the_programs_own_memory_needs_no_more():
    assert ram(image(*BOARD, __stack=0x8000_0A00)) == (0x8000_1000, 0x8000_1000)


def test_ram_may_lie_below_the_code():
    segments = (0x1000_0000, 0x1000_0100, DATA), (0x4000_0000, 0x4000_1000, CODE)
    assert ram(image(*segments, _sp=0x1000_8000)) == (0x1000_1000, 0x1000_8000)


def test_a_symbol_with_something_between_says_nothing_of_ram():
    segments = (0x1000, 0x2000, DATA), (0x4000, 0x5000, CODE)
    start, end = ram(image(*segments, __stack=0x8000))
    assert start == end


def test_a_heap_follows_the_variables():
    assert ram(image(*BOARD), heap=MIB) == (0x8000_1000, 0x8010_1000)


def test_a_heap_without_room_follows_the_image():
    segments = (0x1000, 0x2000, DATA), (0x4000, 0x5000, CODE)
    assert ram(image(*segments), heap=MIB) == (0x5000, 0x10_5000)


def test_a_heap_ends_before_the_bound():
    assert ram(image(*BOARD), heap=MIB, bound=0x8000_3456) == (0x8000_1000, 0x8000_3000)


def test_a_program_with_its_own_stack_runs_on_any_platform():
    board = image(*BOARD, __stack=0x8000_4000)
    machine = Machine(board, platform="bare")
    machine.memory.store(0x8000_3FFC, "u32", 1)
    assert [str(region) for region in machine.memory.regions if region.name == "ram"] == [
        "ram 0x80001000..0x80004000 rw-"
    ]


def test_our_stack_lies_above_the_ram_behind_a_guard():
    machine = Machine(image(*BOARD, __stack=0x8000_4000))
    stack = next(region for region in machine.memory.regions if region.name == "stack")
    assert stack.address == 0x8000_4000 + 16 * 4096


def test_more_ram_than_allowed_is_refused_with_a_remedy():
    with pytest.raises(LoadError, match="raise memory="):
        Machine(image(*BOARD, __stack=0x8000_0000 + 512 * MIB))
    assert Machine(image(*BOARD, __stack=0x8000_0000 + 512 * MIB), memory=1 << 30)


def test_at_the_end_of_the_address_space_the_heap_is_what_is_left():
    top = image((0xFFE0_0000, 0xFFE0_1000, CODE), (0xFFE1_0000, 0xFFE1_1000, DATA))
    process = Machine(top, platform="newlib").processes[0]
    assert process.heap_start == 0xFFE1_1000
    assert process.heap_end == 0xFFFF_F000 - MIB - 16 * 4096
    assert process.stack_top < process.heap_start or process.stack_top > process.heap_end
