"""Closures of random graphs do what the IR means: precedence, masking, sharing, hoisting, order.

A graph is made from a list of small numbers, so that Hypothesis can make it smaller. It is built
twice, folded and plain, and each becomes a closure.
"""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from simfw.engine import closure
from simfw.engine.closure import factory
from simfw.engine.interp import Environment
from simfw.errors import MisalignedAccess
from simfw.ir.builder import BINARY, COMPARES, UNARY, Word, binary, const, resize, select, unary
from simfw.ir.builder import field as symbol
from simfw.ir.evaluate import End, Evaluation
from simfw.ir.layout import File, Layout
from simfw.ir.ops import I1, INTEGERS, Block, Effect, Slot, Type
from simfw.ir.spec import verify
from simfw.memory import Memory
from simfw.permissions import Permissions


def _fault(cause: str, value: int) -> MisalignedAccess:
    return MisalignedAccess(cause, address=value)


DATA, DATA_SIZE, PC = 0x1000, 0x1000, 0x8000
CONTENTS = bytes((n * 73 + 5) & 0xFF for n in range(DATA_SIZE))
FIELDS = ("rd", "rs1", "rs2", "simm", "uimm")


class Plain:
    """Builds as `builder` does, without folding."""

    @staticmethod
    def binary(op: str, a: Word, b: Word) -> Word:
        return Word(op, I1 if op in COMPARES else a.type, (a, b))

    @staticmethod
    def unary(op: str, a: Word) -> Word:
        return Word(op, a.type, (a,))

    @staticmethod
    def select(condition: Word, a: Word, b: Word) -> Word:
        return Word("select", a.type, (condition, a, b))

    @staticmethod
    def resize(op: str, a: Word, bits: int) -> Word:
        return a if bits == a.type.bits else Word(op, INTEGERS[bits], (a,))


class Folded:
    """Builds as records do."""

    binary, unary = staticmethod(binary), staticmethod(unary)
    select, resize = staticmethod(select), staticmethod(resize)


Step = tuple[int, int, int, int]
OPERATIONS = [*BINARY, *UNARY, "select", "resize", "resize", "load", "const"]
WIDTHS = list(INTEGERS)


