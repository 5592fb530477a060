"""Interruptions leave a belt program between two operations, wherever they arrive.

As for RISC-V code, both kinds of place where Python delivers signals are tried one after the
other, and real signals are sent at random moments.
"""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import simfw
from simfw import Machine
from simfw.belt.metadata import Operand, operands_of, passed_of
from simfw.belt.micro import LINK, OPERANDS, SP
from simfw.engine.interp import HOOK

TEXT = """
D("cells") d(0), d(0), d(0);
F("f") %n;
    scratchf(32), stackf(32), lea("cells") %p, con(0, w) %s;
    spill(0, %s), spill(8, %p), br("loop", %n, %p, %s);
L("loop") %n %p %s;
    divu(%s, %n) %q, addsx(%s, %n) %t, load(%p, 0, d, 1) %old, load(%p, 8, d, tag), sub(%n, 1) %m;
    eql(%m, 0) %z;
    addp(%old, 1) %new, calln(2, "g", %t, %m) %x %y;
    store(%p, 0, %new), fill(0, w) %f, pickup(tag) %v, shiftl(%y, 3) %w;
    store(%p, 8, %x), spill(0, %y), pick(%z, %x) %c, isNaR(%t) %k;
    calltrn(%z, 1, "g", %y, %k) %u;
    recur(%u, %w) %r;
    addx(%r, %r) %e;
    add(%q, %e) %g;
    brtr(%z, "done", %g, %v, %f), br("loop", %m, %p, %y);
L("done") %a %b %c;
    retn(%a, %b, %c, b7);
F("g") %a %b;
    stackf(16), lea(fp, 0) %p, mul(%a, %b) %m;
    store(%p, 0, %b), xorl(%a, %b) %c;
    load(%p, 0, w, 0) %l;
    nop(); retn(%m, %l, %c);
"""


class Interruption(BaseException):
    """What an interruption raises, as Ctrl-C raises KeyboardInterrupt."""


OURS = (str(Path(simfw.__file__).parent), "<runner", "<factory")
may_interrupt = [False]


def is_engine(frame: FrameType) -> bool:
    return may_interrupt[0] and frame.f_code.co_filename.startswith(OURS)


class Guest:
    """The program, called with 3 and run by the engine alone."""

    def __init__(self, *, traced: list[str] | None = None) -> None:
        self.pc = self.left = 0
        self.machine = Machine(TEXT.encode(), member="gold")
        self.process = self.machine.processes[0]
        self.engine = self.process.engine
        if traced is not None:
            self.machine.trace(to=Lines(traced))
        self.begin()

    def begin(self) -> None:
        """Make the call, as if it were the first."""
        x: list[Any] = self.engine.x
        x[SP] = self.process.stack_top
        self.machine.memory.write(self.machine.address_of("cells"), bytes(24))
        x[OPERANDS] = passed_of([Operand(3, 4)])
        x[LINK] = self.process.sentinel
        self.pc, self.left = self.machine.address_of("f"), 1000

    def run(self, interruptions: Callable[[], object] = lambda: None) -> tuple[object, ...]:
        """Run to the end, over all interruptions."""
        engine = self.engine
        while True:
            engine.pc, engine.left = self.pc, self.left
            interruptions()
            try:
                may_interrupt[0] = True
                reached = self.process.execute(self.pc, self.left)
                may_interrupt[0] = False
                self.pc, self.left = reached.pc, engine.left
                assert reached.reason is HOOK
                break
            except Interruption:
                may_interrupt[0] = False
                self.pc, self.left = engine.pc, engine.left
        memory = self.machine.memory
        cells = memory.read(self.machine.address_of("cells"), 24)
        results = list(map(str, operands_of(engine.x[OPERANDS])))
        return results, self.left, self.pc, cells, engine.x[:2]


