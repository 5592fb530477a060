"""Instructions of a user's own: written like ours, run at once, on RV32 and RV64."""

from __future__ import annotations

import pytest

from simfw.engine.interp import Interpreter
from simfw.errors import IllegalInstruction, MemoryFault, MisalignedAccess
from simfw.ir.spec import verify
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.riscv.disassemble import disassemble
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import EXTENSIONS, Isa
from simfw.riscv.record import Extension
from simfw.riscv.rv_i import I
from simfw.riscv.state import Fields, State

CODE, DATA = 0x1_0000, 0x2_0000
A0, A1, A2 = 10, 11, 12
ALL = Permissions.READ | Permissions.WRITE | Permissions.EXECUTE
X = Extension("Xours")
R = "rd rs1 rs2 31..25={} 14..12={} 6..2=0x02 1..0=3"


@X.insn("ours.mac " + R.format(0, 0), "ours.mac {rd}, {rs1}, {rs2}")
def mac(s: State, i: Fields) -> None:
    """Add a product to the destination, which is read as well."""
    s.x[i.rd] = s.x[i.rd] + s.x[i.rs1] * s.x[i.rs2]


@X.insn("ours.divmod " + R.format(1, 0))
def divmod_(s: State, i: Fields) -> None:
    """The sum of quotient and remainder; of 0 where the divisor is 0. The quotient serves twice."""
    a, b = s.x[i.rs1], s.x[i.rs2]
    quotient = b.eq(0).select(0, a.udiv(b))
    s.x[i.rd] = quotient + (a - quotient * b)


@X.insn("ours.per rd rs1 imm12 14..12=1 6..2=0x02 1..0=3")
def per(s: State, i: Fields) -> None:
    """Divide an immediate's double by the immediate, or give 0: all of it known beforehand."""
    twice = i.imm12 + i.imm12
    s.x[i.rd] = i.imm12.eq(0).select(s.x[i.rs1], twice.sdiv(i.imm12))


@X.insn("ours.odd bimm12 rs1 rs2 14..12=2 6..2=0x02 1..0=3", "ours.odd {rs1}, {bimm12}")
def odd(s: State, i: Fields) -> None:
    """Branch if a register is odd."""
    s.branch(s.x[i.rs1].trunc(1), s.pc + i.bimm12)


@X.insn("ours.swap " + R.format(2, 0))
def swap(s: State, i: Fields) -> None:
    """Exchange two registers."""
    a, b = s.x[i.rs1], s.x[i.rs2]
    s.x[i.rs1] = b
    s.x[i.rs2] = a


@X.insn("ours.pushj " + R.format(3, 0))
def push_and_jump(s: State, i: Fields) -> None:
    """Store at rs1, move it on, and jump to rs2."""
    address, target = s.x[i.rs1], s.x[i.rs2]
    s.store(4, address, s.next)
    s.x[i.rs1] = address + 4
    s.jump(target & ~1)


@X.insn("ours.check " + R.format(4, 0))
def check_low_bit(s: State, i: Fields) -> None:
    """Fault if a register is even."""
    s.check(s.x[i.rs1].trunc(1), "an even operand", s.x[i.rs1])
    s.x[i.rd] = s.x[i.rs1].clz() + s.x[i.rs1].ctz() + s.x[i.rs1].popcount() + s.x[i.rs1].bswap()


@X.insn("ours.when " + R.format(5, 0))
def store_when_odd(s: State, i: Fields) -> None:
    """Store a halfword if it is odd."""
    value = s.x[i.rs2]
    s.store(2, s.x[i.rs1], value, when=value.trunc(1))


both_widths = pytest.mark.parametrize("xlen", [32, 64])


def engine_with(xlen: int, *words: int) -> Interpreter:
    base = 0 if xlen == 32 else CODE
    memory = Memory(xlen, base=base, span=1 << 32 if xlen == 32 else 1 << 20)
    memory.map(CODE, 0x1000, Permissions.READ | Permissions.EXECUTE, "code")
    memory.initialise(CODE, b"".join(word.to_bytes(4, "little") for word in words))
    memory.map(DATA, 0x1000, Permissions.READ | Permissions.WRITE, "data")
    return Interpreter(RiscvFrontEnd(Isa(xlen, (*EXTENSIONS, X)), memory), memory)


