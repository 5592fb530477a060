"""`backcalls.libc`: the guest's own C library, called by the host."""

from __future__ import annotations

from pathlib import Path

import pytest

import backcalls.libc
from backcalls.libc import libc
from conasm import load
from simfw import BindError, Machine, RangeError, outcall
from simfw.tools.stubs import stubs_are_current

GUESTS = Path(__file__).parent / "guests" / "newlib"
STUBS = Path(backcalls.libc.__file__)


@pytest.fixture(params=[32, 64])
def machine(request):
    return Machine(GUESTS / f"picolibc{request.param}.elf")


def test_the_stubs_are_those_of_the_declarations():
    assert stubs_are_current(STUBS.read_text(), [load(str(STUBS.with_suffix(".cas")))])


def test_memory_of_the_guests_heap_is_for_the_host_to_use(machine):
    address = libc.malloc(machine, 6)
    machine.memory.write(address, b"abcdef")
    address = libc.realloc(machine, address, 10_000)
    assert machine.memory.read(address, 6) == b"abcdef"
    libc.free(machine, address)
    assert libc.malloc(machine, 10_000) == address


def test_memory_that_the_heap_does_not_have_is_0(machine):
    assert libc.malloc(machine, 1 << 30) == 0


def test_calloc_gives_zeros(machine):
    used = libc.malloc(machine, 64)
    libc.memset(machine, used, 0xAA, 64)
    libc.free(machine, used)
    assert machine.memory.read(libc.calloc(machine, 16, 4), 64) == bytes(64)


def test_bytes_are_copied_into_the_guest(machine):
    address = libc.malloc(machine, 8)
    assert libc.memcpy(machine, address, b"12345678", 8) == address
    assert libc.memmove(machine, address + 2, address, 6) == address + 2
    assert machine.memory.read(address, 8) == b"12123456"
    assert libc.memchr(machine, address, ord("3"), 8) == address + 4


def test_text_of_the_host_and_of_the_guest_are_compared(machine):
    address = libc.malloc(machine, 8)
    machine.memory.write(address, b"text\0")
    assert libc.strlen(machine, address) == 4
    assert libc.strcmp(machine, address, "text") == 0
    assert libc.strcmp(machine, "tex", address) < 0
    assert libc.strncmp(machine, address, "teil", 2) == 0
    assert libc.memcmp(machine, b"\xff\0", b"\xfe\0", 2) > 0
    assert libc.strchr(machine, address, ord("x")) == address + 2


def test_numbers_in_texts_are_read(machine):
    end = libc.malloc(machine, 8)
    assert libc.atoi(machine, " -42.") == -42
    assert libc.strtol(machine, "-0x1f rest", end, 0) == -31
    assert libc.strtoul(machine, "777", 0, 8) == 0o777
    assert libc.abs(machine, -(2**31) + 1) == 2**31 - 1


def test_arguments_are_checked(machine):
    with pytest.raises(RangeError, match="size_t"):
        libc.malloc(machine, -1)


def test_an_outcall_gives_the_guest_a_copy_on_its_heap():
    class Namer:
        @outcall("duplicate")
        def name(self, focus, text: str) -> int:
            address = libc.malloc(focus, len(text) + 1)
            focus.memory.write(address, text.upper().encode() + b"\0")
            return address

    machine = Machine(GUESTS / "picolibc32.elf")
    with machine.replace("duplicate", Namer().name):
        assert machine.memory.cstr(machine.call("duplicate", "text")) == "TEXT"


def test_a_guest_without_the_function_says_so(build_guest):
    machine = Machine(build_guest("int main(void) { return 0; }"))
    with pytest.raises(BindError, match=r"stub of malloc\(\) was called, but no symbol 'malloc'"):
        libc.malloc(machine, 8)


def test_another_declaration_of_a_function_is_a_disagreement(tmp_path):
    spec = tmp_path / "mine.cas"
    spec.write_text('L("malloc") backcall("void*", "libc", "malloc", "int");')
    machine = Machine(GUESTS / "picolibc32.elf", spec=spec)
    with pytest.raises(BindError, match="written for another declaration"):
        libc.malloc(machine, 8)
