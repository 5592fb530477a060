"""Building guests with the ziglang wheel: layout, runtime, and what is said when it fails.

The guests run on unicorn, so that the runtime is judged by another machine than ours.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import unicorn
from unicorn import riscv_const as registers

from simfw.image import Image, open_image
from simfw.tools.build import BuildError, BuildWarning, build

GUEST = """
#include <simfw/guest.h>
#include <stdint.h>
#include <string.h>

int counter = 5;
int zeroed[2000];
const char greeting[] = "hello";
int never_read = 7;
static int secret(int x) { return x + 1; }
SIMFW_EXPORT static int hidden(void) { return 3; }
int uncalled(int x) { return secret(x) * 2; }

int main(int argc, char **argv) {
    write(1, greeting, strlen(greeting));
    if (argc) write(1, argv[0], strlen(argv[0]));
    zeroed[1999] += counter;
    return argc * 10 + zeroed[1999];
}
"""

ARITHMETIC = """
#include <stdint.h>
#include <string.h>
volatile int64_t wide = -7000000000, seven = 7;
volatile double real = 2.5;
char buffer[16] = "0123456789";
int main(void) {
    int good = wide / seven == -1000000000;
    good += (int)(real * 4) == 10;
    memmove(buffer + 2, buffer, 8);
    good += memcmp(buffer, "0101234567", 10) == 0;
    memcpy(buffer, "abc", 4);
    memset(buffer + 1, 'z', 1);
    good += strcmp(buffer, "azc") == 0 && strcmp("a", "b") < 0 && strlen(buffer) == 3;
    return good;
}
"""

CPLUSPLUS = """
struct Base { virtual int value() = 0; };
struct Sensor : Base {
    int start;
    Sensor(int s) : start(s) {}
    ~Sensor() { start = 0; }
    int value() override { return start; }
};
Sensor sensor(40);
namespace fw { int twice(int x) { return 2 * x; } }
extern "C" int three(void);
extern "C" int zig_add(int, int);
int main() { Base *base = &sensor; return zig_add(base->value(), three()) + fw::twice(1); }
"""

ASSEMBLY = """
    .globl three
    .type three, @function
three:
    li a0, 3
    ret
    .size three, . - three
"""

ZIG = "export fn zig_add(a: i32, b: i32) i32 { return a +% b; }\n"

Builder = Callable[..., Image]
WIDTHS = pytest.mark.parametrize("xlen", [32, 64])


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Builds sources, given as `suffix=text`, once for all tests of this session."""
    built: dict[Any, Image] = {}

    def make_image(xlen: int = 32, *, options: Any = (), **texts: str) -> Image:
        key = (xlen, options, *texts.items())
        if key not in built:
            directory = tmp_path_factory.mktemp("guest")
            sources = [directory / f"guest_{suffix}.{suffix}" for suffix in texts]
            for source, text in zip(sources, texts.values(), strict=True):
                source.write_text(text)
            width: Any = xlen
            output = build(sources, directory / "guest.elf", xlen=width, **dict(options))
            built[key] = open_image(output)
        return built[key]

    return make_image