def run(xlen: int, name: str, registers: dict[int, int], **operands: int) -> Interpreter:
    engine = engine_with(xlen, X[name].encode(**operands))
    for register, value in registers.items():
        engine.x[register] = value & (1 << xlen) - 1
    engine.execute(CODE, 1)
    return engine


@pytest.mark.parametrize("record", X.records, ids=lambda record: record.name)
@both_widths
def test_they_are_legal(xlen, record):
    verify(record.template(xlen), Isa(xlen).layout)


@both_widths
def test_the_destination_may_be_read(xlen):
    engine = run(xlen, "ours.mac", {A0: 5, A1: -3, A2: 7}, rd=A0, rs1=A1, rs2=A2)
    assert engine.x[A0] == -16 & (1 << xlen) - 1


@both_widths
def test_a_destination_x0_reads_as_zero_and_stays_zero(xlen):
    engine = run(xlen, "ours.mac", {A1: 3, A2: 7}, rd=0, rs1=A1, rs2=A2)
    assert engine.x[0] == 0
    program = [X["ours.mac"].encode(rd=0, rs1=A1, rs2=A2), X["ours.mac"].encode(rd=A0, rs1=0)]
    engine = engine_with(xlen, *program)
    engine.x[A1] = engine.x[A2] = 9
    engine.execute(CODE, 2)
    assert (engine.x[0], engine.x[A0]) == (0, 0)


@both_widths
def test_all_registers_may_be_the_same(xlen):
    assert run(xlen, "ours.mac", {A0: 3}, rd=A0, rs1=A0, rs2=A0).x[A0] == 12
    assert run(xlen, "ours.swap", {A0: 3}, rs1=A0, rs2=A0).x[A0] == 3


@both_widths
def test_two_destinations(xlen):
    engine = run(xlen, "ours.swap", {A0: 1, A1: 2}, rs1=A0, rs2=A1)
    assert (engine.x[A0], engine.x[A1]) == (2, 1)
    assert run(xlen, "ours.swap", {A0: 1}, rs1=A0, rs2=0).x[A0] == 0


@both_widths
def test_a_guarded_division_may_be_used_twice(xlen):
    assert run(xlen, "ours.divmod", {A1: 17, A2: 5}, rd=A0, rs1=A1, rs2=A2).x[A0] == 5
    assert run(xlen, "ours.divmod", {A1: 17, A2: 0}, rd=A0, rs1=A1, rs2=A2).x[A0] == 17


@both_widths
@pytest.mark.parametrize(("immediate", "result"), [(0, 99), (7, 2), (-2048, 2)])
def test_a_division_of_known_operands_waits_for_its_guard(xlen, immediate, result):
    engine = run(xlen, "ours.per", {A1: 99}, rd=A0, rs1=A1, imm12=immediate)
    assert engine.x[A0] == result


@both_widths
@pytest.mark.parametrize(("value", "to"), [(2, 4), (3, 64), (1 << 31, 4), (-1, 64)])
def test_a_condition_is_one_bit(xlen, value, to):
    assert run(xlen, "ours.odd", {A0: value}, rs1=A0, bimm12=64).pc == CODE + to


@both_widths
def test_a_store_and_a_jump_in_one(xlen):
    engine = run(xlen, "ours.pushj", {A0: DATA, A1: CODE + 41}, rs1=A0, rs2=A1)
    assert (engine.pc, engine.x[A0], engine.memory.load(DATA, "u32")) == (
        CODE + 40,
        DATA + 4,
        CODE + 4,
    )
    with pytest.raises(MemoryFault):
        run(xlen, "ours.pushj", {A0: CODE, A1: CODE + 41}, rs1=A0, rs2=A1)