class Graph:
    """A block of a few effects over a graph that `steps` describe."""

    def __init__(self, make: Any, xlen: int, steps: list[Step], ends: list[Step]) -> None:
        self.make, self.type = make, INTEGERS[xlen]
        self.effects: list[Effect] = []
        self.pc = symbol(self.type, "pc", is_signed=False)
        self.next = symbol(self.type, "next", is_signed=False)
        signed = symbol(self.type, "simm", is_signed=True)
        unsigned = symbol(self.type, "uimm", is_signed=False)
        self.pool = [self.get(index) for index in ("rs1", "rs2", "rd", 7)]
        self.pool += [signed, unsigned, self.pc, const(self.type, 3)]
        for step in steps:
            self.pool.append(self.node(*step))
        for number, step in enumerate(ends):
            self.end(*step, is_last=number == len(ends) - 1)
        self.block = Block(tuple(self.effects), self.pc, self.next)

    def get(self, index: int | str) -> Word:
        value = Word("get", self.type, (), Slot("x", index))
        self.effects.append(Effect("get", (), Slot("x", index), value))
        return value

    def pick(self, index: int, type: Type | None = None) -> Word:
        value = self.pool[-1 - index % len(self.pool)]
        return value if type is None else self.fit(value, type, index)

    def fit(self, value: Word, type: Type, choice: int) -> Word:
        widening = "sext" if choice & 1 else "zext"
        op = "trunc" if type.bits < value.type.bits else widening
        return self.make.resize(op, value, type.bits)

    def node(self, choice: int, i: int, j: int, k: int) -> Word:
        op, a = OPERATIONS[choice % len(OPERATIONS)], self.pick(i)
        match op:
            case "const":
                return const(INTEGERS[WIDTHS[j % len(WIDTHS)]], (k << i) - k)
            case "resize":
                return self.fit(a, INTEGERS[WIDTHS[j % len(WIDTHS)]], k)
            case "select":
                return self.make.select(self.pick(j, I1), a, self.pick(k, a.type))
            case "load":
                return self.load(self.address(a, j), 1 << k % 4)
            case "bswap" if a.type is I1:
                return a
            case op if op in UNARY:
                return self.make.unary(op, a)
            case "udiv" | "urem" | "sdiv" | "srem":
                return self.divide(op, a, self.pick(j, a.type))
        return self.make.binary(op, a, self.pick(j, a.type))

    def divide(self, op: str, a: Word, b: Word) -> Word:
        """Guarded, as every division of a record must be."""
        make, zero = self.make, const(a.type, 0)
        overflow = make.binary(
            "and",
            make.binary("eq", a, const(a.type, a.type.sign)),
            make.binary("eq", b, const(a.type, a.type.mask)),
        )
        guarded = make.select(overflow, a, make.binary(op, a, b))
        return make.select(make.binary("eq", b, zero), a, guarded)

    def address(self, value: Word, offset: int) -> Word:
        """Within the data, at any alignment."""
        low = self.make.binary("and", self.fit(value, self.type, 0), const(self.type, 0x3FF))
        return self.make.binary("add", low, const(self.type, DATA + offset))

    def load(self, address: Word, size: int) -> Word:
        value = Word("load", INTEGERS[8 * size])
        self.effects.append(Effect("load", (address,), (size, "read"), value))
        return value

    def end(self, choice: int, i: int, j: int, k: int, *, is_last: bool) -> None:
        """Stores and checks, then puts, then perhaps a jump: what the order of effects allows."""
        has_put = any(effect.kind == "put" for effect in self.effects)
        value = self.pick(i)
        match ("put", "store", "check", "jump", "branch")[choice % 5]:
            case "store" if not has_put:
                size = 1 << k % 4
                args = (self.address(self.pick(j), k), self.fit(value, INTEGERS[8 * size], j))
                condition = (self.pick(j, I1),) if k & 4 else ()
                self.effects.append(Effect("store", (*args, *condition), size))
            case "check" if not has_put:
                args = self.pick(i, I1), self.pick(j, self.type)
                self.effects.append(Effect("check", args, "checked"))
            case "jump" if is_last:
                self.effects.append(Effect("jump", (self.fit(value, self.type, 0),)))
            case "branch" if is_last:
                target = self.pick(j, self.type)
                self.effects.append(Effect("branch", (self.pick(k, I1), target, self.next)))
            case _:
                slot = Slot("x", ("rd", "rs1", 9, 0)[k % 4])
                self.effects.append(Effect("put", (self.fit(value, self.type, j),), slot))


LAYOUTS = {xlen: Layout({"x": File(0, 32, INTEGERS[xlen], 32)}, 33) for xlen in (32, 64)}
BASES = {32: 0, 64: 0x1000}


class Data:
    """Memory of an evaluation."""

    def __init__(self) -> None:
        self.bytes = bytearray(CONTENTS)

    def load(self, address: int, size: int) -> int:
        return int.from_bytes(self.bytes[address - DATA : address - DATA + size], "little")

    def store(self, address: int, size: int, value: int) -> None:
        self.bytes[address - DATA : address - DATA + size] = value.to_bytes(size, "little")


def memory_of(xlen: int) -> Memory:
    memory = Memory(xlen, base=BASES[xlen], span=1 << 32 if xlen == 32 else 1 << 16)
    memory.map(DATA, DATA_SIZE, Permissions.READ | Permissions.WRITE, "data")
    return memory


MEMORIES = {xlen: memory_of(xlen) for xlen in (32, 64)}


@frozen
class Outcome:
    end: End
    x: tuple[int, ...]
    data: bytes


