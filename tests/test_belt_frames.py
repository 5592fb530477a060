"""Frames of belt programs: calls of the host into them at any place, to any depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simfw import (
    ArgumentError,
    BudgetExhausted,
    CallDepthError,
    Focus,
    GuestFault,
    Machine,
    MemoryFault,
    Outcalls,
    StateError,
    StopKind,
)
from simfw.belt.state import BeltFrame

Served = Callable[..., Any]


def machine(text: str, *, max_depth: int = 200, **functions: Served) -> Machine:
    calls = Outcalls("host", optional=True)
    for name, function in functions.items():
        calls.outcall(name)(function)
    return Machine(text.encode(), plugins=[calls], max_depth=max_depth)


def stands(guest: Machine) -> tuple[BeltFrame, ...]:
    """Every frame of the program as it stands: belts, scratchpads, what is on its way."""
    return guest.belt_frames()


# --- a call in the middle of everything

INTERRUPTED = """
D("cell") w(11), w(12);
F("ask") outcall(1, w);
F("back") %x; scratchf(16), stackf(32), con(99, w) %v, lea("cell") %p, lea(fp, 0) %s;
    store(%p, 0, %v), store(%s, 0, %v), spill(0, %v), mul(%x, %x) %m, load(%p, 4, w, mine);
    fill(0, w), call1("ask2", %x) %y, divu(%x, %x);
    pickup(mine) %l; retn(%m);
F("ask2") outcall(1, w);
F("f") %a;
    scratchf(32), stackf(64), lea("cell") %p, lea(fp, 8) %s;
    store(%s, 0, %a), spill(0, %a), spill(8, %p), rd(noneh) %n;
    spill(16, %n), load(%p, 4, w, later), addx(%a, 0x7fffffff) %nar;
    mul(%a, 3) %m, divu(%a, 7) %q, load(%p, 0, w, 2) %late, add(%a, 1) %b;
    call1("ask", %b) %r1, call1("ask", %r1) %r2, sub(%a, 1) %c;
    fill(0, w) %fa, fill(8, d) %fp, fill(16, h) %fn;
    isNone(%fn) %none, isNaR(%nar) %isnar, pickup(later) %tagged, load(%s, 0, w, 0) %kept;
    nop(); nop(); nop(); nop();
    retn(%m, %q, %late, %r2, %c, %fa, %none, %isnar, %tagged, %kept);
