"""`simfw check`, `symbols` and `disasm`: looking at a program without running it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from simfw import open_image
from simfw.riscv.isa import isa
from simfw.tools.cli import cli
from simfw.tools.summary import missing_extensions

SOURCE = r"""
#include <stdint.h>

uint32_t table[4] = {1, 2, 3, 4};
__attribute__((weak)) int host(int x) { return x; }
__attribute__((noinline)) static int pick(int i) { return (int)table[i & 3]; }
int twice(int x) { int got = host(x); return 2 * got; }
uint32_t first(void) { return table[0]; }
__asm__(".globl odd\n.type odd, @function\nodd: .word 0xffffffff\n ret\n.size odd, . - odd\n");
int main(int argc, char **argv) { (void)argv; return pick(argc) + pick(argc + 1); }
"""
SPEC = """
// Asks the host.
F("host")  outcall(1, "int", "int");
L("twice") backcall("int", "fw", "twice", "int");
"""


@pytest.fixture(scope="module")
def guest(build_guest) -> str:
    return str(build_guest(SOURCE))


@pytest.fixture(scope="module")
def flat(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("flat") / "flat.bin"
    path.write_bytes(bytes.fromhex("13050001 8280"))  # li a0, 16; ret
    return str(path)


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "guest.cas").write_text(SPEC)
    return tmp_path


def simfw(*args: str):
    return CliRunner().invoke(cli, args)


# check


def test_a_declaration_file_without_mistakes_is_listed(place):
    result = simfw("check", "guest.cas")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "guest.cas: no mistakes, 2 declared",
        "  outcall     int host(int)",
        "  backcall    int twice(int)  as fw.twice",
    ]


def test_all_mistakes_of_a_declaration_file_are_told(place):
    Path("bad.cas").write_text('F("a") outcall(1, "nit", "int");\nF("b") outcal(1, w);\n')
    result = simfw("check", "bad.cas")
    assert result.exit_code == 125
    assert "bad.cas:1:" in result.stderr and "bad.cas:2:" in result.stderr
    assert "^" in result.stderr


def test_types_that_cannot_cross_are_told_all_at_once(place):
    Path("s.cas").write_text(
        'L("a") backcall("int", "fw", "a", "struct s");\nL("b") backcall("int", "fw", "b", "t");\n'
    )
    result = simfw("check", "s.cas")
    assert result.exit_code == 125
    assert "s.cas:1:1" in result.stderr and "s.cas:2:1" in result.stderr


def test_files_after_one_with_mistakes_are_checked_as_well(place):
    Path("bad.cas").write_text("nonsense")
    result = simfw("check", "bad.cas", "guest.cas")
    assert result.exit_code == 125
    assert "guest.cas: no mistakes" in result.stdout


def test_a_program_is_described(guest):
    result = simfw("check", guest)
    assert result.exit_code == 0
    assert "ELF, executable for rv32" in result.stdout
    assert re.search(r"entry +0x10000 +_start", result.stdout)
    assert re.search(r"segment .* r-x ", result.stdout)
    assert re.search(r"symbols .* objects", result.stdout)
    assert "no mistakes: it can be loaded on platform 'bare'" in result.stdout


def test_code_that_is_no_instruction_is_remarked(guest):
    assert "at odd+0x0 is no instruction of this machine: 0xffffffff" in (
        simfw("check", guest).stdout
    )


def test_declared_functions_have_to_be_there(guest, place):
    assert "has the 2 functions that are declared" in (
        simfw("check", guest, "--spec", "guest.cas").stdout
    )
    Path("more.cas").write_text('L("twise") backcall("int", "fw", "twise", "int");')
    result = simfw("check", guest, "--spec", "more.cas")
    assert result.exit_code == 125
    assert "'twise' is declared" in result.stderr and "'twice'" in result.stderr


def test_outcalls_need_host_functions_where_a_plugin_is_named(guest, place):
    Path("other.py").write_text("from simfw import outcall\n@outcall\ndef hots(focus, x): ...\n")
    result = simfw("check", guest, "--spec", "guest.cas", "--plugin", "other.py")
    assert result.exit_code == 125
    assert "did you mean 'hots'?" in result.stderr


def test_a_program_for_another_machine_cannot_be_loaded(place):
    result = simfw("check", sys.executable)
    assert result.exit_code == 125
    assert "not for RISC-V" in result.stderr


@pytest.mark.parametrize(
    ("arch", "missing"),
    [
        ("rv32i2p1_m2p0_a2p1_c2p0_zmmul1p0_zaamo1p0_zalrsc1p0_zca1p0", []),
        ("rv64i2p1_m2p0_f2p2_d2p2_zicsr2p0_zba1p0", ["f", "d", "zba"]),
        ("rv32imafc", ["f"]),
        ("rv32i2p1m2p0f2p2", ["f"]),
        ("", []),
    ],
)
def test_the_extensions_that_the_machine_lacks_are_found(arch, missing):
    assert missing_extensions(arch, isa(32)) == missing


# symbols


def test_symbols_are_listed_by_address(guest):
    lines = simfw("symbols", guest).stdout.splitlines()
    addresses = [int(line.split()[0], 16) for line in lines]
    assert addresses == sorted(addresses)
    assert re.fullmatch(r"[0-9a-f]+ +16  object +global  table", lines_of("table", lines))
    assert re.fullmatch(r"[0-9a-f]+ +\d+  function +weak +host", lines_of("host", lines))


def lines_of(name: str, lines: list[str]) -> str:
    return next(line for line in lines if line.endswith(f" {name}"))


@pytest.mark.parametrize(
    ("args", "names"),
    [
        (["TWI"], ["twice"]),
        (["t*e"], ["twice", "table"]),
        (["--objects"], ["table"]),
        (["--functions", "t*e"], ["twice"]),
    ],
)
def test_symbols_are_chosen_by_pattern_and_kind(guest, args, names):
    found = [line.split()[-1] for line in simfw("symbols", guest, *args).stdout.splitlines()]
    assert sorted(found) == sorted(names)


def test_a_pattern_without_match_is_told_with_near_names(guest):
    result = simfw("symbols", guest, "twise")
    assert result.exit_code == 125
    assert "did you mean 'twice'?" in result.stderr


def test_a_pattern_that_others_match_says_so(guest):
    result = simfw("symbols", guest, "table", "--functions")
    assert "but 1 other" in result.stderr


def test_a_program_without_symbols_says_why(flat):
    result = simfw("symbols", flat, "--base", "0x1000", "--xlen", "32")
    assert "has no symbols" in result.stderr


# disasm


def test_one_function_is_listed_with_the_names_of_what_it_reaches(guest):
    lines = simfw("disasm", guest, "twice").stdout.splitlines()
    assert re.fullmatch(r"[0-9a-f]+ <twice>:", lines[1])
    assert any(re.search(r"jalr? .*<host>$", line) for line in lines)
    assert lines[-1].split()[-1] == "ret"


def test_data_that_two_instructions_address_is_named(guest):
    assert re.search(r"lw +a0, \d+\(a0\)  # 0x[0-9a-f]+ <table>", simfw("disasm", guest).stdout)


def test_all_functions_are_listed(guest):
    listing = simfw("disasm", guest).stdout
    for function in open_image(guest).symbols.functions:
        assert f"<{function.name}>:" in listing


def test_what_is_no_instruction_is_listed_as_data(guest):
    assert re.search(r"ffffffff +\.4byte 0xffffffff", simfw("disasm", guest, "odd").stdout)


def test_what_instructions_do_is_shown(guest):
    listing = simfw("disasm", guest, "first", "--ir").stdout
    assert re.search(r"\| %\d+ = load 4 for read", listing)


def test_a_function_is_found_by_an_address_in_it(guest):
    twice = open_image(guest).symbols.find("twice")
    assert simfw("disasm", guest, f"{twice.address + 2:#x}").stdout == (
        simfw("disasm", guest, "twice").stdout
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("twise", "nearest: 'twice'"),
        ("table", "'table' is a variable"),
        ("0x3", "no function at 0x3"),
        ("0xq", "'0xq' is no address"),
    ],
)
def test_a_function_that_is_not_there_is_told(guest, name, message):
    result = simfw("disasm", guest, name)
    assert result.exit_code == 125
    assert message in result.stderr


def test_a_flat_binary_is_listed_where_it_is_said_to_lie(flat):
    result = simfw("disasm", flat, "--base", "0x8000", "--xlen", "32")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["8000:", "01000513", "li", "a0,", "16"],
        ["8004:", "8082", "ret"],
    ]


def test_a_flat_binary_without_a_place_is_told_what_is_missing(flat):
    result = simfw("disasm", flat)
    assert result.exit_code == 125
    assert "--xlen" in result.stderr and "--base" in result.stderr


# Hostile images


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this host has no device that is full")
@pytest.mark.parametrize("command", ["symbols", "disasm"])
def test_an_output_that_is_full_is_told_in_a_line(guest, command):
    line = [sys.executable, "-m", "simfw", command, guest]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 125
    assert done.stderr == (
        "error: the output cannot be written\nNo space left on device: make room for it\n"
    )


@settings(max_examples=60)
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=12))
def test_damaged_images_give_lines_or_one_block(guest, tmp_path_factory, changes):
    data = bytearray(Path(guest).read_bytes())
    for place, value in changes:
        data[place % len(data) if place & 1 else place % 0x40] = value
    path = tmp_path_factory.getbasetemp() / "damaged.elf"
    path.write_bytes(data)
    for command in ("check", "symbols", "disasm"):
        result = simfw(command, str(path))
        assert result.exit_code in (0, 125)
        assert "Traceback" not in result.stderr


def test_sections_beyond_the_file_are_listed_as_far_as_it_goes(guest, place):
    data = bytearray(Path(guest).read_bytes())
    headers = int.from_bytes(data[32:36], "little")  # e_shoff of ELF32
    count = int.from_bytes(data[48:50], "little")
    for index in range(count):
        flags = headers + 40 * index + 8
        if data[flags] & 4:  # executable: sh_size
            data[flags + 12 : flags + 16] = (0x7FFF_FFFF).to_bytes(4, "little")
    Path("long.elf").write_bytes(data)
    assert len(simfw("disasm", "long.elf").stdout) < 100_000
