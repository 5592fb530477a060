"""Every record, performed in four ways that must agree.

The symbolic trace and the concrete one, both evaluated as the specification has it; the closure
written from the symbolic trace; and the closure that is shipped.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve, frozen

from simfw.engine import closure, generate
from simfw.engine.factories import source_of
from simfw.engine.interp import Environment
from simfw.engine.shipped.riscv import FACTORIES
from simfw.errors import MemoryFault, MisalignedAccess
from simfw.ir.evaluate import End, Evaluation
from simfw.ir.ops import Block, Slot
from simfw.ir.spec import verify
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.riscv.isa import Instruction, Isa, isa
from simfw.riscv.record import Record


def _fault(cause: str, value: int) -> MisalignedAccess:
    return MisalignedAccess(cause, address=value)


BASE = {32: 0, 64: 0x7000_0000_0000}
DATA, DATA_SIZE = 0x2000, 0x2000
CONTENTS = bytes((n * 37 + (n >> 5) * 11) & 0xFF for n in range(DATA_SIZE))
PC = 0x1_0000
SINK, RESERVATION = 32, 33

EVERY = [(record, one) for one in (isa(32), isa(64)) for record in one.records]
NAMES = [f"rv{one.xlen}-{record.name}" for record, one in EVERY]
every_record = pytest.mark.parametrize(("record", "one"), EVERY, ids=NAMES)


@frozen
class Outcome:
    """How an instruction ended, and what it left behind."""

    end: End
    x: tuple[int, ...]
    data: bytes


class Bytes:
    """The data for an evaluation."""

    def __init__(self, start: int) -> None:
        self.start, self.data = start, bytearray(CONTENTS)

    def place(self, address: int, size: int) -> slice:
        offset = address - self.start
        if not 0 <= offset <= DATA_SIZE - size:
            raise MemoryFault("", address=address)
        return slice(offset, offset + size)

    def load(self, address: int, size: int) -> int:
        return int.from_bytes(self.data[self.place(address, size)], "little")

    def store(self, address: int, size: int, value: int) -> None:
        self.data[self.place(address, size)] = value.to_bytes(size, "little")


class Bench:
    """What instructions of one register width run on."""

    def __init__(self, one: Isa) -> None:
        self.one, self.start = one, BASE[one.xlen] + DATA
        span = 1 << 32 if one.xlen == 32 else 1 << 20
        self.memory = Memory(one.xlen, base=BASE[one.xlen], span=span)
        self.memory.map(self.start, DATA_SIZE, Permissions.READ | Permissions.WRITE, "data")
        self.x = [0] * one.layout.size
        front = SimpleNamespace(functions={}, fault=_fault)
        engine: Any = SimpleNamespace(code_changed=False, front=front)
        self.environment = Environment(self.x, self.memory, engine)

    def evaluate(self, block: Block, x: list[int], fields: dict[str, int]) -> Outcome:
        slots = {Slot("x", n): x[n] for n in range(32)} | {Slot("reservation"): x[RESERVATION]}
        data = Bytes(self.start)
        try:
            end = Evaluation(fields, slots, self.one.layout, data).run(block)
        except MemoryFault as fault:
            end = End("trap", fault.address or 0)
        return Outcome(end, tuple(slots.values()), bytes(data.data))

    def run(self, make: Callable[..., Any], x: list[int], operands: tuple[int, ...]) -> Outcome:
        self.memory.write(self.start, CONTENTS)
        self.x[:] = x
        end = End("next")
        try:
            following = make(self.environment)(PC, PC + 4, *operands)()
            if following is not None:
                end = End("exit") if following == ~PC else End("jump", following)
        except MemoryFault as fault:
            end = End("trap", fault.address or 0)
        except MisalignedAccess as fault:
            end = End("trap", fault.address or 0, fault.cause)
        left = tuple(self.x[:SINK] + self.x[RESERVATION:])
        return Outcome(end, left, self.memory.read(self.start, DATA_SIZE))


BENCHES = {32: Bench(isa(32)), 64: Bench(isa(64))}


def random_instruction(record: Record, one: Isa, rng: random.Random) -> Instruction:
    """One with random operands, often with equal registers or x0."""
    fixed = record.encoding.mask
    word = rng.getrandbits(32)
    for _ in range(rng.randrange(3)):
        copied, place = rng.choice((7, 15, 20)), rng.choice((7, 15, 20))
        register = rng.choice((0, word >> copied & 31))
        word = word & ~(31 << place) | register << place
    instruction = one.decode(word & ~fixed | record.encoding.match)
    if instruction is None or instruction.record is not record:
        return random_instruction(record, one, rng)
    return instruction


def random_registers(one: Isa, rng: random.Random) -> list[int]:
    top, start = 1 << one.xlen, BASE[one.xlen] + DATA
    edges = (0, 1, 2, one.xlen, top - 1, top - 2, top >> 1, (top >> 1) - 1, 1 << 31, (1 << 31) - 1)
    places = (start, start + DATA_SIZE - 1, start + DATA_SIZE - 8, start + 0xFFF)
    x = [0, *(rng.choice((rng.choice(edges), rng.randrange(top), rng.choice(places),
                          start + rng.randrange(DATA_SIZE))) for _ in range(31))]  # fmt: skip
    return [*x, 0, rng.choice(x) ^ (1 << one.xlen) - 1]


def disagreement(
    record: Record, one: Isa, rng: random.Random, makers: list[Callable[..., Any]]
) -> str | None:
    """How the ways to perform a random instruction differ; None if they agree."""
    instruction, x = random_instruction(record, one, rng), random_registers(one, rng)
    fields = {**instruction.values, "pc": PC, "next": PC + 4}
    bench = BENCHES[one.xlen]
    expected = bench.evaluate(record.template(one.xlen), x, fields)
    concrete = bench.evaluate(record.block(one.xlen, PC, 4, instruction.values), x, {})
    results = [bench.run(make, x, instruction.operands) for make in makers]
    if expected.end.kind == "exit":
        results = [evolve(r, end=evolve(r.end, reason=expected.end.reason)) for r in results]
    if all(result == expected for result in (concrete, *results)):
        return None
    ends = [expected.end, concrete.end, *(result.end for result in results)]
    return f"{record.name} {instruction.values}: {ends}"


def written(record: Record, one: Isa) -> Callable[..., Any]:
    made = source_of(record, one.xlen, one.layout)
    scope: dict[str, Any] = {}
    exec(made.source, scope)
    return scope[made.name]


def check(record: Record, one: Isa, count: int) -> None:
    rng = random.Random(f"{record.name}{one.xlen}")
    makers = [written(record, one), FACTORIES[f"{record.name}_{one.xlen}"][0]]
    for _ in range(count):
        assert disagreement(record, one, rng, makers) is None


@every_record
def test_all_ways_to_perform_an_instruction_agree(record, one):
    check(record, one, 40)


@pytest.mark.slow
@every_record
def test_all_ways_to_perform_an_instruction_agree_at_length(record, one):
    check(record, one, 1500)


@every_record
def test_records_are_legal(record, one):
    verify(record.template(one.xlen), one.layout)
    rng = random.Random(record.name)
    for _ in range(5):
        values = random_instruction(record, one, rng).values
        verify(record.block(one.xlen, PC, 4, values), one.layout)


@every_record
def test_records_say_what_they_do_in_a_sentence(record, one):
    assert record.description[0].isupper() and record.description.endswith(".")


def test_the_shipped_closures_are_current():
    assert generate.TARGET.read_text() == generate.text(), "run: python -m simfw.engine.generate"


# Mistakes in the writer of closures are noticed


def is_noticed(names: str) -> bool:
    for record, one in EVERY:
        if record.name in names.split():
            rng = random.Random(record.name)
            makers = [written(record, one)]
            if any(disagreement(record, one, rng, makers) for _ in range(200)):
                return True
    return False


@pytest.mark.parametrize(
    ("table", "operation", "wrong", "seen_in"),
    [
        ("_WRAPPING", "sub", ("+", closure._SUM), "sub"),
        ("_BITWISE", "xor", ("|", closure._OR), "xor"),
        ("_UNSIGNED", "ult", "<=", "sltu bltu"),
        ("_SIGNED", "sge", ">", "bge"),
        ("_DIVISION", "urem", "//", "remu"),
        ("_TRUNCATING", "srem", "quotient", "rem"),
    ],
)
def test_a_wrong_table_is_noticed(monkeypatch, table, operation, wrong, seen_in):
    monkeypatch.setitem(getattr(closure, table), operation, wrong)
    assert is_noticed(seen_in)


@pytest.mark.parametrize(
    ("method", "wrong", "seen_in"),
    [
        ("_masked", lambda self, code, type: code, "addi"),
        ("_signed", lambda self, value: self._code(value), "sra"),
        ("_biased", lambda self, value: self._code(value), "slt"),
    ],
)
def test_a_wrong_method_is_noticed(monkeypatch, method, wrong, seen_in):
    monkeypatch.setattr(closure._Writer, method, wrong)
    assert is_noticed(seen_in)


def test_a_wrong_precedence_is_noticed(monkeypatch):
    monkeypatch.setattr(closure, "_AND", closure._ATOM)
    assert is_noticed("sll")


def test_a_register_read_after_it_was_written_is_noticed(monkeypatch):
    """The closure of `jalr ra, 0(ra)` must read the target before it writes the link."""
    monkeypatch.setattr(closure, "gets_that_cross_a_put", lambda block: set())
    assert is_noticed("jalr")
