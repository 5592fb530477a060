"""Programs with picolibc, which ask by semihosting: shipped ones, and new ones (`-m tools`)."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

from simfw import Breakpoint, GuestExit, LoadError, Machine, StopKind

GUESTS = Path(__file__).parent / "guests" / "newlib"


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The directory of newly built programs; fails where the toolchain is missing."""
    directory = tmp_path_factory.mktemp("newlib")
    subprocess.run([GUESTS / "build.sh", directory], check=True)
    return directory


@pytest.fixture(params=["shipped", pytest.param("built", marks=pytest.mark.tools)])
def directory(request):
    return GUESTS if request.param == "shipped" else request.getfixturevalue("built")


@pytest.fixture(params=[32, 64])
def elf(request, directory):
    return directory / f"picolibc{request.param}.elf"


@pytest.fixture
def stdin(monkeypatch):
    """Sets what is on standard input."""

    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def status(elf: Path, *args: str) -> int | None:
    stop = Machine(elf, args=args).run(budget=5_000_000)
    assert stop.kind is StopKind.EXITED
    return stop.status


def test_it_prints(elf, capsys):
    assert status(elf) == 0
    assert capsys.readouterr() == ("hello: 42\n", "")


def test_it_gets_its_arguments(elf, capsys):
    assert status(elf, "arguments", "one", "two") == 0
    assert capsys.readouterr().out == "<one>\n<two>\n"


@pytest.mark.parametrize("number", [0, 7, 255, -3])
def test_its_status_is_what_it_exits_with(elf, number):
    assert status(elf, "exit", str(number)) == number


def test_abort_is_128_and_the_signal(elf):
    assert status(elf, "abort") == 128 + 6


def test_its_heap_is_the_ram_below_its_stack_and_ends(elf, capsys):
    assert status(elf, "heap") == 0
    expected = "ENOMEM 1, more than 9 blocks 1, the last one holds 1\n"
    assert capsys.readouterr().out == expected


def test_it_reads_standard_input_to_the_end(elf, stdin, capsys):
    stdin(b"3 4\n-20 6")
    assert status(elf, "sum") == 0
    assert capsys.readouterr().out == "-7\n"


def test_what_it_does_not_read_is_there_for_the_next(elf, stdin, capsys):
    stdin(b"1 2 x 4\n")
    status(elf, "sum")
    assert sys.stdin.read() == " 4\n"
    assert capsys.readouterr().out == "3\n"


@pytest.mark.parametrize(("mode", "error"), [("r", "ENOENT"), ("r+", "EACCES"), ("w", "EACCES")])
def test_it_has_no_files(elf, mode, error, capsys):
    assert status(elf, "open", mode) == 0
    assert capsys.readouterr().out == f"{error}\n"


def test_its_output_is_exact_to_the_byte(elf, capsysbinary):
    assert status(elf, "bytes") == 0
    assert capsysbinary.readouterr().out == bytes(range(256))


def test_its_output_goes_to_text_streams_as_well(elf):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        assert status(elf) == 0
    assert text.getvalue() == "hello: 42\n"


def test_it_knows_the_time(elf):
    assert status(elf, "time") == 0


def test_its_functions_can_be_called_after_its_end(elf):
    machine = Machine(elf)
    machine.run()
    address = machine.call("duplicate", "käse")
    assert machine.memory.cstr(address) == "käse"


def test_an_exit_in_a_call_is_an_exception(elf):
    machine = Machine(elf)
    with pytest.raises(GuestExit) as caught:
        machine.call("exit", 9)
    assert caught.value.status == 9


def test_the_platform_is_found_out(elf):
    assert Machine(elf).processes[0].platform.name == "newlib"


def test_another_platform_says_who_serves_semihosting(elf):
    machine = Machine(elf, platform="bare")
    with pytest.raises(Breakpoint, match="platform 'newlib'"):
        machine.run()


def test_ram_beyond_the_limit_is_refused(elf):
    with pytest.raises(LoadError, match="raise memory="):
        Machine(elf, memory=(1 << 20) + 40_000)
