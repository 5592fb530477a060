"""The belt programs print what they should, and their functions work when Python calls them."""

from __future__ import annotations

import io
import math
import runpy
from pathlib import Path

import pytest
from belt_stubs import belt

import conasm
from outcalls.console import Console
from simfw import Machine, MemoryFault, SpecError
from simfw.library import SEARCH
from simfw.tools.stubs import stubs_are_current

HERE = Path(__file__).resolve().parent
PRINTED = {
    "fibonacci": "0\n1\n1\n2\n3\n5\n8\n13\n21\n34\n55\n89\n144\n233\n377\n",
    "gcd": "21\n",
    "reverse": "amanaP :lanac a ,nalp a ,nam A\n",
    "matrix": "5 2 10\n14 5 22\n23 8 34\n",
    "strings": "None beyond this point\n22\n22\n",
}
ON_TIN = ("fibonacci", "gcd", "reverse")


def load(name: str, output: io.BytesIO | None = None, member: str = "silver") -> Machine:
    console = Console(output or io.BytesIO())
    return Machine(HERE / f"{name}.cas", plugins=[console], member=member)


@pytest.mark.parametrize(
    ("name", "member"),
    [(name, member) for name in PRINTED for member in ("silver", "gold")]
    + [(name, "tin") for name in ON_TIN],
)
def test_what_a_program_prints(name, member):
    output = io.BytesIO()
    assert load(name, output, member).run().status == 0
    assert output.getvalue().decode() == PRINTED[name]


@pytest.mark.parametrize("name", sorted(PRINTED.keys() - ON_TIN))
def test_a_belt_of_8_is_too_short_for_the_others(name):
    with pytest.raises(SpecError, match="has fallen off Tin's belt of 8"):
        load(name, member="tin")


def test_the_stubs_are_current():
    units = [conasm.load(HERE / f"{name}.cas", SEARCH) for name in PRINTED]
    assert stubs_are_current((HERE / "belt_stubs.py").read_text(), units)


# --- fibonacci, gcd


@pytest.mark.parametrize(
    ("n", "number"), [(0, 0), (1, 1), (2, 1), (10, 55), (93, 12200160415121876738)]
)
def test_fibonacci(n, number):
    assert belt.fibonacci(load("fibonacci"), n) == number


def test_the_recursion_gives_the_same_numbers():
    machine = load("fibonacci")
    numbers = [belt.recursive(machine, n) for n in range(12)]
    assert numbers == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89]


@pytest.mark.parametrize("a", [0, 1, 12, 2**32 - 1, 2**32 - 5])
@pytest.mark.parametrize("b", [0, 1, 18, 6 * 7 * 8, 2**31])
def test_gcd(a, b):
    assert belt.gcd(load("gcd"), a, b) == math.gcd(a, b)


# --- reverse, matrix


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "stressed"])
def test_reverse(text):
    content = bytearray(text.encode() + b"\0")
    belt.reverse(load("reverse"), content)
    assert content == text[::-1].encode() + b"\0"


def test_product():
    machine = load("matrix")
    a, b, c = ([1, -2, 3, 4], [5, 6, -7, 8], bytearray(16))
    packed = [b"".join(x.to_bytes(4, "little", signed=True) for x in each) for each in (a, b)]
    belt.product(machine, c, *packed, 2)
    numbers = [int.from_bytes(c[n : n + 4], "little", signed=True) for n in range(0, 16, 4)]
    assert numbers == [19, -10, -13, 50]


def test_a_matrix_without_rows():
    belt.product(load("matrix"), bytearray(4), b"-", b"-", 0)


# --- strings


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "abcd", "x" * 99])
def test_strlen_and_strcpy(text):
    machine = load("strings")
    target = bytearray(b"#" * (len(text) + 4))
    assert belt.strlen(machine, text) == len(text)
    assert belt.strcpy(machine, target, text) == len(text)
    assert target == text.encode() + b"\0###"


@pytest.mark.parametrize("text", [b"", b"a", b"ab", b"abc"])
def test_nothing_behind_the_string_is_touched(text):
    machine = load("strings")
    end = machine.memory.regions[-1].end
    with pytest.raises(MemoryFault):
        machine.memory.read(end, 1)
    place = end - len(text) - 1
    machine.memory.write(place, text + b"\0")
    assert belt.strlen(machine, place) == len(text)
    target = machine.address_of("target")
    assert belt.strcpy(machine, target, place) == len(text)
    assert belt.strcpy(machine, place, target) == len(text)


def test_a_string_without_an_end_is_a_fault():
    machine = load("strings")
    end = machine.memory.regions[-1].end
    machine.memory.write(end - 3, b"abc")
    with pytest.raises(MemoryFault, match="two"):
        belt.strlen(machine, end - 3)


# --- the program


def test_the_program(capfd):
    runpy.run_path(str(HERE / "main.py"), run_name="__main__")
    shown = capfd.readouterr().out
    for name, printed in PRINTED.items():
        assert f"{name}.cas prints:\n{printed}after " in shown
    assert "gcd.cas prints:\n21\nafter 40 instructions, 37 cycles\n" in shown
    assert shown.endswith(
        "fibonacci(90) = 2880067194370816120\n"
        "recursive(15) = 610\n"
        "gcd(2340, 684) = 36\n"
        "stressed, reversed: desserts\n"
        "the last element of the product: 34\n"
        "strlen(Gödel) = 6\n"
    )