def performed(block: Block, xlen: int, x: list[int], operands: dict[str, int]) -> Outcome:
    """What the closure of a block does."""
    memory, x = MEMORIES[xlen], [*x, 0]
    memory.write(DATA, CONTENTS)
    front = SimpleNamespace(functions={}, fault=_fault)
    engine: Any = SimpleNamespace(code_changed=False, front=front)
    made = factory("made", block, FIELDS, LAYOUTS[xlen], based=xlen == 64)
    scope: dict[str, Any] = {}
    exec(made.source, scope)
    step = scope["made"](Environment(x, memory, engine))(PC, PC + 4, *operands.values())
    try:
        following = step()
        end = End("next") if following is None else End("jump", following)
    except MisalignedAccess as fault:
        end = End("trap", fault.address or 0, fault.cause)
    return Outcome(end, tuple(x[:32]), memory.read(DATA, DATA_SIZE))


def evaluated(block: Block, xlen: int, x: list[int], operands: dict[str, int]) -> Outcome:
    """What the block means."""
    slots, data = {Slot("x", n): value for n, value in enumerate(x)}, Data()
    fields = {**operands, "pc": PC, "next": PC + 4}
    end = Evaluation(fields, slots, LAYOUTS[xlen], data).run(block)
    return Outcome(end, tuple(slots.values()), bytes(data.bytes))


Case = tuple[int, list[Step], list[Step], list[int], dict[str, int]]
"""Register width, nodes, effects, registers and operands."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    xlen = draw(st.sampled_from((32, 64)))
    small = st.integers(0, 63)
    steps = draw(st.lists(st.tuples(small, small, small, small), max_size=14))
    ends = draw(st.lists(st.tuples(small, small, small, small), min_size=1, max_size=4))
    top = 1 << xlen
    edges = st.sampled_from((0, 1, 2, top - 1, top >> 1, (top >> 1) - 1, 0x80000000))
    words = draw(st.lists(st.one_of(edges, st.integers(0, top - 1)), min_size=5, max_size=5))
    registers = st.sampled_from((0, 1, 2, 7, 9))
    x = [0] * 32
    x[1], x[2], x[7], x[9], x[30] = words
    operands = {
        "rd": draw(registers),
        "rs1": draw(registers),
        "rs2": draw(registers),
        "simm": draw(st.integers(-2048, 2047)),
        "uimm": draw(st.integers(0, 63)),
    }
    return xlen, steps, ends, x, operands


def check(case: Case) -> None:
    xlen, steps, ends, x, operands = case
    plain = Graph(Plain, xlen, steps, ends).block
    expected = evaluated(plain, xlen, x, operands)
    folded = Graph(Folded, xlen, steps, ends).block
    for block in (plain, folded):
        verify(block, LAYOUTS[xlen])
        assert evaluated(block, xlen, x, operands) == expected
        assert performed(block, xlen, x, operands) == expected


@settings(max_examples=300)
@given(cases())
def test_closures_of_random_graphs_do_what_they_mean(case):
    check(case)


@pytest.mark.slow
@settings(max_examples=15_000)
@given(cases())
def test_closures_of_random_graphs_do_what_they_mean_at_length(case):
    check(case)


def random_case(rng: random.Random) -> Case:
    steps = [tuple(rng.randrange(64) for _ in range(4)) for _ in range(12)]
    x = [0, *(rng.getrandbits(32) for _ in range(31))]
    operands = {"rd": 1, "rs1": 2, "rs2": 7, "simm": -5, "uimm": 9}
    return 32, steps[:9], steps[9:], x, operands


@pytest.mark.parametrize(("name", "wrong"), [("_SHIFT", closure._PRODUCT), ("_XOR", closure._ATOM)])
def test_a_wrong_precedence_is_noticed(monkeypatch, name, wrong):
    cases = [random_case(random.Random(seed)) for seed in range(100)]
    for case in cases:
        check(case)
    monkeypatch.setattr(closure, name, wrong)
    with pytest.raises((AssertionError, ValueError)):
        for case in cases:
            check(case)
