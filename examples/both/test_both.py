"""What one plugin makes of two kinds of guests is the same."""

from __future__ import annotations

import runpy
from pathlib import Path

import both_host
import pytest
from both_host import Words
from both_stubs import words

from simfw import Machine, StopKind

HERE = Path(__file__).resolve().parent
GUESTS = ("both.elf", "both_belt.cas")

PRINTED = """\
main() says that 'stone' has the hash c81958fa; backwards 21993786
main() says that 'Grüße' has the hash b8226e38; backwards aed681de
"""


def load(guest: str, *given: str) -> Machine:
    return Machine(HERE / guest, spec=HERE / "both.cas", plugins=[Words(given)])


@pytest.fixture(params=GUESTS)
def guest(request):
    return request.param


def fnv(data: bytes) -> int:
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 % 2**32
    return value


def test_both_programs_print_the_same(capsys):
    shown = []
    for guest in GUESTS:
        stop = load(guest, "stone", "Grüße").run()
        assert (stop.kind, stop.status) == (StopKind.EXITED, 2)
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert shown[0].splitlines()[0] == PRINTED.splitlines()[0]


def test_what_is_printed(guest, capsys):
    load(guest, "stone", "Grüße").run()
    assert capsys.readouterr().out == PRINTED


def test_no_words(guest, capsys):
    assert load(guest).run().status == 0
    assert capsys.readouterr().out == ""


def test_a_word_that_does_not_fit_is_cut(guest, capsys):
    load(guest, "incomprehensibilities").run()
    assert "'incomprehensibi'" in capsys.readouterr().out


@pytest.mark.parametrize("data", [b"", b"a", b"lizard", bytes(range(256)) * 4])
def test_the_host_asks_for_a_hash(guest, data):
    assert words.hash(load(guest), data) == fnv(data)


def test_outcalls_can_be_replaced(guest, capsys):
    machine = load(guest, "stone", "paper")
    with machine.replace("report", lambda focus, word, value: print(word.cstr())):
        machine.run()
    assert capsys.readouterr().out == "stone\npaper\n"


def test_the_guests_own_function_can_be_replaced(guest):
    machine = load(guest)
    with machine.replace("hash", lambda focus, data: 7):
        assert words.hash(machine, b"stone") == 7


def test_the_plugin_knows_no_guest():
    text = Path(both_host.__file__).read_text().lower()
    assert "belt" not in text and "risc" not in text and ".elf" not in text


def test_the_program(capsys):
    runpy.run_path(str(HERE / "main.py"), run_name="__main__")
    riscv, belt = capsys.readouterr().out.split("both_belt.cas (belt, from conAsm):\n")
    assert riscv == f"both.elf (RISC-V, from C):\n{belt}"
    assert belt.endswith("exited with status 3\nPython asks for a hash: a0a32c99\n\n")
