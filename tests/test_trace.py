"""Traces: a line an instruction, for any guest, switched on and off at any time."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from simfw import BudgetExhausted, Focus, Machine, NaRFault, Outcalls

Served = Callable[..., Any]


def machine(text: str, **functions: Served) -> Machine:
    calls = Outcalls("host", optional=True)
    for name, function in functions.items():
        calls.outcall(name)(function)
    return Machine(text.encode(), plugins=[calls])


def lines(file: io.StringIO) -> list[str]:
    found = file.getvalue().splitlines()
    file.seek(0)
    file.truncate()
    return found


# --- belts

LOOP = """
F("f") %n; con(0, w) %s; br("loop", %n, %s);
L("loop") %n %s; mul(%n, %n) %q, sub(%n, 1) %m, eql() %z; nop(); nop(); add(%s, %q) %t;
    brtr(%z, "done", %t), br("loop", %m, %t);
L("done") %t; retn(%t);
"""
LOOP_TRACE = """\
  enter f: [2:w]
  f.0 con: [0:w, 2:w]
  f.1 br: [0:w, 2:w]
  -> loop: [2:w, 0:w]
  loop.0 mul, sub, eql: [0:b, 1:w, 2:w, 0:w] inflight 1
  loop.1 nop: [0:b, 1:w, 2:w, 0:w] inflight 1
  loop.2 nop: [4:w, 0:b, 1:w, 2:w, 0:w]
  loop.3 add: [4:w, 4:w, 0:b, 1:w, 2:w, 0:w]
  loop.4 brtr, br: [4:w, 4:w, 0:b, 1:w, 2:w, 0:w]
  -> loop: [1:w, 4:w]
  loop.0 mul, sub, eql: [1:b, 0:w, 1:w, 4:w] inflight 1
  loop.1 nop: [1:b, 0:w, 1:w, 4:w] inflight 1
  loop.2 nop: [1:w, 1:b, 0:w, 1:w, 4:w]
  loop.3 add: [5:w, 1:w, 1:b, 0:w, 1:w, 4:w]
  loop.4 brtr, br: [5:w, 1:w, 1:b, 0:w, 1:w, 4:w]
  -> done: [5:w]
  done.0 retn: [5:w]
  return [5:w]
