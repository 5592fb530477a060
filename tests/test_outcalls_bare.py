"""The system calls of platform `bare`: `exit` and `write`."""

from __future__ import annotations

import contextlib
import io
import sys

import pytest

from simfw import Machine, MemoryFault, UnknownSyscall

GUEST = """
#include <simfw/guest.h>
char text[64];
SIMFW_EXPORT long put(int file, const char *data, size_t size) { return write(file, data, size); }
SIMFW_EXPORT long ask(long number) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = 0;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
    return a0;
}
int main(int argc, char **argv) {
    write(1, "in main\\n", 8);
    return argc + 40;
}
"""


@pytest.fixture(params=[32, 64])
def elf(build_guest, request):
    return build_guest(GUEST, xlen=request.param)


@pytest.fixture
def machine(elf):
    return Machine(elf)


def put(machine: Machine, descriptor: int, data: bytes) -> object:
    text = machine.address_of("text")
    machine.memory.write(text, data)
    return machine.call("put", descriptor, text, len(data))


def test_a_program_writes_and_exits(elf, capsys):
    stop = Machine(elf, args=["one"]).run()
    assert (stop.status, capsys.readouterr().out) == (42, "in main\n")


def test_output_is_exact_to_the_byte(machine, capfdbinary):
    assert put(machine, 1, b"\xff\0\r\n\x80") == 5
    assert put(machine, 2, b"\xfe") == 1
    assert capfdbinary.readouterr() == (b"\xff\0\r\n\x80", b"\xfe")


def test_output_keeps_its_place_among_the_hosts_own(machine, capfd):
    print("a", end="")
    put(machine, 1, b"b")
    print("c", end="")
    put(machine, 1, b"d")
    assert capfd.readouterr().out == "abcd"


def test_a_text_stream_gets_characters_whole(machine):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        put(machine, 1, b"\xe2\x82")
        put(machine, 1, b"\xac\xff")
    assert text.getvalue() == "€\ufffd"


def test_an_unbuffered_stream_gets_all_of_it(machine, monkeypatch):
    class Slow(io.RawIOBase):
        """Takes two bytes a write, as a full pipe may."""

        def __init__(self) -> None:
            self.taken: list[bytes] = []

        def write(self, data) -> int:
            self.taken.append(bytes(data[:2]))
            return len(self.taken[-1])

    class Stream(io.StringIO):
        buffer = Slow()

    monkeypatch.setattr(sys, "stdout", Stream())
    assert put(machine, 1, b"abcde") == 5
    assert Stream.buffer.taken == [b"ab", b"cd", b"e"]


@pytest.mark.parametrize("descriptor", [0, 3, -1])
def test_there_are_two_descriptors(machine, descriptor):
    assert put(machine, descriptor, b"x") == -9


def test_a_host_without_a_stream_has_no_such_descriptor(machine, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert put(machine, 2, b"x") == -9


def test_a_wild_pointer_is_a_fault_and_writes_nothing(machine, capsys):
    with pytest.raises(MemoryFault, match="0x70000000"):
        machine.call("put", 1, 0x70000000, 8)
    with pytest.raises(MemoryFault, match="leaves region"):
        machine.call("put", 1, machine.address_of("text"), 0x7FFFFFFF)
    assert capsys.readouterr().out == ""


def test_other_system_calls_are_errors_that_name_the_two(machine):
    with pytest.raises(UnknownSyscall, match="system call 63 in ask") as caught:
        machine.call("ask", 63)
    assert "answer 64, 93" in caught.value.advice
    assert "platform='newlib'" in caught.value.advice