@both_widths
def test_a_store_that_changes_the_code_it_jumps_to(xlen):
    there = CODE + 0x20
    engine = engine_with(xlen, X["ours.pushj"].encode(rs1=A0, rs2=A1))
    engine.memory.protect(CODE, 0x1000, ALL)
    engine.memory.store(there, "u32", I["addi"].encode(rd=A2, rs1=A2, imm12=1))
    engine.execute(there, 1)
    engine.x[A0], engine.x[A1] = there, there
    with pytest.raises(IllegalInstruction):  # for what was stored, CODE + 4, is no instruction
        engine.execute(CODE, 2)
    assert (engine.pc, engine.left, engine.x[A0], engine.x[A2]) == (there, 1, there + 4, 1)


@both_widths
def test_a_check_of_ones_own(xlen):
    with pytest.raises(MisalignedAccess, match="an even operand") as caught:
        run(xlen, "ours.check", {A1: 6}, rd=A0, rs1=A1)
    assert (caught.value.address, caught.value.pc) == (6, CODE)
    swapped = 1 << xlen - 8
    assert run(xlen, "ours.check", {A1: 1}, rd=A0, rs1=A1).x[A0] == xlen - 1 + 0 + 1 + swapped


@both_widths
def test_a_store_on_condition(xlen):
    for value, stored in ((6, 0), (7, 7)):
        engine = run(xlen, "ours.when", {A0: DATA, A1: value}, rs1=A0, rs2=A1)
        assert engine.memory.load(DATA, "u16") == stored
    run(xlen, "ours.when", {A0: 0, A1: 6}, rs1=A0, rs2=A1)  # no store, no fault


def test_they_are_disassembled_and_counted_like_all_others():
    one = Isa(32, (*EXTENSIONS, X))
    found = one.decode(X["ours.mac"].encode(rd=A0, rs1=A1, rs2=A2))
    assert found is not None and disassemble(found) == "ours.mac a0, a1, a2"
    assert one.name == "rv32imac_zicsr_zifencei_xours"
    assert Isa(32).decode(found.word) is None


def test_a_record_may_take_the_place_of_ours():
    """A later change of a standard instruction must not meet the closure that is shipped."""
    other = Extension("I", list(I.records))
    other.records = [record for record in other.records if record.name != "add"]

    @other.insn("add rd rs1 rs2 31..25=0 14..12=0 6..2=0x0C 1..0=3")
    def add_doubled(s: State, i: Fields) -> None:
        """Add, and add again."""
        s.x[i.rd] = s.x[i.rs1] + s.x[i.rs2] + s.x[i.rs1] + s.x[i.rs2]

    engine = engine_with(32, other["add"].encode(rd=A0, rs1=A1, rs2=A1))
    engine = Interpreter(RiscvFrontEnd(Isa(32, (other,)), engine.memory), engine.memory)
    engine.x[A1] = 5
    engine.execute(CODE, 1)
    assert engine.x[A0] == 20


# Mistakes


def mistaken(semantics) -> Extension:
    extension = Extension("Xwrong")
    semantics.__doc__ = "Do something wrong."
    extension.insn("wrong " + R.format(9, 0))(semantics)
    return extension


def test_the_truth_of_a_value_is_not_known():
    def wrong(s: State, i: Fields) -> None:
        if s.x[i.rs1].eq(0):
            s.x[i.rd] = s.const(1)

    with pytest.raises(TypeError, match="use select or branch"):
        mistaken(wrong).records[0].template(32)


def test_comparing_with_python_is_a_mistake():
    def wrong(s: State, i: Fields) -> None:
        s.x[i.rd] = s.const(1 if s.x[i.rs1] == 0 else 2)

    with pytest.raises(TypeError, match=r"use \.eq\(\)"):
        mistaken(wrong).records[0].template(32)


def test_a_field_that_the_encoding_does_not_have():
    def wrong(s: State, i: Fields) -> None:
        s.x[i.rd] = i.imm12

    with pytest.raises(AttributeError, match="has no field imm12"):
        mistaken(wrong).records[0].template(32)


def test_a_register_named_by_a_value():
    def wrong(s: State, i: Fields) -> None:
        s.x[s.x[i.rs1]] = s.const(1)

    with pytest.raises(TypeError, match="named by a field of role register"):
        mistaken(wrong).records[0].template(32)