class Lines:
    """A text file that keeps lines."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def write(self, text: str) -> None:
        self._lines.append(text)


@contextmanager
def interrupted_at(place: int) -> Iterator[list[int]]:
    """Raise at the given call or return of a built-in function; counts them."""
    count = [0]

    def profile(frame: FrameType, event: str, arg: object) -> None:
        if event in ("call", "c_return") and is_engine(frame):
            count[0] += 1
            if count[0] == place:
                raise Interruption

    sys.setprofile(profile)
    try:
        yield count
    finally:
        sys.setprofile(None)


def test_the_program_does_what_it_should():
    results, left, *_ = Guest().run()
    assert results == ["NaR(mismatched sizes):w", "4:d", "1:w", "NaR(invalid operand):b"]
    assert left == 1000 - 53


def test_an_interruption_at_every_place_of_code_that_is_made():
    guest = Guest()
    expected = guest.run()
    guest.begin()
    with interrupted_at(0) as count:
        assert guest.run() == expected
    assert count[0] > 200
    for place in range(1, count[0] + 1):
        guest.begin()
        with interrupted_at(place):
            outcome = guest.run()
        assert outcome == expected, f"interrupted at {place} of {count[0]}"


def interrupt_while_code_is_made(first: int, stride: int) -> None:
    expected = Guest().run()
    guest = Guest()
    with interrupted_at(0) as count:
        guest.run()
    for place in range(first, count[0] + 1, stride):
        guest = Guest()
        with interrupted_at(place):
            outcome = guest.run()
        assert outcome == expected, f"interrupted at {place} of {count[0]}"


IGNORED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Of interruptions that come while a generator is closed, where Python drops them."""


@IGNORED
def test_interruptions_while_code_is_made():
    interrupt_while_code_is_made(7, 101)


@IGNORED
@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 9))
def test_interruptions_at_many_places_while_code_is_made(first):
    interrupt_while_code_is_made(first, 16)


@contextmanager
def real_interruptions(rng: random.Random) -> Iterator[tuple[Callable[[], None], list[int]]]:
    """A function that orders a signal for a random moment, and how many arrived in the engine."""
    arrived = [0]

    def handle(number: int, frame: FrameType | None) -> None:
        if frame is not None and is_engine(frame):
            arrived[0] += 1
            raise Interruption

    def order() -> None:
        signal.setitimer(signal.ITIMER_REAL, rng.choice((2e-5, 1e-4, 5e-4)) * (0.1 + rng.random()))

    before = signal.signal(signal.SIGALRM, handle)
    try:
        yield order, arrived
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_signals_at_random_moments():
    expected = Guest().run()
    with real_interruptions(random.Random(1)) as (order, arrived):
        for _ in range(1000):
            assert Guest().run(order) == expected
            if arrived[0] > 60:
                return
    raise AssertionError("signals do not arrive")


def test_a_traced_program_may_be_interrupted_too():
    lines: list[str] = []
    expected = Guest(traced=lines).run()
    with real_interruptions(random.Random(2)) as (order, arrived):
        for _ in range(200):
            assert Guest(traced=[]).run(order) == expected
            if arrived[0] > 30:
                return
    raise AssertionError("signals do not arrive")


def test_a_program_with_calls_both_ways_ends_as_without_interruptions():
    """An outcall that was interrupted is made again; the program does not notice."""
    text = b"""
    F("host") outcall(1, w);
    F("main"); con(60, w) %n, con(0, w) %s; br("loop", %n, %s);
    L("loop") %n %s; call1("host", %n) %h, sub(%n, 1) %m, eql() %z, mul(%n, 3) %k;
        nop(); add(%s, %h) %t;
        xorl(%t, %k) %u; brfl(%z, "loop", %m, %u), retn(%u);
    F("back") %n; stackf(16), lea(fp, 0) %p; store(%p, 0, %n); load(%p, 0, w, 0) %x;
        add(%x, 1), retn(b0);
    """
    calls = simfw.Outcalls("host")
    calls.outcall("host")(lambda focus, n: focus.call("back", n))

    def run(order: Callable[[], object] = lambda: None) -> int | None:
        guest = Machine(text, plugins=[calls])
        while not guest.exited:
            order()
            try:
                may_interrupt[0] = True
                guest.run()
            except Interruption:
                pass
            finally:
                may_interrupt[0] = False
        return guest.status

    expected = run()
    with real_interruptions(random.Random(3)) as (order, arrived):
        for _ in range(400):
            assert run(order) == expected
            if arrived[0] > 100:
                return
    raise AssertionError("signals do not arrive")
