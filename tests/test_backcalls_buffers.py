"""Buffers of the host that a called function writes to: brought back when it has returned."""

from __future__ import annotations

import array
import ctypes
from pathlib import Path

import pytest

from simfw import ArgumentError, BudgetExhausted, GuestExit, Machine, MemoryFault, outcall

SOURCE = """
    #include <simfw/guest.h>
    #include <stddef.h>
    #include <stdint.h>

    __attribute__((weak, noinline)) int ask(int n) { return n; }

    SIMFW_EXPORT void fill(char *at, size_t count, char with) { while (count--) *at++ = with; }
    SIMFW_EXPORT void twice(uint16_t *at, size_t count) { while (count--) *at++ *= 2; }
    SIMFW_EXPORT int copy(char *to, const char *from) {
        int n = 0;
        while ((to[n] = from[n])) n++;
        return n;
    }
    SIMFW_EXPORT void exchange(uint8_t *a, uint8_t *b) {
        uint8_t first = a[0], second = b[1];
        a[0] = second;
        b[1] = first;
    }
    SIMFW_EXPORT void constant(const uint8_t *at) { *(uint8_t *)at = 9; }
    SIMFW_EXPORT void counted(const uint8_t *at, size_t count) { *(uint8_t *)at = 9; }
    SIMFW_EXPORT int asks(uint8_t *at) { at[0] = 1; at[1] = (uint8_t)ask(7); return 5; }
    SIMFW_EXPORT void faults(uint8_t *at) { *at = 1; *(volatile int *)4 = 1; }
    SIMFW_EXPORT void leaves(uint8_t *at) { *at = 1; _exit(3); }
    SIMFW_EXPORT void spins(uint8_t *at) { *at = 1; for (;;) *(volatile uint8_t *)at; }
    int main(void) { return 0; }
"""

SPEC = """
F("ask") outcall(1, "int", "int");
L("fill");     backcall("void", "t", "fill", "char*", "size_t", "char");
L("twice");    backcall("void", "t", "twice", "uint16_t*", "size_t");
L("copy");     backcall("int", "t", "copy", "char*", "const char*");
L("exchange"); backcall("void", "t", "exchange", "uint8_t*", "uint8_t*");
L("constant"); backcall("void", "t", "constant", "const uint8_t*");
L("counted");  backcall("void", "t", "counted", "bytes");
L("asks");     backcall("int", "t", "asks", "uint8_t*");
L("faults");   backcall("void", "t", "faults", "uint8_t*");
L("leaves");   backcall("void", "t", "leaves", "uint8_t*");
L("spins");    backcall("void", "t", "spins", "uint8_t*");
"""


class Host:
    """What `ask` does is `answer`."""

    def __init__(self) -> None:
        self.answer = lambda focus: 2

    @outcall
    def ask(self, focus, n: int) -> int:
        return self.answer(focus)


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def elf(request, build_guest) -> Path:
    return build_guest(SOURCE, xlen=request.param)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def machine(elf, host, tmp_path) -> Machine:
    spec = tmp_path / "buffers.cas"
    spec.write_text(SPEC)
    return Machine(elf, spec=spec, plugins=[host])


@pytest.fixture
def undeclared(elf) -> Machine:
    return Machine(elf)


def test_what_the_function_writes_comes_back(machine):
    text = bytearray(b"......")
    assert machine.call("fill", text, 3, ord("x")) is None
    assert text == b"xxx..."


def test_a_buffer_of_a_call_that_nothing_declares_comes_back(undeclared):
    text = bytearray(b"......")
    undeclared.call("fill", text, 3, ord("x"))
    assert text == b"xxx..."


@pytest.mark.parametrize(
    "buffer",
    [
        lambda data: array.array("H", data),
        lambda data: (ctypes.c_uint16 * 4).from_buffer_copy(data),
        lambda data: memoryview(bytearray(data)),
        lambda data: memoryview(bytearray(data)).cast("B", (4, 2)),
    ],
    ids=["array", "ctypes", "memoryview", "two-dimensional"],
)
def test_any_contiguous_buffer_comes_back(machine, buffer):
    data = buffer(b"\1\0\2\0\x80\1\5\0")
    machine.call("twice", data, 3)
    assert bytes(data) == b"\2\0\4\0\0\3\5\0"


def test_a_slice_of_a_buffer_comes_back_where_it_was(machine):
    text = bytearray(b"......")
    machine.call("fill", memoryview(text)[2:4], 2, ord("x"))
    assert text == b"..xx.."


