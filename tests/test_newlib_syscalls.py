"""The system calls of platform `newlib`, one by one, made by a guest for the host."""

from __future__ import annotations

import contextlib
import io
import struct
import sys
import time
from pathlib import Path

import pytest

from simfw import GuestExit, Machine, MemoryFault, UnknownSyscall

EXIT, READ, WRITE, CLOSE, LSEEK, FSTAT, BRK = 93, 63, 64, 57, 62, 80, 214
OPEN, OPENAT, STAT, LSTAT, FSTATAT, ACCESS, FACCESSAT = 1024, 56, 1038, 1039, 79, 1033, 48
LINK, UNLINK, TIMES, GETTIMEOFDAY, CLOCK_GETTIME64 = 1025, 1026, 153, 169, 403
ENOENT, EBADF, EACCES, ESPIPE = -2, -9, -13, -29
SOURCE = Path(__file__).parent / "guests" / "newlib" / "asks.c"
WILD = 0x70000000


class Guest:
    """A program that makes the calls it is told."""

    def __init__(self, elf: Path, memory: int = 256 << 20) -> None:
        self.machine = Machine(elf, platform="newlib", memory=memory)
        self.buffer = self.machine.address_of("buffer")
        self.process = self.machine.processes[0]

    def ask(self, number: int, *operands: int) -> int:
        padded = [*operands, 0, 0, 0, 0][:4]
        result = self.machine.call("ask", number, *padded)
        assert isinstance(result, int)
        return result

    def write(self, descriptor: int, data: bytes) -> int:
        self.machine.memory.write(self.buffer, data)
        return self.ask(WRITE, descriptor, self.buffer, len(data))

    def text(self, data: bytes) -> int:
        """Leaves a path in the guest."""
        self.machine.memory.write(self.buffer + 128, data + b"\0")
        return self.buffer + 128

    def read(self, count: int) -> bytes:
        return self.machine.memory.read(self.buffer, count)


@pytest.fixture(params=[32, 64])
def xlen(request):
    return request.param


@pytest.fixture
def elf(build_guest, xlen):
    return build_guest(SOURCE, xlen=xlen)


@pytest.fixture
def guest(elf):
    return Guest(elf)


@pytest.fixture
def stdin(monkeypatch):
    def give(stream: object) -> None:
        monkeypatch.setattr(sys, "stdin", stream)

    return give


# Ends


@pytest.mark.parametrize("number", [93, 94])
def test_exit_ends_the_program(guest, number):
    with pytest.raises(GuestExit) as caught:
        guest.ask(number, 5)
    assert caught.value.status == 5


def test_a_system_call_that_nobody_serves_is_an_error(guest):
    with pytest.raises(UnknownSyscall, match="system call 172"):
        guest.ask(172)


# The heap


def test_the_heap_begins_behind_the_variables_and_ends_with_the_ram(guest):
    start, end = guest.process.heap_start, guest.process.heap_end
    assert guest.ask(BRK, 0) == start == (guest.machine.address_of("_end") + 4095) & -4096
    assert end - start == 64 << 20


def test_brk_moves_the_end_of_the_heap(guest):
    start = guest.ask(BRK, 0)
    assert guest.ask(BRK, start + 10_000) == start + 10_000
    assert guest.ask(BRK, 0) == start + 10_000 == guest.process.break_
    guest.machine.memory.write(start, bytes(10_000))
    assert guest.ask(BRK, start) == start


@pytest.mark.parametrize("end", [1, 0x10000, WILD])
def test_a_heap_that_cannot_end_there_stays_as_it_is(guest, end):
    start = guest.ask(BRK, 0)
    assert guest.ask(BRK, end) == start


def test_the_heap_ends_exactly_where_the_ram_does(guest):
    end = guest.process.heap_end
    assert guest.ask(BRK, end + 1) == guest.process.heap_start
    assert guest.ask(BRK, end) == end


def test_the_heap_is_smaller_where_the_memory_limit_is(elf):
    guest = Guest(elf, memory=3 << 20)
    size = guest.process.heap_end - guest.process.heap_start
    assert (1 << 20) < size < (2 << 20)
    assert guest.ask(BRK, guest.process.heap_end) == guest.process.heap_end


# Output


def test_output_and_error_output_are_the_hosts(guest, capsysbinary):
    assert guest.write(1, b"out\xff\0\n") == 6
    assert guest.write(2, b"\x80err") == 4
    assert capsysbinary.readouterr() == (b"out\xff\0\n", b"\x80err")


def test_output_keeps_its_place_among_the_hosts_own(guest, capfd):
    print("a", end="")
    guest.write(1, b"b")
    print("c", end="")
    guest.write(1, b"d")
    assert capfd.readouterr().out == "abcd"


def test_a_text_stream_gets_characters_whole(guest):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        for byte in "ü€".encode():
            guest.write(1, bytes([byte]))
        guest.write(1, b"\xff.")
    assert text.getvalue() == "ü€\ufffd."


