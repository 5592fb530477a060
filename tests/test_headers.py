"""The guest's side of declarations: prototypes, system calls, and what the linker sees."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

import conasm
from simfw.declarations import Declarations, check_built_for
from simfw.errors import BindError, SpecError
from simfw.image import open_image
from simfw.tools.headers import write_assembly, write_header

SPEC = """
// Logs; 3 */ 4 /* 5.
F("log") outcall(2, w, "int32_t", "const char*", "uint32_t");
F("raw") outcall(3, w);
F("none") outcall(0);
F("each") outcall(5, "void", "void (*)(int, struct point*)", "bytes", "char16_t", "struct point");
F("own") outcall(1, "ssize_t", "sensor_t*");
F("now"); syscall(404), outcall(0, "uint64_t");
F("mix"); syscall(405), outcall(6, "double", "int8_t", "int64_t", "float", "bytes", "bool");
F("put"); syscall(406), outcall(1);
L("crc16") backcall("uint16_t", "fw", "crc16", "bytes");
L("tick") backcall("void", "fw", "tick");
"""
GUEST = """
typedef struct { int x; } sensor_t;
#include "spec.h"
uint16_t crc16(const void *data, size_t size) {
    int number = (int)now() + (int)mix(1, -2, 1.5f, data, size, true);
    return (uint16_t)(log((const char *)data, (uint32_t)size) + number);
}
void tick(void) { put(3); none(); }
"""


def header(text: str, stem: str = "spec") -> str:
    return write_header([conasm.parse(text, "dir/spec.cas")], stem)


def assembly(text: str) -> str:
    return write_assembly([conasm.parse(text, "dir/spec.cas")])


def prototype(text: str) -> str:
    """Return the line of the header on the only declaration."""
    (line,) = [line for line in header(text).splitlines() if line.endswith(");")]
    return line


def refusal(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        header(text)
    return str(caught.value)


# --- prototypes


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("outcall(0)", "void f(void);"),
        ("outcall(2)", "void f(intptr_t arg0, intptr_t arg1);"),
        ("outcall(0, b)", "int8_t f(void);"),
        ("outcall(0, h)", "int16_t f(void);"),
        ("outcall(0, w)", "int32_t f(void);"),
        ("outcall(0, d)", "int64_t f(void);"),
        ('outcall(1, "unsigned", "bool")', "unsigned int f(bool arg0);"),
        ('outcall(1, "void*", "const char*")', "void* f(const char* arg0);"),
        ('outcall(2, "void", "bytes")', "void f(const void *arg0_data, size_t arg0_size);"),
        ('outcall(1, "void", "int (*)(char)")', "void f(int (*arg0)(char));"),
        ('outcall(1, "void", "u_int8_t")', "void f(uint8_t arg0);"),
        ('outcall(1, "char32_t", "char16_t")', "uint_least32_t f(uint_least16_t arg0);"),
        ('outcall(1, "void", "struct p*")', "void f(struct p* arg0);"),
    ],
)
def test_the_prototype_of_an_outcall(declaration: str, expected: str) -> None:
    assert prototype(f'F("f") {declaration};') == expected


def test_the_prototype_of_a_backcall_keeps_the_function_and_has_its_label() -> None:
    text = 'L("crc16") backcall("uint16_t", "fw", "a::crc", "bytes");'
    expected = "uint16_t crc16(const void *arg0_data, size_t arg0_size);"
    assert prototype(text) == f"SIMFW_BACKCALL {expected}"


def test_structures_are_declared_and_other_types_are_asked_for() -> None:
    text = header('F("f") outcall(4, "void", "struct a*", "void (*)(union b*)", "enum c*", "d_t");')
    assert "\nstruct a;\n" in text
    assert "\nunion b;\n" in text
    assert "/* Declare before this header is included: d_t, enum c. */" in text


def test_comments_are_kept_and_cannot_be_escaped_from() -> None:
    text = header('// One. */ int x; /* /*/\n// Two.\nF("f") outcall(0);')
    assert "/*\n * One. * / int x; / * / * /\n * Two.\n */\nvoid f(void);" in text


@pytest.mark.parametrize(
    ("stem", "guard"), [("crc", "SIMFW_CRC_H"), ("a-b.é", "SIMFW_A_B___H"), ("", "SIMFW__H")]
)
def test_the_guard_is_made_of_the_file_name(stem: str, guard: str) -> None:
    assert f"#ifndef {guard}\n#define {guard}\n" in header('F("f") outcall(0);', stem)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('F("f") outcall(1, d, d);', "f has no C prototype: it has several results"),
        ('F("f") outcall(1, q);', "f has no C prototype: its result is 16 bytes wide"),
        ('F("int") outcall(1);', "'int' is a word of C"),
        ('L("while") backcall("int", "n", "f");', "'while' is a word of C"),
        ('F("f"); syscall(1), outcall(8);', "has 7 registers for arguments, f needs 8"),
        (
            'F("f"); syscall(1), outcall(4, "int", "int64_t", "int64_t", "int64_t", "int64_t");',
            "f needs 8; pass a pointer to a structure",
        ),
        ('F("f"); syscall(1), outcall(1, "int", "struct p");', "known to the guest only"),
        ('F("f"); syscall(1), outcall(1, "int", "__int128");', "no register holds 16 bytes"),
        ('D("d") w(1);', "nothing is declared"),
    ],
)
def test_what_c_cannot_say_is_refused(text: str, words: str) -> None:
    assert words in refusal(text)


def test_every_refusal_has_its_place() -> None:
    lines = refusal('F("a") outcall(1, q);\nF("b") outcall(1, q);').splitlines()
    assert [line.split(" ")[0] for line in lines] == ["dir/spec.cas:1:1:", "dir/spec.cas:2:1:"]


# --- assembly


def test_every_declaration_leaves_its_fingerprint() -> None:
    unit = conasm.parse(SPEC)
    found = [line for line in assembly(SPEC).splitlines() if ".ascii" in line]
    names = [found.split('"')[1].split()[:2] for found in found]
    assert names[0] == ["outcall", "log"]
    assert names[-1] == ["backcall", "tick"]
    assert len(names) == 10
    assert f'.ascii "outcall log {conasm.fingerprint(unit.outcalls[0])}\\n"' in assembly(SPEC)


def test_system_calls_and_backcalls_are_not_defined() -> None:
    defined = [line[:-1] for line in assembly(SPEC).splitlines() if line.endswith(":")]
    assert defined == ["log", "raw", "none", "each", "own"]


# --- what compilers and linkers make of them


def compile_guest(directory: Path, name: str, *options: str) -> Path:
    """Compile GUEST with all warnings and the assembly file; give the one object of both."""
    (directory / "spec.h").write_text(header(SPEC))
    (directory / "outcalls.s").write_text(assembly(SPEC))
    (directory / name).write_text(GUEST)
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = [sys.executable, "-m", "ziglang", "cc", "-c", "-Os", *warnings, *options]
    subprocess.run([*command, name, "outcalls.s", "-o", "both.o"], cwd=directory, check=True)
    return directory / "both.o"


@pytest.mark.parametrize(
    ("xlen", "name", "standard"), [(32, "guest.c", "-std=c11"), (64, "guest.cpp", "-std=c++20")]
)
def test_clang_compiles_both_files(tmp_path: Path, xlen: int, name: str, standard: str) -> None:
    target = f"riscv{xlen}-freestanding-none"
    with compile_guest(tmp_path, name, "-target", target, standard).open("rb") as file:
        elf = ELFFile(file)
        (log,) = elf.get_section_by_name(".symtab").get_symbol_by_name("log")
        section = elf.get_section(log["st_shndx"])
        marks = elf.get_section_by_name(".simfw.declarations")
        assert section.name == ".text.simfw.log"
        assert (log["st_info"]["type"], log["st_info"]["bind"]) == ("STT_FUNC", "STB_WEAK")
        assert (log["st_size"], log["st_value"]) == (8, 0)
        assert section.data().hex() == "731000c0" + "67800000"
        assert not marks["sh_flags"] & 2  # SHF_ALLOC: it takes no memory of the guest
        assert marks.data().startswith(b"outcall log ")


@pytest.mark.tools
@pytest.mark.parametrize(("march", "mabi"), [("rv32imac", "ilp32"), ("rv64imac", "lp64")])
def test_gcc_compiles_both_files(tmp_path: Path, march: str, mabi: str) -> None:
    gcc = shutil.which("riscv64-unknown-elf-gcc")
    assert gcc is not None
    (tmp_path / "spec.h").write_text(header(SPEC))
    (tmp_path / "outcalls.s").write_text(assembly(SPEC))
    (tmp_path / "guest.c").write_text(GUEST)
    warnings = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
    machine = [f"-march={march}", f"-mabi={mabi}", "-ffreestanding"]
    command = [gcc, "-c", "-std=c11", *warnings, *machine, "guest.c", "outcalls.s"]
    subprocess.run(command, cwd=tmp_path, check=True)


def test_a_linked_guest_has_every_outcall_and_is_known_again(tmp_path: Path, build_guest) -> None:
    spec = tmp_path / "spec.cas"
    spec.write_text('F("used") outcall(1); F("unused") outcall(1); F("mine") outcall(1);')
    unit = conasm.load(spec)
    (tmp_path / "spec.h").write_text(write_header([unit], "spec"))
    outcalls, guest = tmp_path / "outcalls.s", tmp_path / "guest.c"
    outcalls.write_text(write_assembly([unit]))
    guest.write_text(
        '#include "spec.h"\n'
        "void mine(intptr_t x) { used(x + 1); used(x + 2); used(x + 3); }\n"
        "int main(void) { mine(1); return 0; }\n"
    )
    image = open_image(build_guest(guest, outcalls))
    sizes = {name: image.symbols.find(name).size for name in ("used", "unused")}
    assert sizes == {"used": 8, "unused": 8}
    assert image.symbols.find("mine").size > 8  # the guest's own definition wins
    check_built_for(image, Declarations(unit.outcalls))
    changed = conasm.parse('F("used") outcall(2);')
    with pytest.raises(BindError, match="outcall used was declared differently"):
        check_built_for(image, Declarations(changed.outcalls))