def test_a_callee_that_runs_over_the_end_does_not_reach_the_host(machine):
    text = bytearray(b"...")
    machine.call("fill", text, 5, ord("x"))
    assert text == b"xxx"


def test_an_empty_buffer_is_one(machine):
    machine.call("fill", bytearray(), 0, 0)


def test_bytes_and_read_only_views_are_passed_one_way(machine):
    text = b"......"
    machine.call("fill", text, 3, ord("x"))
    machine.call("fill", memoryview(bytearray(text)).toreadonly(), 3, ord("x"))
    assert text == b"......"


@pytest.mark.parametrize("name", ["constant", "counted"])
def test_buffers_for_const_pointers_and_for_bytes_are_passed_one_way(machine, name):
    data = bytearray(b"\1\2")
    machine.call(name, data)
    assert data == b"\1\2"


def test_one_buffer_given_twice_is_one_place(machine):
    data = bytearray(b"\1\2")
    machine.call("exchange", data, data)
    assert data == b"\2\1"


def test_two_buffers_are_two_places(machine):
    a, b = bytearray(b"\1\2"), bytearray(b"\1\2")
    machine.call("exchange", a, b)
    assert (a, b) == (b"\2\2", b"\1\1")


def test_a_buffer_for_text_is_terminated(machine):
    text = bytearray(3)
    assert machine.call("copy", text, "ab") == 2
    assert text == b"ab\0"


def test_a_buffer_that_is_not_contiguous_is_refused(machine, undeclared):
    data = bytearray(8)
    with pytest.raises(ArgumentError, match=r"argument 1 of fill\(\): the buffer is not contig"):
        machine.call("fill", memoryview(data)[::2], 2, 1)
    with pytest.raises(ArgumentError, match="pass bytes"):
        undeclared.call("fill", memoryview(data)[::2], 2, 1)
    machine.call("counted", memoryview(data)[::2])
    assert data == bytes(8)


@pytest.mark.parametrize(
    ("name", "raised"),
    [("faults", MemoryFault), ("leaves", GuestExit), ("spins", BudgetExhausted)],
)
def test_nothing_comes_back_from_a_call_that_raises(machine, name, raised):
    data = bytearray(b"\7\7")
    with pytest.raises(raised):
        machine.call(name, data, budget=1000)
    assert data == b"\7\7"
    data.append(1)  # nothing holds it any more


def test_it_comes_back_when_the_function_returns_and_not_before(machine, host):
    data, seen = bytearray(b"\0\0"), []
    host.answer = lambda focus: seen.append(bytes(data)) or 2
    assert machine.call("asks", data) == 5
    assert (seen, data) == ([b"\0\0"], b"\1\2")


def test_nested_calls_have_buffers_of_their_own(machine, host):
    outer, inner = bytearray(2), bytearray(b"...")

    def answer(focus):
        focus.call("fill", inner, 2, ord("i"))
        return inner[0]

    host.answer = answer
    machine.call("asks", outer)
    assert (outer, inner) == (b"\1i", b"ii.")


def test_a_buffer_cannot_be_resized_while_the_guest_has_it(machine, host):
    data = bytearray(2)
    host.answer = lambda focus: data.append(1)
    with pytest.raises(BufferError):
        machine.call("asks", data)
    data.append(1)
    assert data == b"\0\0\1"


def test_a_pending_call_brings_its_buffer_back_in_the_end(machine):
    data = bytearray(2)
    call = machine.begin("asks", data)
    with pytest.raises(BufferError):
        data.append(1)
    while not call.advance(1):
        assert data == b"\0\0"
    assert (call.result, data) == (5, b"\1\2")
    data.append(1)


def test_a_cancelled_call_lets_its_buffer_go_as_it_was(machine):
    data = bytearray(2)
    call = machine.begin("asks", data)
    call.advance(3)
    call.cancel()
    data.append(1)
    assert data == b"\0\0\1"


def test_a_call_that_is_refused_holds_no_buffer(machine):
    data = bytearray(2)
    with pytest.raises(ArgumentError):
        machine.call("exchange", data, 1.5)
    data.append(1)


def test_a_belt_function_fills_a_buffer(tmp_path):
    unit = tmp_path / "poke.cas"
    unit.write_text(
        'L("poke"); backcall("void", "t", "poke", "uint8_t*", "uint8_t");\n'
        'F("poke") %p %v; store(%p, 1, %v), retn();\n'
        'F("main") retn();\n'
    )
    data = bytearray(b"...")
    Machine(unit).call("poke", data, ord("x"))
    assert data == b".x."