def test_a_host_without_output_is_a_closed_descriptor(guest, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert guest.write(1, b"x") == EBADF


@pytest.mark.parametrize("descriptor", [0, 3, -1, 1 << 30])
def test_writing_takes_a_descriptor_that_is_open_for_it(guest, descriptor):
    assert guest.write(descriptor, b"x") == EBADF


@pytest.mark.parametrize("length", [16, 0xFFFFFFFF])
def test_writing_from_a_wild_pointer_is_a_fault(guest, length, capsys):
    with pytest.raises(MemoryFault, match=rf"{length} bytes at 0x70000000"):
        guest.ask(WRITE, 1, WILD, length)
    assert capsys.readouterr().out == ""


# Input


def test_reading_gives_what_is_there(guest, stdin):
    stdin(io.TextIOWrapper(io.BytesIO(b"ab\xff")))
    assert guest.ask(READ, 0, guest.buffer, 2) == 2
    assert guest.read(2) == b"ab"
    assert guest.ask(READ, 0, guest.buffer, 100) == 1
    assert guest.read(1) == b"\xff"
    assert guest.ask(READ, 0, guest.buffer, 100) == 0


def test_reading_from_a_text_stream_gives_its_bytes(guest, stdin):
    stdin(io.StringIO("ü€\nrest"))
    assert guest.ask(READ, 0, guest.buffer, 3) == 3
    assert guest.read(3) == b"\xc3\xbc\xe2"
    assert guest.ask(READ, 0, guest.buffer, 100) == 3
    assert guest.ask(READ, 0, guest.buffer, 100) == 4


def test_reading_nothing_waits_for_nothing(guest, stdin):
    stdin(None)
    assert guest.ask(READ, 0, guest.buffer, 0) == 0


def test_a_host_without_input_is_at_its_end(guest, stdin):
    stdin(None)
    assert guest.ask(READ, 0, guest.buffer, 10) == 0


def test_a_read_to_a_wild_pointer_is_a_fault_and_loses_nothing(guest, stdin):
    stdin(io.TextIOWrapper(io.BytesIO(b"input")))
    with pytest.raises(MemoryFault, match="write of 5 bytes at 0x70000000"):
        guest.ask(READ, 0, WILD, 5)
    assert guest.ask(READ, 0, guest.buffer, 5) == 5
    assert guest.read(5) == b"input"


@pytest.mark.parametrize("descriptor", [1, 2, 3, -1])
def test_reading_takes_a_descriptor_that_is_open_for_it(guest, descriptor):
    assert guest.ask(READ, descriptor, guest.buffer, 1) == EBADF


# Descriptors


def test_a_closed_descriptor_is_closed_for_this_program_alone(elf, capsys):
    one, other = Guest(elf), Guest(elf)
    assert one.ask(CLOSE, 1) == 0
    assert one.ask(CLOSE, 1) == one.write(1, b"x") == one.ask(FSTAT, 1, one.buffer) == EBADF
    assert other.write(1, b"y") == 1
    print("z")
    assert capsys.readouterr().out == "yz\n"


def test_the_heap_of_one_program_is_not_that_of_another(elf):
    one, other = Guest(elf), Guest(elf)
    start = one.ask(BRK, 0)
    one.ask(BRK, start + 4096)
    assert other.ask(BRK, 0) == start


@pytest.mark.parametrize("descriptor", [0, 1, 2])
def test_the_console_is_a_character_device(guest, descriptor):
    guest.machine.memory.write(guest.buffer, b"\xaa" * 144)
    assert guest.ask(FSTAT, descriptor, guest.buffer) == 0
    status = guest.read(144)
    mode, links = struct.unpack_from("<II", status, 16)
    size, block_size = struct.unpack_from("<qi", status, 48)
    assert (mode & 0o170000, links, size, block_size) == (0o020000, 1, 0, 1024)
    assert status[128:] == b"\xaa" * 16


def test_the_console_has_no_position(guest):
    assert guest.ask(LSEEK, 1, 0, 1) == ESPIPE
    assert guest.ask(LSEEK, 3, 0, 1) == EBADF


# Files


@pytest.mark.parametrize(("flags", "error"), [(0, ENOENT), (1, EACCES), (2, EACCES), (513, EACCES)])
def test_files_cannot_be_opened(guest, flags, error):
    path = guest.text(b"/etc/passwd")
    assert guest.ask(OPEN, path, flags, 0o644) == error
    assert guest.ask(OPENAT, -100, path, flags, 0o644) == error


def test_there_are_no_files(guest):
    path, status = guest.text(b"caf\xe9"), guest.buffer
    assert guest.ask(STAT, path, status) == guest.ask(LSTAT, path, status) == ENOENT
    assert guest.ask(FSTATAT, -100, path, status, 0) == guest.ask(ACCESS, path, 0) == ENOENT
    assert guest.ask(FACCESSAT, -100, path, 0, 0) == guest.ask(UNLINK, path) == ENOENT
    assert guest.ask(LINK, path, path) == ENOENT


def test_a_path_at_a_wild_pointer_is_a_fault(guest):
    with pytest.raises(MemoryFault, match="0x70000000"):
        guest.ask(OPEN, WILD, 0, 0)


# Time


def test_the_time_of_day_is_the_hosts(guest, xlen):
    layout = "<qi" if xlen == 32 else "<qq"
    before = time.time()
    assert guest.ask(GETTIMEOFDAY, guest.buffer) == 0
    seconds, microseconds = struct.unpack_from(layout, guest.read(16))
    assert before - 0.001 <= seconds + microseconds / 1e6 <= time.time()


def test_the_time_of_day_in_64_bits_is_the_hosts(guest):
    before = time.time()
    assert guest.ask(CLOCK_GETTIME64, 0, guest.buffer) == 0
    seconds, nanoseconds = struct.unpack("<qq", guest.read(16))
    assert before - 0.001 <= seconds + nanoseconds / 1e9 <= time.time()


def test_a_programs_time_begins_when_it_is_loaded(guest, xlen):
    ticks = guest.ask(TIMES, guest.buffer)
    layout = "<4I" if xlen == 32 else "<4Q"
    assert struct.unpack_from(layout, guest.read(32)) == (ticks, 0, 0, 0)
    assert 0 <= ticks < 60_000_000
    assert guest.ask(TIMES, guest.buffer) > ticks


# Start-up code


def test_a_trap_vector_can_be_set_and_stays_zero(guest):
    assert guest.machine.call("set_trap_vector", 0x10000) == 0
