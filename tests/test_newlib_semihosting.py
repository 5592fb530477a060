"""Semihosting requests, one by one, made by a guest for the host."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest

from simfw import GuestExit, Machine, MemoryFault, UnknownSyscall

OPEN, CLOSE, WRITEC, WRITE0, WRITE, READ, READC = range(1, 8)
ISERROR, ISTTY, SEEK, FLEN, TMPNAM, REMOVE, RENAME = 8, 9, 10, 12, 13, 14, 15
CLOCK, TIME, SYSTEM, ERRNO, GET_CMDLINE, HEAPINFO = 16, 17, 18, 19, 21, 22
EXIT, EXIT_EXTENDED, ELAPSED, TICKFREQ = 0x18, 0x20, 0x30, 0x31
ENOENT, EBADF, EACCES, EINVAL, EMFILE, ESPIPE = 2, 9, 13, 22, 24, 29
APPLICATION_EXIT, RUN_TIME_ERROR = 0x20026, 0x20023
SOURCE = Path(__file__).parent / "guests" / "newlib" / "asks.c"
WILD = 0x70000000


class Guest:
    """A program that makes the requests it is told.

    Its buffer holds the parameter block, from byte 64 on the data, and from byte 192 on a path.
    """

    def __init__(self, elf: Path, *args: str) -> None:
        self.machine = Machine(elf, args=args)
        self.block = self.machine.address_of("buffer")
        self.data = self.block + 64
        self.word = self.xlen // 8

    @property
    def xlen(self) -> int:
        return self.machine.memory.xlen

    def request(self, operation: int, parameter: int = 0) -> int:
        result = self.machine.call("request", operation, parameter)
        assert isinstance(result, int)
        return result

    def ask(self, operation: int, *fields: int) -> int:
        """Make a request with a parameter block."""
        block = b"".join(field.to_bytes(self.word, "little") for field in fields)
        self.machine.memory.write(self.block, block)
        return self.request(operation, self.block)

    def fields(self, address: int, count: int) -> list[int]:
        kind = f"u{self.xlen}"
        return [
            self.machine.memory.load(address + self.word * index, kind) for index in range(count)
        ]

    def open(self, name: bytes, mode: int) -> int:
        self.machine.memory.write(self.block + 192, name + b"\0")
        return self.ask(OPEN, self.block + 192, mode, len(name))

    def write(self, handle: int, data: bytes) -> int:
        self.machine.memory.write(self.data, data)
        return self.ask(WRITE, handle, self.data, len(data))

    def read(self, handle: int, count: int) -> bytes:
        left = self.ask(READ, handle, self.data, count)
        return self.machine.memory.read(self.data, count - left)

    @property
    def errno(self) -> int:
        return self.request(ERRNO)


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
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


# The console


def test_characters_and_strings_go_to_the_output(guest, capsysbinary):
    guest.machine.memory.write(guest.data, b"\xffeins\0zwei\0")
    guest.request(WRITEC, guest.data)
    guest.request(WRITE0, guest.data + 1)
    assert capsysbinary.readouterr().out == b"\xffeins"


def test_a_character_comes_from_the_input_and_minus_one_from_its_end(guest, stdin):
    stdin(b"a\xff")
    assert [guest.request(READC) for _ in range(3)] == [ord("a"), 255, -1]


def test_the_console_has_an_input_an_output_and_an_error_output(guest, stdin, capsys):
    stdin(b"line\nmore")
    reading, writing, appending = (guest.open(b":tt", mode) for mode in (0, 4, 8))
    assert min(reading, writing, appending) > 2
    assert guest.write(writing, b"out") == guest.write(appending, b"err") == 0
    assert capsys.readouterr() == ("out", "err")
    assert guest.read(reading, 5) == b"line\n"
    assert guest.read(reading, 50) == b"more"
    assert guest.read(reading, 50) == b""


def test_the_console_is_a_terminal_without_length_and_position(guest):
    handle = guest.open(b":tt", 4)
    assert guest.ask(ISTTY, handle) == 1
    assert guest.ask(FLEN, handle) == 0
    assert guest.ask(SEEK, handle, 0) == -1
    assert guest.errno == ESPIPE


def test_the_console_has_no_twelfth_mode(guest):
    assert guest.open(b":tt", 12) == -1
    assert guest.errno == EINVAL


# Handles


def test_a_closed_handle_is_none(guest):
    handle = guest.open(b":tt", 4)
    assert guest.ask(CLOSE, handle) == 0
    assert guest.ask(CLOSE, handle) == -1
    assert guest.errno == EBADF


@pytest.mark.parametrize("operation", [CLOSE, FLEN, ISTTY, SEEK, READ, WRITE])
def test_what_takes_a_handle_refuses_a_number_that_is_none(guest, operation):
    assert guest.ask(operation, 77, guest.data, 1) == -1
    assert guest.errno == EBADF


def test_handles_end(guest):
    handles = [guest.open(b":tt", 0) for _ in range(62)]
    assert handles[-1] == -1
    assert guest.errno == EMFILE
    assert len(set(handles)) == 62
    guest.ask(CLOSE, handles[3])
    assert guest.open(b":tt", 0) == handles[3]


def test_handles_are_those_of_one_program(elf):
    one, other = Guest(elf), Guest(elf)
    handle = one.open(b":tt", 4)
    assert other.ask(ISTTY, handle) == -1
    assert (one.errno, other.errno) == (0, EBADF)


# Files and extensions


@pytest.mark.parametrize(("mode", "error"), [(0, ENOENT), (3, ENOENT), (4, EACCES), (8, EACCES)])
def test_files_cannot_be_opened(guest, mode, error):
    assert guest.open(b"/etc/passwd", mode) == -1
    assert guest.errno == error


@pytest.mark.parametrize("operation", [TMPNAM, REMOVE, RENAME, SYSTEM])
def test_the_hosts_files_and_its_shell_are_out_of_reach(guest, operation):
    assert guest.ask(operation, guest.data, 0, 0, 0) == -1
    assert guest.errno == EACCES


def test_the_extensions_are_a_file_to_read(guest):
    handle = guest.open(b":semihosting-features", 1)
    assert guest.ask(FLEN, handle) == 5
    assert guest.ask(ISTTY, handle) == 0
    assert guest.read(handle, 4) == b"SHFB"
    assert guest.read(handle, 10) == b"\x03"
    assert guest.ask(SEEK, handle, 2) == 0
    assert guest.read(handle, 2) == b"FB"
    assert guest.ask(SEEK, handle, 6) == -1


@pytest.mark.parametrize("mode", [2, 4, 8])
def test_the_extensions_cannot_be_written(guest, mode):
    assert guest.open(b":semihosting-features", mode) == -1


# The program's surroundings


def test_the_command_line_is_the_name_and_the_arguments(elf):
    guest = Guest(elf, "one", "zwei ü")
    assert guest.ask(GET_CMDLINE, guest.data, 128) == 0
    address, length = guest.fields(guest.block, 2)
    expected = f"{elf.name} one zwei ü"
    assert (address, length) == (guest.data, len(expected.encode()))
    assert guest.machine.memory.cstr(guest.data) == expected


def test_a_command_line_that_does_not_fit_is_refused(elf):
    name = len(elf.name)
    guest = Guest(elf)
    assert guest.ask(GET_CMDLINE, guest.data, name) == -1
    assert guest.ask(GET_CMDLINE, guest.data, name + 1) == 0


def test_heap_and_stack_are_where_they_are(guest):
    assert guest.ask(HEAPINFO, guest.data) == 0
    heap, heap_end, stack, stack_end = guest.fields(guest.data, 4)
    regions = {region.name: region for region in guest.machine.memory.regions}
    assert (heap, heap_end) == (regions["ram"].address, regions["ram"].end)
    assert stack_end == regions["stack"].address
    assert stack_end < stack < regions["stack"].end
    assert stack % 16 == 0


# Errors


def test_a_result_below_zero_is_an_error(guest):
    minus_one = (1 << guest.xlen) - 1
    assert [guest.ask(ISERROR, status) for status in (0, 1, minus_one)] == [0, 0, 1]


@pytest.mark.parametrize("operation", [0, 0x0B, 0x17, 0x19, 0x32, 0x100, 0x7FFFFFFF])
def test_an_unknown_operation_is_an_error(guest, operation):
    with pytest.raises(UnknownSyscall, match=f"semihosting operation {operation:#x}"):
        guest.request(operation)


@pytest.mark.parametrize(
    "operation", [OPEN, CLOSE, WRITEC, WRITE0, WRITE, READ, ISERROR, GET_CMDLINE, HEAPINFO, ELAPSED]
)
def test_a_wild_parameter_is_a_fault(guest, operation):
    with pytest.raises(MemoryFault, match="0x70000000"):
        guest.request(operation, WILD)


def test_a_wild_length_is_a_fault_and_writes_nothing(guest, capsys):
    with pytest.raises(MemoryFault, match="leaves region"):
        guest.ask(WRITE, 1, guest.data, (1 << guest.xlen) - 1)
    assert capsys.readouterr().out == ""


# Time


def test_the_time_is_the_hosts(guest):
    before = int(time.time())
    assert before <= guest.request(TIME) <= time.time()


def test_the_clock_begins_when_the_program_is_loaded(guest):
    assert 0 <= guest.request(CLOCK) < 6_000
    assert guest.request(TICKFREQ) == 1_000_000
    times = []
    for _ in range(2):
        assert guest.request(ELAPSED, guest.data) == 0
        times.append(guest.machine.memory.load(guest.data, "u64"))
    assert 0 < times[0] < times[1] < 60_000_000


# Ends


def exits(guest: Guest, operation: int, *fields: int) -> int:
    with pytest.raises(GuestExit) as caught:
        guest.ask(operation, *fields)
    return caught.value.status


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (3, 3), (0xFFFFFFFF, -1)])
def test_an_extended_exit_has_a_status(guest, status, expected):
    assert exits(guest, EXIT_EXTENDED, APPLICATION_EXIT, status) == expected


def test_an_end_for_another_reason_has_status_1(guest):
    assert exits(guest, EXIT_EXTENDED, RUN_TIME_ERROR, 0) == 1


def test_an_exit_has_a_status_on_rv64_and_a_reason_alone_on_rv32(guest):
    if guest.xlen == 64:
        assert exits(guest, EXIT, APPLICATION_EXIT, 3) == 3
        return
    for reason, status in ((APPLICATION_EXIT, 0), (RUN_TIME_ERROR, 1)):
        with pytest.raises(GuestExit) as caught:
            guest.request(EXIT, reason)
        assert caught.value.status == status