def run(image: Image, argc: int = 0) -> tuple[int, bytes]:
    """The exit status and the console output of a bare guest."""
    mode = unicorn.UC_MODE_RISCV32 if image.xlen == 32 else unicorn.UC_MODE_RISCV64
    machine = unicorn.Uc(unicorn.UC_ARCH_RISCV, mode)
    machine.mem_map(0, 0x100000)
    for segment in image.segments:
        machine.mem_write(segment.address, segment.data)
    stack = b"".join(word.to_bytes(image.xlen // 8, "little") for word in (argc, 0xFF800, 0, 0))
    machine.mem_write(0xFF800, b"name\0")
    machine.mem_write(0xFF000, stack)
    machine.reg_write(registers.UC_RISCV_REG_SP, 0xFF000)
    output, status = bytearray(), list[int]()

    def on_ecall(machine: Any, number: int, _: object) -> None:
        assert number == 8  # an ecall of user mode, nothing else
        a0, a1, a2, a7 = (machine.reg_read(registers.UC_RISCV_REG_A0 + i) for i in (0, 1, 2, 7))
        if a7 == 64:
            output.extend(machine.mem_read(a1, a2))
            machine.reg_write(registers.UC_RISCV_REG_A0, a2)
        else:
            assert a7 == 93
            status.append(a0)
            machine.emu_stop()

    machine.hook_add(unicorn.UC_HOOK_INTR, on_ecall)
    machine.emu_start(image.entry, 0, count=100_000)
    return status[0], bytes(output)


class TestLayout:
    @WIDTHS
    def test_isa_without_floating_point(self, make: Builder, xlen: int) -> None:
        image = make(xlen, c=GUEST)
        assert (image.xlen, image.compressed, image.float_abi) == (xlen, True, "soft")
        assert image.arch is not None
        assert image.arch.startswith(f"rv{xlen}i2p1_m2p0_a2p1_c2p0")
        assert not image.is_linux

    @WIDTHS
    def test_code_constants_and_data_share_no_page(self, make: Builder, xlen: int) -> None:
        segments = make(xlen, c=GUEST).segments
        assert [segment.permissions.text for segment in segments] == ["r-x", "r--", "rw-"]
        assert segments[0].address == 0x10000
        assert [segment.address % 4096 for segment in segments] == [0, 0, 0]

    def test_it_starts_at_start(self, make: Builder) -> None:
        image = make(c=GUEST)
        assert image.symbols.at(image.entry) == (image.symbols.find("_start"), 0)

    def test_what_only_the_host_uses_is_kept(self, make: Builder) -> None:
        symbols = make(c=GUEST).symbols
        assert all(name in symbols for name in ("uncalled", "never_read", "hidden"))

    def test_bss_takes_no_room_in_the_file(self, make: Builder) -> None:
        image = make(c=GUEST)
        assert image.symbols.find("zeroed").size == 8000
        assert image.segments[2].size >= 8000
        assert len(image.segments[2].data) < 64

    def test_the_end_of_the_image_is_a_symbol(self, make: Builder) -> None:
        image = make(c=GUEST)
        assert image.symbols.find("_end").address == image.highest
        assert image.highest % 16 == 0

    def test_the_runtime_library_does_not_come_whole(self, make: Builder) -> None:
        image = make(c=ARITHMETIC)
        assert "__divdi3" in image.symbols
        assert "__udivti3" not in image.symbols
        assert image.segments[0].size < 0x4000

    def test_debug_information_on_request(self, make: Builder) -> None:
        assert make(c=GUEST).section(".debug_info") is None
        assert make(c=GUEST, options=(("debug", True),)).section(".debug_info") is not None

    def test_flags_reach_the_compiler(self, make: Builder) -> None:
        options = (("flags", ("-DVALUE=9",)),)
        assert run(make(c="int main(void) { return VALUE; }", options=options)) == (9, b"")

    def test_flags_reach_the_linker(self, make: Builder) -> None:
        options = (("flags", ("-Wl,--defsym,board_id=0x77",)),)
        assert make(c=GUEST, options=options).symbols.find("board_id").address == 0x77

    def test_a_linker_script_of_the_users_own(self, make: Builder, tmp_path: Path) -> None:
        script = tmp_path / "board.ld"
        script.write_text(
            "ENTRY(_start) PHDRS { code PT_LOAD FLAGS(5); ram PT_LOAD FLAGS(6); }"
            "SECTIONS { . = 0x20000000; .text : { *(.text*) *(.rodata*) } :code"
            " __init_array_start = .; __init_array_end = .;"
            " . = 0x80000000; .data : { *(.data*) *(.sdata*) *(.bss*) *(.sbss*)"
            " __global_pointer$ = .; } :ram }"
        )
        flags = (f"-Wl,-T,{script}", "-mcmodel=medany")
        image = make(c=GUEST, options=(("flags", flags),))
        assert [segment.address for segment in image.segments] == [0x2000_0000, 0x8000_0000]


class TestRuntime:
    @WIDTHS
    def test_arguments_output_and_status(self, make: Builder, xlen: int) -> None:
        assert run(make(xlen, c=GUEST), argc=1) == (15, b"helloname")

    @WIDTHS
    def test_no_arguments(self, make: Builder, xlen: int) -> None:
        assert run(make(xlen, c=GUEST)) == (5, b"hello")

    @WIDTHS
    def test_memory_functions_and_what_the_machine_cannot_do(
        self, make: Builder, xlen: int
    ) -> None:
        assert run(make(xlen, c=ARITHMETIC)) == (4, b"")

    @WIDTHS
    def test_cplusplus_assembly_and_zig(self, make: Builder, xlen: int) -> None:
        assert run(make(xlen, cpp=CPLUSPLUS, S=ASSEMBLY, zig=ZIG)) == (45, b"")

    @pytest.mark.parametrize("level", ["-O0", "-O1", "-O3", "-Oz"])
    def test_levels_of_optimisation(self, make: Builder, level: str) -> None:
        assert run(make(c=ARITHMETIC, options=(("optimize", level),))) == (4, b"")

    def test_a_guest_without_main(self, make: Builder) -> None:
        image = make(c="int add(int a, int b) { return a + b; }")
        assert "add" in image.symbols
        assert run(image) == (0, b"")

    def test_a_guest_with_its_own_start(self, make: Builder) -> None:
        text = "#include <simfw/guest.h>\nvoid _start(void) { _exit(77); }"
        assert run(make(c=text)) == (77, b"")

    def test_main_may_end_without_return(self, make: Builder) -> None:
        assert run(make(c="volatile int x; int main(void) { x = 5; }")) == (0, b"")
        assert run(make(cpp="volatile int x; int main() { x = 5; }")) == (0, b"")

    def test_assertions_stay(self, make: Builder) -> None:
        text = "#ifdef NDEBUG\n#error assertions are off\n#endif\nint main(void) { return 0; }"
        assert run(make(c=text)) == (0, b"")

    def test_undefined_behaviour_is_not_trapped_unasked(self, make: Builder) -> None:
        text = "volatile int big = 0x7fffffff; int main(void) { return big + 1 < 0; }"
        assert run(make(c=text, options=(("optimize", "-O0"),))) == (1, b"")


def zig(directory: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "ziglang", *arguments], cwd=directory, check=True)


class TestObjects:
    def test_objects_and_archives(self, tmp_path: Path) -> None:
        (tmp_path / "part.S").write_text(ASSEMBLY)
        machine = ["-target", "riscv32-freestanding-none", "-mcpu=generic_rv32+m+a+c"]
        zig(tmp_path, "cc", "-c", *machine, "part.S", "-o", "part.o")
        zig(tmp_path, "ar", "rc", "part.a", "part.o")
        main = tmp_path / "main.c"
        main.write_text("int three(void); int main(void) { return three(); }")
        for extra in (tmp_path / "part.o", tmp_path / "part.a"):
            assert run(open_image(build([main, extra], tmp_path / "out.elf"))) == (3, b"")


class TestWarnings:
    SOURCE = "int main(void) { int unused; return 0; }\n"

    def test_they_are_pythons(self, tmp_path: Path) -> None:
        (tmp_path / "guest.c").write_text(self.SOURCE)
        with pytest.warns(BuildWarning, match=r"guest\.c:1:22: warning: .*'unused'") as caught:
            build([tmp_path / "guest.c"], tmp_path / "guest.elf", flags=["-Wall"])
        assert (tmp_path / "guest.elf").exists()
        assert [warning.filename for warning in caught] == [__file__]

    def test_they_can_be_heard(self, tmp_path: Path) -> None:
        (tmp_path / "guest.c").write_text(self.SOURCE)
        heard: list[str] = []
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            build([tmp_path / "guest.c"], tmp_path / "a.elf", flags=["-Wall"], say=heard.append)
            build([tmp_path / "guest.c"], tmp_path / "b.elf")
        (text,) = heard
        assert "guest.c:1:22: warning: " in text

    def test_our_own_options_cause_none(self, tmp_path: Path) -> None:
        for suffix in ("s", "S", "c", "cpp", "zig"):
            (tmp_path / f"empty{suffix}.{suffix}").write_text("\n")
        heard: list[str] = []
        build(sorted(tmp_path.iterdir()), tmp_path / "guest.elf", say=heard.append)
        assert heard == []


class TestFailures:
    def write(self, directory: Path, text: str, name: str = "guest.c") -> Path:
        path = directory / name
        path.write_text(text)
        return path

    def test_the_compilers_words(self, tmp_path: Path) -> None:
        source = self.write(tmp_path, "int main(void) {\n  return missing;\n}\n")
        with pytest.raises(BuildError, match=r"guest\.c:2:10: error: .*'missing'"):
            build([source], tmp_path / "guest.elf")
        assert not (tmp_path / "guest.elf").exists()

    def test_the_linkers_words(self, tmp_path: Path) -> None:
        source = self.write(tmp_path, "int gone(void); int main(void) { return gone(); }")
        with pytest.raises(BuildError, match="undefined symbol: gone"):
            build([source], tmp_path / "guest.elf")

    def test_a_failure_leaves_the_last_output(self, tmp_path: Path) -> None:
        output = self.write(tmp_path, "old", "guest.elf")
        with pytest.raises(BuildError):
            build([self.write(tmp_path, "syntax error")], output)
        assert output.read_text() == "old"

    def test_an_unknown_suffix(self, tmp_path: Path) -> None:
        with pytest.raises(BuildError, match=r"guest\.rs: unknown kind of source; give .*\.cpp"):
            build([self.write(tmp_path, "", "guest.rs")], tmp_path / "guest.elf")

    def test_a_missing_source(self, tmp_path: Path) -> None:
        with pytest.raises(BuildError, match=r"nowhere\.c: no such file"):
            build([tmp_path / "nowhere.c"], tmp_path / "guest.elf")

    def test_nothing_to_build(self, tmp_path: Path) -> None:
        with pytest.raises(BuildError, match="nothing to build"):
            build([], tmp_path / "guest.elf")

    def test_a_missing_directory(self, tmp_path: Path) -> None:
        source = self.write(tmp_path, "int main(void) { return 0; }")
        with pytest.raises(BuildError, match="its directory does not exist"):
            build([source], tmp_path / "nowhere" / "guest.elf")

    @pytest.mark.parametrize("wrong", [{"platform": "newlib"}, {"xlen": 16}])
    def test_an_unknown_target(self, tmp_path: Path, wrong: Any) -> None:
        with pytest.raises(BuildError, match="choose bare or linux, 32 or 64"):
            build([tmp_path / "guest.c"], tmp_path / "guest.elf", **wrong)

    def test_a_missing_compiler(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
        with pytest.raises(BuildError, match=r"pip install simfw\[cc\]"):
            build([tmp_path / "guest.c"], tmp_path / "guest.elf")

    def test_a_name_that_looks_like_an_option(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("--help.c").write_text("int main(void) { return 6; }")
        assert run(open_image(build(["--help.c"], "guest.elf"))) == (6, b"")


LINUX = """
#include <stdio.h>
static int twice(int x) { return 2 * x; }
int (*functions[])(int) = {twice};
int main(int argc, char **argv) { printf("%s %d\\n", argv[0], functions[0](argc)); return 0; }
"""


@pytest.mark.slow
def test_linux_guests(make: Builder) -> None:
    """The first build on a machine compiles musl, for most of a minute."""
    image = make(64, c=LINUX, options=(("platform", "linux"),))
    assert (image.is_linux, image.pie, image.float_abi) == (True, False, "double")
    assert image.program_headers is not None
    assert image.symbols.find("functions").size == 8
    found = image.symbols.at(image.symbols.find("main").address + 4)
    assert found is not None
    assert (found[0].name, found[1]) == ("main", 4)
