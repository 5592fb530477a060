"""Images of compiled guests: what the sources say must be found in them.

Tables that are too long to write down are compared with pyelftools, which reads ELF on its own.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from simfw.errors import SymbolNotFound
from simfw.image import Image, SymbolKind, open_image

ONE = """
int counter = 5;
int zeroed[100];
const char text[] = "constant";
_Thread_local int per_thread = 1;
__attribute__((noinline)) static int init(int x) { return x * 3; }
__attribute__((used, retain)) static int shared(void) { return 1; }
int other(int);
int add(int a, int b) { return init(a) + b + counter + zeroed[7] + text[a]; }
int (*const table[2])(int) = {init, other};
void _start(void) { zeroed[1] = add(1, 2) + table[counter & 1](3) + per_thread; }
"""
TWO = """
__attribute__((noinline)) static int init(int x) { return x ^ 5; }
int other(int x) { return init(x) + init(x + 1); }
__asm__(".globl __stack_size\\n__stack_size = 0x400\\n");
"""
FLAGS = ["-g", "-Os", "-fno-sanitize=all", "-ftls-model=local-exec"]
RV32 = ["-target", "riscv32-freestanding-none", "-mcpu=generic_rv32+m+a+c"]
RV64 = ["-target", "riscv64-freestanding-none", "-mcpu=generic_rv64+m+a"]
PIE = ["-pie", "--no-dynamic-linker"]
GUESTS = {
    "rv32": (RV32, []),
    "rv64": (RV64, []),
    "pie": ([*RV64, "-fPIE"], PIE),
    "relr": ([*RV64, "-fPIE"], [*PIE, "-z", "pack-relative-relocs"]),
}


def zig(directory: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "ziglang", *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def guests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("image-guests")
    for name, source in (("one", ONE), ("two", TWO)):
        (directory / f"{name}.c").write_text(source)
    for name, (compiling, linking) in GUESTS.items():
        for unit in ("one", "two"):
            zig(directory, "cc", "-c", *compiling, *FLAGS, f"{unit}.c", "-o", f"{unit}.o")
        zig(directory, "ld.lld", *linking, "one.o", "two.o", "-o", f"{name}.elf")
    return {name: directory / f"{name}.elf" for name in GUESTS}


@pytest.fixture(params=["rv32", "rv64"])
def image(request: pytest.FixtureRequest, guests: dict[str, Path]) -> Image:
    return open_image(guests[request.param])


@pytest.fixture(params=GUESTS)
def any_image(request: pytest.FixtureRequest, guests: dict[str, Path]) -> Image:
    return open_image(guests[request.param])


def word_at(image: Image, address: int, size: int) -> int:
    for segment in image.segments:
        if address in segment:
            offset = address - segment.address
            return int.from_bytes(segment.data[offset : offset + size], "little")
    raise AssertionError(f"{address:#x} is in no segment")


def test_isa_and_abi(guests: dict[str, Path]) -> None:
    narrow, wide = open_image(guests["rv32"]), open_image(guests["rv64"])
    assert (narrow.xlen, narrow.compressed, narrow.float_abi) == (32, True, "soft")
    assert (wide.xlen, wide.compressed, wide.float_abi) == (64, False, "soft")
    assert narrow.arch is not None
    assert wide.arch is not None
    assert narrow.arch.startswith("rv32i2p1_m2p0_a2p1_c2p0")
    assert wide.arch.startswith("rv64i2p1_m2p0_a2p1")


def test_the_entry_is_start(any_image: Image) -> None:
    assert any_image.entry == any_image.symbols.find("_start").address
    found = any_image.symbols.at(any_image.entry)
    assert found is not None
    assert (found[0].name, found[1]) == ("_start", 0)


def test_objects_hold_what_the_source_gives_them(any_image: Image) -> None:
    counter = any_image.symbols.find("counter")
    assert (counter.kind, counter.size) == (SymbolKind.OBJECT, 4)
    assert word_at(any_image, counter.address, 4) == 5
    text = any_image.symbols.find("text")
    assert word_at(any_image, text.address, 9).to_bytes(9, "little") == b"constant\0"
    assert any_image.symbols.find("zeroed").size == 400


def test_pointers_to_functions(any_image: Image) -> None:
    """In position-independent guests these are the words that were relocated."""
    size = any_image.xlen // 8
    table = any_image.symbols.find("table").address
    assert word_at(any_image, table, size) == any_image.symbols.find("one.c:init").address
    assert word_at(any_image, table + size, size) == any_image.symbols.find("other").address


def test_permissions(image: Image) -> None:
    def permissions(name: str) -> str:
        address = image.symbols.find(name).address
        return next(s.permissions.text for s in image.segments if address in s)

    names = ["add", "text", "counter", "zeroed"]
    assert [permissions(name) for name in names] == ["r-x", "r--", "rw-", "rw-"]


def test_local_functions_have_their_file(image: Image) -> None:
    first, second = image.symbols.find("one.c:init"), image.symbols.find("two.c:init")
    assert (first.file, second.file) == ("one.c", "two.c")
    assert first.address != second.address
    with pytest.raises(SymbolNotFound, match="'init' means 2 symbols"):
        image.symbols.find("init")
    assert image.symbols.find("shared").binding == "LOCAL"


def test_thread_local_and_absolute_symbols(image: Image) -> None:
    kinds = {symbol.name: symbol.kind for symbol in image.symbols}
    assert kinds["per_thread"] is SymbolKind.THREAD_LOCAL
    assert image.symbols.find("__stack_size").address == 0x400
    assert image.symbols.find("__stack_size").section is None


@pytest.mark.parametrize("guest", ["pie", "relr"])
def test_a_pie_lies_at_its_base(guests: dict[str, Path], guest: str) -> None:
    image = open_image(guests[guest])
    assert (image.pie, image.load_bias, image.lowest) == (True, 0x40000, 0x40000)
    moved = open_image(guests[guest], base=0x10_0000)
    assert moved.entry - image.entry == 0x10_0000 - 0x40000


def test_the_packed_relocations_are_there_to_test(guests: dict[str, Path]) -> None:
    assert open_image(guests["relr"]).section(".relr.dyn") is not None
    assert open_image(guests["pie"]).section(".rela.dyn") is not None


def test_program_headers_in_memory(any_image: Image) -> None:
    where = any_image.program_headers
    assert where is not None
    layout = "<8I" if any_image.xlen == 32 else "<2I6Q"
    assert where.entry_size == struct.calcsize(layout)
    types = [
        word_at(any_image, where.address + i * where.entry_size, 4) for i in range(where.count)
    ]
    assert types.count(1) == len(any_image.segments)


def test_stripped_guests_still_load(guests: dict[str, Path]) -> None:
    data = bytearray(guests["rv32"].read_bytes())
    struct.pack_into("<I", data, 32, 0)  # e_shoff
    struct.pack_into("<H", data, 48, 0)  # e_shnum
    image, whole = open_image(bytes(data)), open_image(guests["rv32"])
    assert len(image.symbols) == 0
    assert image.segments[1:] == whole.segments[1:]  # the first one contains the changed header
    assert (image.arch, image.entry) == (whole.arch, whole.entry)


def test_symbols_agree_with_pyelftools(any_image: Image) -> None:
    section: Any = ELFFile(io.BytesIO(any_image.file)).get_section_by_name(".symtab")
    expected = {
        (item.name, item["st_value"] + any_image.load_bias, item["st_size"])
        for item in section.iter_symbols()
        if item["st_info"]["type"] in ("STT_FUNC", "STT_OBJECT")
    }
    ours = [*any_image.symbols.functions, *any_image.symbols.objects]
    assert {(item.name, item.address, item.size) for item in ours} == expected
    assert len(expected) >= 9


def test_sections_agree_with_pyelftools(any_image: Image) -> None:
    expected = [
        (item.name, item["sh_size"], b"" if item["sh_type"] == "SHT_NOBITS" else item.data())
        for item in ELFFile(io.BytesIO(any_image.file)).iter_sections()
    ]
    assert [(item.name, item.size, item.data) for item in any_image.sections] == expected


def test_segments_agree_with_pyelftools(image: Image) -> None:
    expected = [
        (item["p_vaddr"], item.data(), item["p_memsz"])
        for item in ELFFile(io.BytesIO(image.file)).iter_segments()
        if item["p_type"] == "PT_LOAD"
    ]
    assert [(item.address, item.data, item.size) for item in image.segments] == expected