""".splitlines()


def test_a_trace_shows_instructions_with_belts():
    guest, file = machine(LOOP), io.StringIO()
    guest.trace(to=file)
    assert guest.call("f", 2) == 5
    assert lines(file) == LOOP_TRACE


def test_a_trace_is_the_same_in_portions_of_any_size():
    guest, file = machine(LOOP), io.StringIO()
    guest.trace(to=file)
    for size in range(1, 8):
        pending = guest.begin("f", 2)
        while not pending.advance(size):
            pass
        assert lines(file) == LOOP_TRACE


def test_an_outcall_switches_it_on_and_off():
    text = """
    F("look") outcall(1);
    F("f") %a; call1("g", %a) %b; call0("look", %b); add(%b, 1) %c; call1("g", %c) %d;
        call0("look", %d); nop(); retn(%d);
    F("g") %x; add(%x, %x), retn(b0);
    """
    file = io.StringIO()
    state = {"on": False}

    def look(focus: Focus, value: int) -> None:
        state["on"] = not state["on"]
        focus.trace(state["on"], to=file)

    assert machine(text, look=look).call("f", 1) == 6
    assert lines(file) == [
        "    return []",
        "  f.1 call0: [2:w, 1:w]",
        "  f.2 add: [3:w, 2:w, 1:w]",
        "    enter g: [3:w]",
        "    g.0 add, retn: [6:w, 3:w]",
        "    return [6:w]",
        "  f.3 call1: [6:w, 3:w, 2:w, 1:w]",
        "    enter look: [6:w]",
    ]


def test_outcalls_and_calls_of_the_host_are_frames_of_their_own():
    text = """
    F("ask") outcall(1, w);
    F("f") %a; call1("ask", %a) %b; retn(%b);
    F("g") %x; add(%x, 1), retn(b0);
    """
    file = io.StringIO()
    guest = machine(text, ask=lambda focus, a: focus.call("g", a))
    guest.trace(to=file)
    guest.call("f", 1)
    assert lines(file) == [
        "  enter f: [1:w]",
        "    enter ask: [1:w]",
        "      enter g: [1:w]",
        "      g.0 add, retn: [2:w, 1:w]",
        "      return [2:w]",
        "    return [2:w]",
        "  f.0 call1: [2:w, 1:w]",
        "  f.1 retn: [2:w, 1:w]",
        "  return [2:w]",
    ]


def test_an_instruction_that_faults_has_no_line():
    guest, file = machine('F("f") %a; addx(%a, 1); store(%a, 0, b0), retn();'), io.StringIO()
    guest.trace(to=file)
    with pytest.raises(NaRFault):
        guest.call("f", 2**31 - 1)
    assert lines(file) == [
        "  enter f: [2147483647:w]",
        "  f.0 addx: [NaR(overflow):w, 2147483647:w]",
    ]
    with pytest.raises(BudgetExhausted):
        guest.call("f", 1, budget=1)
    assert lines(file) == ["  enter f: [1:w]", "  f.0 addx: [2:w, 1:w]"]


def test_what_is_not_traced_costs_nothing():
    guest, file = machine(LOOP), io.StringIO()
    process = guest.processes[0]
    plain = process.execute
    guest.trace(to=file)
    guest.trace(False)
    assert process.execute == plain
    assert guest.call("f", 2) == 5
    assert lines(file) == []


def test_without_a_file_it_goes_to_standard_error(capsys):
    guest = machine('F("f"); retn();')
    guest.trace()
    guest.call("f")
    assert capsys.readouterr().err.splitlines() == [
        "  enter f: []",
        "  f.0 retn: []",
        "  return []",
    ]


def test_a_file_that_cannot_be_written_ends_the_call():
    guest, file = machine(LOOP), io.StringIO()
    guest.trace(to=file)
    file.close()
    with pytest.raises(ValueError, match="closed file"):
        guest.call("f", 2)
    guest.trace(False)
    assert guest.call("f", 2) == 5


# --- RISC-V

ADD = "int add(int a, int b) { return a + b; }\nint main(void) { return add(1, 2); }"


@pytest.mark.parametrize("xlen", [32, 64])
def test_a_trace_shows_instructions_with_the_registers_that_change(build_guest, xlen):
    guest, file = (
        Machine(build_guest(ADD, xlen=xlen, flags=("-fomit-frame-pointer",))),
        io.StringIO(),
    )
    guest.trace(to=file)
    assert guest.call("add", 5, 8) == 13
    first, *_, last = lines(file)
    digits, address = xlen // 4, guest.address_of("add")
    assert first.split()[:2] == [f"{address:#0{digits + 2}x}", "add"]
    assert first.split()[-1] == "a0=0xd"
    assert last.split()[1:] == ["add+0x2", "ret"]


def test_a_trace_shows_calls_of_the_host(build_guest):
    source = "int ask(int x) { return x; }\nint twice(int x) { return ask(x) + ask(x + 1); }"
    elf = build_guest(source, flags=("-fno-inline", "-fno-ipa-cp"), optimize="-O0")
    guest, file = Machine(elf), io.StringIO()
    with guest.replace("ask", lambda focus, x: x.signed):
        guest.trace(to=file)
        assert guest.call("twice", 4) == 9
        guest.trace(False)
    found = lines(file)
    assert sum(line.strip() == "outcall ask" for line in found) == 2
    assert len(found) == guest.instructions


def test_the_same_instructions_are_run_with_and_without(build_guest):
    source = """
    int collatz(int n) {
        int steps = 0;
        while (n != 1) { n = n % 2 ? 3 * n + 1 : n / 2; steps++; }
        return steps;
    }
    """
    guest = Machine(build_guest(source))
    assert guest.call("collatz", 27) == 111
    count = guest.instructions
    file = io.StringIO()
    guest.trace(to=file)
    assert guest.call("collatz", 27) == 111
    assert len(lines(file)) == guest.instructions - count == count
    assert sys.getrecursionlimit() >= 1000