"""


def test_a_call_leaves_the_interrupted_program_as_it_was():
    """Belt, results in flight, scratchpad, tags, stack and counters, at every level."""
    depths: list[int] = []

    def ask(focus: Focus, x: int) -> int:
        guest = focus.machine
        before, registers = stands(guest), dict(focus.registers)
        focus.memory.store(focus.address_of("cell"), "u32", 11)
        count = guest.instructions
        assert focus.call("back", x) == x * x
        assert guest.instructions == count + 5 + 1  # five of back's, and its outcall
        assert stands(guest) == before
        assert dict(focus.registers) == registers
        assert focus.memory.load(focus.address_of("cell"), "u32") == 99
        depths.append(len(before))
        return x + 1

    def ask2(focus: Focus, x: int) -> int:
        assert stands(focus.machine)[1].scratchpad[0].payload == 99
        return x

    guest = machine(INTERRUPTED, ask=ask, ask2=ask2)
    wanted = (30, 1, 99, 13, 9, 10, 1, 1, 12, 10)
    assert guest.call("f", 10) == wanted
    assert depths == [2, 2]


def test_what_stands_beneath_can_be_seen():
    seen: list[tuple[BeltFrame, ...]] = []

    def ask(focus: Focus, x: int) -> int:
        if not seen:
            seen.append(stands(focus.machine))
        return x

    guest = machine(INTERRUPTED, ask=ask, ask2=lambda focus, x: x)
    guest.call("f", 10)
    ((own, caller),) = seen
    assert (own.function, [str(operand) for operand in own.belt]) == ("ask", ["11:w"])
    assert (caller.function, caller.instruction, caller.in_flight) == ("f", 4, 3)
    assert [str(operand) for operand in caller.belt[:6]] == [
        "9:w", "11:w", "NaR(overflow):w", "None:h", f"{caller.stack_pointer + 8}:d", f"{0x10000}:d"
    ]  # fmt: skip
    assert {at: str(one) for at, one in caller.scratchpad.items()} == {
        0: "10:w", 8: f"{0x10000}:d", 16: "None:h"
    }  # fmt: skip
    assert caller.pending == ("later",)
    assert str(caller.position).endswith(":14:5")


def test_a_call_that_fails_leaves_it_as_it_was_too():
    text = INTERRUPTED + 'F("bad") %x; con(0, d); store(b0, 0, %x), retn(%x);'

    def ask(focus: Focus, x: int) -> int:
        before = stands(focus.machine)
        with pytest.raises(MemoryFault):
            focus.call("bad", x)
        with pytest.raises(BudgetExhausted):
            focus.call("back", x, budget=1)
        with pytest.raises(ArgumentError):
            focus.call("back", object())
        assert stands(focus.machine) == before
        return x + 1

    guest = machine(text, ask=ask, ask2=lambda focus, x: x)
    assert guest.call("f", 10)[:4] == (30, 1, 11, 13)


def test_calls_begun_and_left_are_discarded():
    def ask(focus: Focus, x: int) -> int:
        before = stands(focus.machine)
        pending = focus.begin("back", x)
        assert not pending.advance(1)
        assert stands(focus.machine)[0].function == "back"
        pending.cancel()
        assert stands(focus.machine) == before
        return x + 1

    guest = machine(INTERRUPTED, ask=ask, ask2=lambda focus, x: x)
    assert guest.call("f", 10)[2:4] == (11, 13)


# --- depth

DOWN = """
F("host") outcall(1, w);
F("down") %n; eql(%n, 0) %z; retntr(%z, %n); call1("guest", %n) %r; add(%r, 1); retn(b0);
F("guest") %n; sub(%n, 1) %m; call1("host", %m) %r; retn(%r);
"""


def test_host_and_guest_call_each_other_to_the_depth_that_is_allowed():
    guest = machine(DOWN, host=lambda focus, n: focus.call("down", n.signed))
    assert guest.call("down", 199) == 199
    with pytest.raises(CallDepthError, match="max_depth is 200"):
        guest.call("down", 200)
    assert guest.backtrace() == ()
    assert guest.call("down", 5) == 5


def test_the_backtrace_lists_all_levels():
    found: list[str] = []

    def host(focus: Focus, n: int) -> int:
        if n == 0:
            found.extend(map(str, focus.backtrace()))
        return focus.call("down", n)

    machine(DOWN, host=host).call("down", 2)
    lines = ["outcall host", "guest.1 (<bytes>:4:31)", "down.2 (<bytes>:3:46)", "backcall down"]
    assert found == 2 * lines


def test_recursion_is_bounded():
    guest = machine(
        'F("f") %n; add(%n, 1); call1("f", b0) %r; retn(%r); F("g"); con(7, w), retn(b0);'
    )
    with pytest.raises(GuestFault, match="belt frame stack full: [0-9]+ calls are active in f.1"):
        guest.call("f", 0)
    assert guest.call("g") == 7


def test_a_deep_recursion_ends_well():
    text = """
    F("f") %n; eql(%n, 0) %z, sub(%n, 1) %m; retntr(%z, %n);
        call1("f", %m) %r; add(%r, 1); retn(b0);
    """
    guest = machine(text)
    assert guest.call("f", 50_000) == 50_000


def test_results_and_arguments_that_are_not_there():
    text = """
    F("none"); retn();
    F("three") %a %b; isNaR(%b); retn(b0, %a, %a);
    F("f"); con(5, w) %v; lea("none") %p, lea("three") %q;
        calln(2, %p) %x %y; calln(1, %q, %v) %z; isNaR(%x), isNaR(%y);
        retn(b1, b0, %z);
    """
    assert machine(text).call("f") == (1, 1, 1)


# --- exceptions

LEVELS = """
F("host") outcall(1, w);
F("run") %n; mul(%n, 2) %m; call1("host", %n) %r; nop(); add(%r, %m); retn(b0);
"""


class Mistake(Exception):  # noqa: N818
    pass


def test_an_exception_passes_all_levels():
    def host(focus: Focus, n: int) -> int:
        if n == 0:
            raise Mistake("at the bottom")
        return focus.call("run", n - 1)

    guest = machine(LEVELS, host=host)
    with pytest.raises(Mistake, match="at the bottom") as caught:
        guest.call("run", 3)
    (note,) = caught.value.__notes__
    assert note == "called from the guest (4 times): run.1 (<bytes>:3:29) ← backcall run"
    assert guest.backtrace() == ()


def test_an_exception_may_be_caught_at_any_level():
    def host(focus: Focus, n: int) -> int:
        if n == 0:
            raise Mistake
        try:
            return focus.call("run", n - 1)
        except Mistake:
            return 1000 if n == 2 else focus.call("run", -1) if n == -5 else _again(n)

    def _again(n: int) -> int:
        raise Mistake

    guest = machine(LEVELS, host=host)
    assert guest.call("run", 4) == 1000 + 2 * 2 + 2 * 3 + 2 * 4


def test_a_fault_in_a_call_is_the_callers_exception():
    text = LEVELS + 'F("bad") %n; con(1, d); load(b0, 0, w, 0) %x; retn(%x);'

    def host(focus: Focus, n: int) -> int:
        with pytest.raises(MemoryFault, match=r"in bad\.1 \(<bytes>:4:") as caught:
            focus.call("bad", n)
        assert [frame.name for frame in caught.value.backtrace] == [
            "bad", "bad", "host", "run", "run"
        ]  # fmt: skip
        return 5

    assert machine(text, host=host).call("run", 1) == 7


def test_a_program_that_an_exception_left_tries_the_call_again():
    attempts: list[int] = []

    def host(focus: Focus, n: int) -> int:
        attempts.append(n)
        if len(attempts) < 3:
            raise Mistake
        return 10

    text = LEVELS + 'F("main"); con(4, w); call1("run", b0), retn(b0);'
    guest = machine(text, host=host)
    for _ in range(2):
        with pytest.raises(Mistake):
            guest.run()
        assert guest.backtrace()[0].name == "run"
    assert guest.run().status == 18
    # of main and run, the outcall, and the return of main to the host
    assert (attempts, guest.instructions) == ([4, 4, 4], 2 + 5 + 1 + 1)


# --- budgets

COUNTING = """
F("host") outcall(1, w);
F("main"); con(100, w); call1("run", b0) %r; retn(%r);
F("run") %n; con(0, w) %s; br("loop", %n, %s);
L("loop") %n %s; sub(%n, 1) %m, eql() %z, add(%s, %n) %t; call1("host", %t) %u;
    brfl(%z, "loop", %m, %u), retn(%u);
