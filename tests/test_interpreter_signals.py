"""Interruptions lose no instruction and run none twice, wherever they arrive.

Python delivers signals where a function begins and after calls of built-in ones. Both kinds of
place are tried one after the other, with a profiling function that raises; and real signals are
sent at random moments.
"""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from attrs import define

import simfw
from simfw.engine.interp import BUDGET, Interpreter
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import isa
from simfw.riscv.rv_a import A
from simfw.riscv.rv_i import I
from simfw.riscv.rv_m import M

CODE, SIZE, DATA = 0x1_0000, 0x1000, 0x2_0800
ALL = Permissions.READ | Permissions.WRITE | Permissions.EXECUTE
T0, T1, T2, A0, A1, A2, S0, S1 = 5, 6, 7, 10, 11, 12, 8, 9
"""s0 points to data beside code, s1 to data in a page of which a part is mapped."""

ADD = I["addi"].encode(rd=A0, rs1=A0, imm12=1)
AMO = A["amoadd.w"].encode(rd=A1, rs1=S0, rs2=A0)
AMO_APART = A["amoadd.w"].encode(rd=A1, rs1=S1, rs2=A0)
CHANGE = I["xor"].encode(rd=T0, rs1=T0, rs2=T1), I["sw"].encode(rs1=S0, rs2=T0, simm12=-0x3FC)
"""Turn `addi a0, a0, 1` at the end of a loop into `addi a0, a0, 3`, or back."""

PROGRAMS = {
    "plain": [ADD, I["slli"].encode(rd=A1, rs1=A0, shamtw=3), ADD],
    "an atomic beside code": [ADD, AMO, AMO],
    "an atomic in part of a page": [ADD, AMO_APART, AMO_APART],
    "a reservation": [
        A["lr.w"].encode(rd=A1, rs1=S0),
        ADD,
        A["sc.w"].encode(rd=A2, rs1=S0, rs2=A0),
        I["add"].encode(rd=A0, rs1=A0, rs2=A2),
    ],
    "misaligned accesses": [
        I["lw"].encode(rd=A1, rs1=S1, imm12=1),
        I["add"].encode(rd=A1, rs1=A1, rs2=A0),
        I["sw"].encode(rs1=S1, rs2=A1, simm12=3),
    ],
    "divisions": [
        ADD,
        M["div"].encode(rd=A1, rs1=A0, rs2=T0),
        M["rem"].encode(rd=A1, rs1=A0, rs2=A1),
    ],
    "changing code": [*CHANGE, ADD],
    "an atomic that changes code": [
        I["addi"].encode(rd=A2, rs1=S0, imm12=-0x3FC),
        A["amoxor.w"].encode(rd=A1, rs1=A2, rs2=T1),
        I["add"].encode(rd=A2, rs1=A2, rs2=A1),
        ADD,
    ],
    "leaving": [ADD, I["ecall"].encode(), ADD, I["ecall"].encode()],
    "a long block": [ADD] * 40,
}  # fmt: skip


@define
class Outcome:
    x: list[int]
    pc: int
    left: int
    data: bytes
    leaves: int


class Guest:
    """A program in a loop, with the instruction that `CHANGE` changes at the loop's end."""

    def __init__(self, xlen: int, words: list[int]) -> None:
        base = 0 if xlen == 32 else CODE
        self.memory = Memory(xlen, base=base, span=1 << 32 if xlen == 32 else 1 << 20)
        self.memory.map(CODE, SIZE, ALL, "code and data")
        self.memory.map(DATA, 0x100, Permissions.READ | Permissions.WRITE, "part of a page")
        loop = [*words, I["jal"].encode(jimm20=0x100 - 4 * len(words))]
        end = [I["addi"].encode(), ADD, I["jal"].encode(jimm20=-0x108)]
        for address, part in ((CODE, loop), (CODE + 0x100, end)):
            code = b"".join(word.to_bytes(4, "little") for word in part)
            self.memory.initialise(address, code)
        self.engine = Interpreter(RiscvFrontEnd(isa(xlen), self.memory), self.memory)
        x = self.engine.x
        x[S0], x[S1], x[T0], x[T1] = CODE + 0x500, DATA + 0x40, ADD, 2 << 20
        self.pc, self.left, self.leaves = CODE, 0, 0

    def run(self, budget: int, interruptions: Callable[[], object] = lambda: None) -> Outcome:
        """Run on, over all interruptions, until the budget is used up."""
        engine, self.left = self.engine, budget
        while self.left:
            engine.pc, engine.left = self.pc, self.left
            interruptions()
            try:
                may_interrupt[0] = True
                reached = engine.execute(self.pc, self.left)
                may_interrupt[0] = False
                self.pc, self.left = reached.next, engine.left
                self.leaves += reached.reason != BUDGET
            except Interruption:
                may_interrupt[0] = False
                assert engine.pc in range(CODE, CODE + SIZE)
                self.pc, self.left = engine.pc, engine.left
        data = self.memory.read(CODE, SIZE) + self.memory.read(DATA, 0x100)
        return Outcome(list(engine.x), self.pc, self.left, data, self.leaves)


class Interruption(BaseException):
    """What an interruption raises, as Ctrl-C raises KeyboardInterrupt."""


may_interrupt = [False]
"""Whether the engine is running: an interruption elsewhere is no business of these tests."""


OURS = (str(Path(simfw.__file__).parent), "<runner", "<factory")


def is_engine(frame: FrameType) -> bool:
    """Not the garbage collector's callbacks of others, in which exceptions are lost."""
    return may_interrupt[0] and frame.f_code.co_filename.startswith(OURS)


# Every place


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


def places(xlen: int, words: list[int], budget: int) -> int:
    guest = Guest(xlen, words)
    with interrupted_at(0) as count:
        guest.run(budget)
    return count[0]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("xlen", [32, 64])
def test_an_interruption_at_every_place(xlen, name):
    words = PROGRAMS[name]
    budget = 2 * len(words) + 8  # two rounds: the second meets what the first translated
    expected = Guest(xlen, words).run(budget)
    total = places(xlen, words, budget)
    assert total > 30
    for place in range(1, total + 1):
        guest = Guest(xlen, words)
        with interrupted_at(place):
            outcome = guest.run(budget)
        assert outcome == expected, f"interrupted at {place} of {total}"


# Any moment


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


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("xlen", [32, 64])
def test_signals_at_random_moments(xlen, name):
    words, budget, total = PROGRAMS[name], 5000, 0
    expected = Guest(xlen, words).run(budget)
    with real_interruptions(random.Random(f"{name}{xlen}")) as (order, arrived):
        while arrived[0] < 40:
            assert Guest(xlen, words).run(budget, order) == expected
            total += 1
            assert total < 1000, "signals do not arrive"


def test_an_interruption_before_the_first_instruction_leaves_what_the_caller_set():
    guest = Guest(32, PROGRAMS["plain"])
    guest.engine.pc, guest.engine.left = CODE, 9
    with interrupted_at(1), pytest.raises(Interruption):
        may_interrupt[0] = True
        guest.engine.execute(CODE, 9)
    may_interrupt[0] = False
    assert (guest.engine.pc, guest.engine.left, guest.engine.x[A0]) == (CODE, 9, 0)


def test_ctrl_c_is_an_interruption():
    guest = Guest(32, PROGRAMS["plain"])
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    with pytest.raises(KeyboardInterrupt):
        guest.engine.execute(CODE, 1 << 60)
    done = (1 << 60) - guest.engine.left
    assert guest.engine.x == Guest(32, PROGRAMS["plain"]).run(done).x
