"""The ready-made backcalls of belt guests: included in a program, called through their stubs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backcalls
from backcalls.block import block
from backcalls.frame import frame
from backcalls.operand import operand
from backcalls.peek import peek
from backcalls.poke import poke
from backcalls.text import text
from conasm import load
from simfw import (
    NONE,
    ArgumentError,
    BindError,
    Machine,
    MemoryFault,
    NaR,
    NaRFault,
    RangeError,
    open_image,
    outcall,
)
from simfw.tools.stubs import stubs_are_current

DIRECTORY = Path(backcalls.__file__).parent
UNITS = ("peek", "poke", "block", "text", "operand", "frame")
SOURCE = "\n".join(
    [
        *(f'include "backcalls/{name}.cas";' for name in UNITS),
        'D("data") zero(256);',
        'F("main"); stackf(64); call0("act"); retn();',
        'F("act") outcall(0);',
        'F("any") outcall(0, d); F("wide") outcall(0, q);',
        'F("width_of_any"); call1("any") %x; call1("operand_width", %x) %w, retn(%w);',
        'F("width_of_wide"); call1("wide") %x; call1("operand_width", %x) %w, retn(%w);',
        'F("state_of_any"); call1("any") %x; call1("operand_state", %x) %s, retn(%s);',
        *(
            f'F("width_of_{letter}"); con(7, {letter}) %x; call1("operand_width", %x) %w, retn(%w);'
            for letter in "bhwdq"
        ),
        'F("undeclared_state") %x; call1("operand_state", %x) %s, retn(%s);',
        'F("undeclared_width") %x; call1("operand_width", %x) %s, retn(%s);',
        'L("takes_bytes"); backcall("void", "host", "takes_bytes", "bytes"); retn();',
        'F("look_at") outcall(1);',
        'F("looks"); con(5, h) %h, con(0, b) %no, call1("any") %d;'
        ' nop(), pick(%no, %d) %none; call0("look_at", %h); call0("look_at", b7);'
        ' call0("look_at", %none), retn();',
        'F("looks_at_nar"); call0("look_at", b3), retn();',
        'F("state_of_unfilled"); call1("operand_state", b0) %s, retn(%s);',
    ]
)
IMAGES = {member: open_image(SOURCE.encode(), member=member) for member in ("tin", "silver")}


class Host:
    """What the program calls; a test says what it does."""

    def __init__(self) -> None:
        self.action = lambda focus: None
        self.operand: object = 0

    @outcall
    def look_at(self, focus, x) -> None:
        raise AssertionError("tests replace this")

    @outcall
    def act(self, focus) -> None:
        self.action(focus)

    @outcall("any")
    def any_operand(self, focus) -> object:
        return self.operand

    @outcall
    def wide(self, focus) -> object:
        return self.operand


@pytest.fixture
def host():
    return Host()


@pytest.fixture(params=IMAGES)
def machine(request, host):
    return Machine(IMAGES[request.param], plugins=[host])


@pytest.fixture
def data(machine):
    return machine.address_of("data")


# --- all


@pytest.mark.parametrize("name", UNITS)
def test_the_stubs_are_those_of_the_declarations(name):
    stubs = (DIRECTORY / f"{name}.py").read_text()
    assert stubs_are_current(stubs, [load(DIRECTORY / f"{name}.cas")])


@pytest.mark.parametrize("name", UNITS)
def test_every_function_is_described(name):
    assert [one.label for one in load(DIRECTORY / f"{name}.cas").backcalls if not one.comment] == []


def test_a_program_without_the_function_says_so():
    machine = Machine(b'F("main"); retn();')
    with pytest.raises(BindError, match=r"stub of peek_b\(\) was called, but no symbol 'peek_b'"):
        peek.b(machine, 0)


# --- peek and poke

BYTES = bytes(range(0xF0, 0x100))


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (peek.b, 0xF1),
        (peek.h, 0xF2F1),
        (peek.w, 0xF4F3F2F1),
        (peek.d, 0xF8F7F6F5F4F3F2F1),
        (peek.q, 0x0FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1),
    ],
)
def test_peek(machine, data, read, value):
    machine.memory.write(data, BYTES + b"\x0f")
    if read is peek.q:
        value = int.from_bytes((BYTES + b"\x0f")[1:17], "little")
    assert read(machine, data + 1) == value


@pytest.mark.parametrize(
    ("write", "size"), [(poke.b, 1), (poke.h, 2), (poke.w, 4), (poke.d, 8), (poke.q, 16)]
)
def test_poke_writes_as_many_bytes_as_the_width(machine, data, write, size):
    write(machine, data + 3, int.from_bytes(BYTES[:size], "little"))
    assert machine.memory.read(data, 24) == bytes(3) + BYTES[:size] + bytes(21 - size)


def test_values_are_checked(machine, data):
    with pytest.raises(RangeError, match="uint8_t"):
        poke.b(machine, data, 256)


@pytest.mark.parametrize("call", [peek.w, lambda *args: poke.w(*args, 1)])
def test_a_bad_address_is_a_fault(machine, call):
    with pytest.raises(MemoryFault, match="0x10"):
        call(machine, 0x10)


def test_an_outcall_peeks_and_pokes(machine, data, host):
    def count(focus):
        poke.h(focus, data, peek.h(focus, data) + 258)

    host.action = count
    machine.call("main")
    machine.call("main")
    assert machine.memory.read(data, 3) == b"\x04\x02\0"


# --- blocks


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 31])
def test_blocks_of_the_host_are_copied(machine, data, count):
    content = bytes(range(1, 32))
    block.copy(machine, data + 5, content, count)
    assert machine.memory.read(data, 48) == (bytes(5) + content[:count]).ljust(48, b"\0")


@pytest.mark.parametrize("distance", [-20, -9, -8, -1, 0, 1, 3, 8, 20])
def test_blocks_that_overlap_are_copied(machine, data, distance):
    content = bytes(range(1, 28))
    machine.memory.write(data + 64, content)
    block.copy(machine, data + 64 + distance, data + 64, len(content))
    assert machine.memory.read(data + 64 + distance, len(content)) == content


@pytest.mark.parametrize("count", [0, 1, 8, 15, 40])
def test_blocks_are_filled(machine, data, count):
    block.fill(machine, data + 3, 0xA5, count)
    assert machine.memory.read(data, 48) == (bytes(3) + b"\xa5" * count).ljust(48, b"\0")


@pytest.mark.parametrize(
    ("a", "b", "difference"),
    [
        (b"", b"", 0),
        (b"abc", b"abc", 0),
        (b"abc", b"abd", -1),
        (b"\xff", b"\0", 255),
        (b"\0\x01", b"\0\x80", -127),
        (b"ax\0", b"ay\xff", -1),
    ],
)
def test_blocks_are_compared(machine, a, b, difference):
    assert block.compare(machine, a or b"-", b or b"+", len(a)) == difference


@pytest.mark.parametrize(
    ("value", "count", "place"), [(3, 5, 3), (3, 3, -1), (0, 5, 0), (9, 5, -1)]
)
def test_a_byte_is_found(machine, value, count, place):
    assert block.find(machine, bytes(range(5)), value, count) == place


# --- text


@pytest.mark.parametrize("content", ["", "a", "Grüße", "x" * 100])
def test_text_is_measured_and_copied(machine, data, content):
    assert text.length(machine, content) == len(content.encode())
    machine.memory.write(data, b"#" * 128)
    assert text.copy(machine, data, content) == len(content.encode())
    assert machine.memory.cstr(data) == content
    assert machine.memory.read(data + len(content.encode()) + 1, 1) == b"#"


@pytest.mark.parametrize(
    ("a", "b", "difference"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "ab", 99), ("ab", "abc", -99), (b"\xff", "a", 158)],
)
def test_text_is_compared(machine, a, b, difference):
    assert text.compare(machine, a, b) == difference


@pytest.mark.parametrize(("value", "place"), [("n", 2), ("e", 1), ("\0", 6), ("x", -1)])
def test_a_character_is_found(machine, value, place):
    assert text.find(machine, "penned", ord(value)) == place


def test_text_without_an_end_is_a_fault(machine, data):
    end = machine.memory.regions[-1].end
    machine.memory.write(end - 8, b"#" * 8)
    with pytest.raises(MemoryFault):
        text.length(machine, end - 8)


@given(content=st.binary(max_size=40), other=st.binary(max_size=40))
def test_bytes_of_any_kind(content, other):
    machine = Machine(IMAGES["tin"], plugins=[Host()])
    place = machine.address_of("data")
    size = min(len(content), len(other))
    block.copy(machine, place, content, len(content))
    assert machine.memory.read(place, len(content)) == content
    sign = block.compare(machine, content + b"?", other + b"!", size)
    ordered = (content[:size] > other[:size]) - (content[:size] < other[:size])
    assert (sign > 0) - (sign < 0) == ordered


# --- operands and frames


@pytest.mark.parametrize(("letter", "size"), [("b", 1), ("h", 2), ("w", 4), ("d", 8), ("q", 16)])
def test_the_width_of_an_operand(machine, letter, size):
    assert machine.call(f"width_of_{letter}") == size


def test_a_backcall_gets_operands_of_the_declared_width(machine):
    assert operand.width(machine, 1) == 8
    assert operand.state(machine, 1) == 0


@pytest.mark.parametrize(("special", "state"), [(NaR(), 1), (NONE, 2), (5, 0)])
def test_the_state_of_an_operand(machine, host, special, state):
    host.operand = special
    assert machine.call("state_of_any") == state
    assert machine.call("width_of_any") == (0 if state else 8)
    assert machine.call("width_of_wide") == (0 if state else 16)


@pytest.mark.parametrize(("special", "state"), [(NaR(), 1), (NONE, 2)])
def test_the_host_passes_a_special(machine, special, state):
    assert operand.state(machine, special) == state
    assert operand.width(machine, special) == 0
    assert machine.call("undeclared_state", special) == state


def test_an_outcall_passes_its_argument_on(machine, host):
    seen = []

    def look(focus, x):
        seen.append((x.width, focus.call("undeclared_state", x), focus.call("undeclared_width", x)))

    with machine.replace("look_at", look):
        machine.call("looks")
    assert seen == [(2, 0, 2), (1, 1, 0), (8, 2, 0)]


def test_a_special_is_as_wide_as_its_parameter(machine):
    def look(focus, x):
        operand.state(focus, x)

    with machine.replace("look_at", look), pytest.raises(ArgumentError, match="cannot be passed"):
        machine.call("looks_at_nar")


def test_text_is_no_special(machine):
    assert text.length(machine, "a") == 1
    with pytest.raises(NaRFault):
        text.length(machine, NaR())
    with pytest.raises(ArgumentError, match="bytes; NaR"):
        machine.call("takes_bytes", NaR())


def test_a_position_that_was_never_filled_is_a_nar(machine):
    assert machine.call("state_of_unfilled") == 1
    assert frame.is_fresh(machine) is True


def test_the_stack_of_the_interrupted_program(machine, host):
    stacks = [frame.stack(machine)]
    host.action = lambda focus: stacks.append(frame.stack(focus))
    machine.call("main")
    stacks.append(frame.stack(machine))
    assert stacks == [stacks[0], stacks[0] - 64, stacks[0]]