F("spin") %n; br("again"); L("again"); br("again");
"""


def test_every_budget_leads_to_the_same_end():
    def host(focus: Focus, n: int) -> int:
        return n

    whole = machine(COUNTING, host=host)
    status, count = whole.run().status, whole.instructions
    for budget in (1, 2, 3, 5, 7, 1000):
        guest = machine(COUNTING, host=host)
        stop = guest.run(budget=budget)
        while stop.kind is StopKind.BUDGET:
            assert guest.instructions % budget == 0
            stop = guest.run(budget=budget)
        assert (stop.status, guest.instructions) == (status, count)


def test_a_budget_counts_what_is_nested():
    def host(focus: Focus, n: int) -> int:
        with pytest.raises(BudgetExhausted):
            focus.call("spin", 1, budget=10)
        return n

    guest = machine(COUNTING, host=host)
    guest.call("run", 1)
    assert guest.instructions == 1 + 1 + 3 + 1 + 10


def test_an_endless_call_ends_with_the_budget_around_it():
    guest = machine(COUNTING, host=lambda focus, n: focus.call("spin", 1))
    with pytest.raises(BudgetExhausted):
        guest.call("run", 1, budget=1000)
    assert guest.instructions == 999  # the outcall is as if it had not begun
    assert guest.run(budget=500).kind is StopKind.BUDGET
    assert guest.instructions == 999 + 499


def test_calls_at_a_pause_leave_the_program_as_it_stands():
    guest = machine(COUNTING, host=lambda focus, n: n)
    for _ in range(40):
        assert guest.run(budget=1).kind is StopKind.BUDGET
        before = stands(guest)
        assert guest.call("run", 1) == 1
        assert stands(guest) == before


def test_run_is_refused_while_a_call_is_pending():
    guest = machine(COUNTING, host=lambda focus, n: n)
    pending = guest.begin("run", 3)
    pending.advance(4)
    with pytest.raises(StateError):
        guest.run()
    assert list(pending.slices(5))
    assert pending.result == 3 + 2 + 1


# --- who calls

CALLERS = """
F("who") outcall(0, w);
F("main"); call1("one") %a; call1("two") %b; call1("three") %c; shiftl(%b, 8), shiftl(%c, 16);
    orl(%a, b1); orl(b0, b1); retn(b0);
F("one"); call1("who") %r; retn(%r);
F("two"); call1("who") %r; retn(%r);
F("three"); call1("two") %r; add(%r, 1); retn(b0);
"""


def test_an_outcall_tells_processes_and_frames_apart():
    numbers = {"one": 1, "two": 2}

    def who(focus: Focus) -> int:
        assert focus.thread is focus.process.thread
        callers = focus.backtrace()[1:]
        place = numbers[focus.frame.caller.name] + 10 * len(callers)
        return place + (100 if focus.process is focus.machine.processes[1] else 0)

    guest = machine(CALLERS, who=who)
    calls = Outcalls("host")
    calls.outcall("who")(who)
    other = guest.load(CALLERS.encode(), plugins=[calls])
    guest.run()
    assert guest.processes[0].exited == 21 | 22 << 8 | 33 << 16
    assert other.exited == 121 | 122 << 8 | 133 << 16
