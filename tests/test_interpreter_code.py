"""Code that changes: by its own stores, by atomics, by the host, in this block or another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simfw.engine.codemap import CodeMap
from simfw.engine.interp import BUDGET, Interpreter
from simfw.errors import GuestFault, MemoryFault
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import isa
from simfw.riscv.rv_a import A
from simfw.riscv.rv_i import I

CODE, SIZE = 0x1_0000, 0x2000
ALL = Permissions.READ | Permissions.WRITE | Permissions.EXECUTE
T0, T1, A0, A1, S0 = 5, 6, 10, 11, 8
ADD_1 = I["addi"].encode(rd=A0, rs1=A0, imm12=1)
ADD_100 = I["addi"].encode(rd=A0, rs1=A0, imm12=100)
NOP, ECALL = I["addi"].encode(), I["ecall"].encode()


def store(offset: int, name: str = "sw") -> int:
    """Store t0 at the code's start and an offset."""
    return I[name].encode(rs1=S0, rs2=T0, simm12=offset)


def engine_with(*words: int, xlen: int = 32, at: int = CODE) -> Interpreter:
    memory = Memory(xlen, base=0 if xlen == 32 else CODE, span=1 << 32 if xlen == 32 else 1 << 20)
    memory.map(CODE, SIZE, ALL, "code and data")
    engine = Interpreter(RiscvFrontEnd(isa(xlen), memory), memory)
    place(engine, at, *words)
    engine.x[T0], engine.x[S0] = ADD_100, CODE
    return engine


def place(engine: Interpreter, address: int, *words: int) -> None:
    engine.memory.initialise(address, b"".join(word.to_bytes(4, "little") for word in words))


@pytest.mark.parametrize("xlen", [32, 64])
@pytest.mark.parametrize("ahead", range(1, 36))
def test_a_store_ahead_in_the_same_block(xlen, ahead):
    for budget in (100, ahead, ahead + 1):
        engine = engine_with(store(4 * ahead), *[ADD_1] * 40, ECALL, xlen=xlen)
        engine.execute(CODE, budget)
        executed = min(budget - 1, 40)
        assert engine.x[A0] == executed + (99 if executed >= ahead else 0)


def test_a_store_into_the_instruction_that_follows():
    engine = engine_with(store(4), ADD_1, ADD_1, ECALL)
    assert engine.execute(CODE, 50).reason == "ecall"
    assert (engine.x[A0], engine.left) == (101, 46)


def test_a_store_into_itself_takes_effect_the_next_time():
    engine = engine_with(store(0), ADD_1, ECALL)
    engine.execute(CODE, 50)
    assert engine.x[A0] == 1
    engine.execute(CODE, 50)
    assert engine.x[A0] == 102


@pytest.mark.parametrize(("name", "value"), [("sb", 0x13), ("sh", 0x0513), ("sw", ADD_100)])
def test_stores_of_all_sizes(name, value):
    """The upper half of the immediate changes, or the low byte stays as it is."""
    engine = engine_with(store(8 + (2 if name == "sh" else 0), name), ADD_1, ADD_1, ECALL)
    engine.x[T0] = 0x0645 if name == "sh" else value
    engine.execute(CODE, 50)
    assert engine.x[A0] == {"sb": 2, "sh": 101, "sw": 101}[name]


def test_a_store_into_another_block_that_has_run():
    there = CODE + 0x7F0
    engine = engine_with(store(0x7F0), I["jal"].encode(jimm20=0x7EC), at=CODE)
    place(engine, there, ADD_1, ECALL)
    engine.execute(there, 2)
    assert engine.x[A0] == 1
    assert engine.execute(CODE, 50).pc == there + 4
    assert engine.x[A0] == 101


def test_a_store_that_touches_code_with_its_last_byte_alone():
    there = CODE + 0x1000
    engine = engine_with(I["sw"].encode(rs1=S0, rs2=T0, simm12=-3), ECALL)
    place(engine, there, I["addi"].encode(rd=A0, imm12=1), ECALL)
    engine.execute(there, 2)
    assert (engine.x[A0], engine.x[A1]) == (1, 0)
    engine.x[S0], engine.x[T0] = there, 0x9312_3456
    engine.execute(CODE, 2)
    engine.memory.store(there + 1, "u8", 0x05)  # now it is li a1, 1
    engine.execute(there, 2)
    assert engine.x[A1] == 1


@pytest.mark.parametrize("name", ["amoswap.w", "amoor.w"])
def test_an_atomic_that_changes_code_gives_the_old_value(name):
    atomic = A[name].encode(rd=A1, rs1=S0, rs2=T0)
    engine = engine_with(atomic, ADD_1, ADD_1, ECALL)
    engine.x[S0] = CODE + 8
    engine.execute(CODE, 50)
    assert engine.x[A1] == ADD_1
    new = ADD_100 if name == "amoswap.w" else ADD_1 | ADD_100
    assert engine.x[A0] == 1 + (new >> 20)
    assert engine.left == 46


def test_a_store_conditional_that_changes_code():
    load, conditional = A["lr.w"].encode(rd=A1, rs1=S0), A["sc.w"].encode(rd=A1, rs1=S0, rs2=T0)
    engine = engine_with(load, conditional, ADD_1, ADD_1, ECALL)
    engine.x[S0] = CODE + 12
    engine.execute(CODE, 50)
    assert (engine.x[A0], engine.x[A1], engine.left) == (101, 0, 45)
    engine.execute(CODE + 4, 1)
    assert engine.x[A1] == 1


@pytest.mark.parametrize("half", [0, 2])
def test_a_long_instruction_over_two_pages(half):
    there = CODE + 0x1000 - 2
    engine = engine_with(I["sh"].encode(rs1=S0, rs2=T0), ECALL)
    place(engine, there, I["addi"].encode(rd=A0, imm12=1), ECALL)
    engine.execute(there, 2)
    assert (engine.x[A0], engine.x[A1]) == (1, 0)
    changed = I["addi"].encode(rd=A1, imm12=1) if half == 0 else I["addi"].encode(rd=A0, imm12=7)
    engine.x[S0], engine.x[T0] = there + half, changed >> 8 * half
    engine.execute(CODE, 2)
    engine.execute(there, 2)
    assert (engine.x[A0], engine.x[A1]) == ((1, 1) if half == 0 else (7, 0))


def test_code_that_becomes_short():
    engine = engine_with(store(4, "sh"), ADD_1, ECALL)
    engine.x[T0] = 0x0505  # c.addi a0, 1; what is left of the old word is c.nop 5
    assert engine.execute(CODE, 10).reason == "ecall"
    assert (engine.x[A0], engine.left) == (1, 6)


def test_data_beside_code_leaves_the_code_alone():
    loop = [store(0x400), ADD_1, I["jal"].encode(jimm20=-8)]
    engine = engine_with(*loop)
    engine.execute(CODE, 3)
    entered: list[int] = []
    real = engine.enter
    engine.enter = lambda pc: entered.append(pc) or real(pc)
    engine.execute(CODE, 3000)
    assert (engine.x[A0], entered) == (1001, [])


def test_a_page_whose_code_is_gone_is_data_again():
    there = CODE + 0x1000
    engine = engine_with(store(0), ECALL)
    place(engine, there, ECALL)
    page = there - engine.memory.base >> 12
    engine.execute(there, 1)
    assert not engine.memory.pages[page] & Permissions.WRITE
    engine.x[S0] = there
    engine.execute(CODE, 5)
    assert engine.memory.pages[page] & Permissions.WRITE


# The host changes code

CHANGES = {
    "write": lambda m: m.write(CODE + 4, ADD_100.to_bytes(4, "little")),
    "initialise": lambda m: m.initialise(CODE + 4, ADD_100.to_bytes(4, "little")),
    "store": lambda m: m.store(CODE + 4, "u32", ADD_100),
}


@pytest.mark.parametrize("how", CHANGES)
def test_the_host_changes_code(how):
    engine = engine_with(ADD_1, ADD_1, ECALL)
    engine.execute(CODE, 10)
    CHANGES[how](engine.memory)
    engine.x[A0] = 0
    engine.execute(CODE, 10)
    assert engine.x[A0] == 101


def test_code_that_may_no_longer_be_executed():
    engine = engine_with(ADD_1, ADD_1, ECALL)
    engine.execute(CODE, 10)
    engine.memory.protect(CODE, SIZE, Permissions.READ | Permissions.WRITE)
    with pytest.raises(MemoryFault):
        engine.execute(CODE, 10)


def test_code_that_is_unmapped():
    engine = engine_with(ADD_1, ADD_1, ECALL)
    engine.execute(CODE, 10)
    engine.memory.unmap(CODE, SIZE)
    with pytest.raises(MemoryFault):
        engine.execute(CODE, 10)
    engine.memory.map(CODE, SIZE, ALL, "again")
    engine.memory.initialise(CODE, ECALL.to_bytes(4, "little"))
    assert engine.execute(CODE, 10).reason == "ecall"


def test_forgetting_a_vast_range_is_quick():
    engine = engine_with(ADD_1, ECALL)
    engine.execute(CODE, 10)
    assert engine.forget(0, 1 << 64)
    assert not engine.forget(0, 1 << 64)


# Random programs that write over themselves

WORDS = [
    ADD_1, ADD_100, NOP, ECALL, 0x0505_0001, 0x4501_0505, 0xFFFF_FFFF,
    I["addi"].encode(rd=S0, rs1=S0, imm12=4), I["addi"].encode(rd=S0, rs1=S0, imm12=-6),
    I["slli"].encode(rd=T0, rs1=T0, shamtw=1), I["lw"].encode(rd=T0, rs1=S0, imm12=8),
    *(store(offset, name) for name in ("sb", "sh", "sw") for offset in (0, 4, 9, 16, 21)),
    A["lr.w"].encode(rd=T0, rs1=S0),
    *(A[name].encode(rd=T0, rs1=S0, rs2=T0) for name in ("amoadd.w", "sc.w")),
    *(I["jal"].encode(rd=T1, jimm20=offset) for offset in (-12, -6, 6, 10)),
    *(I["bne"].encode(rs1=T0, rs2=A0, bimm12=offset) for offset in (-8, 6, 12)),
]  # fmt: skip


def fresh(engine: Interpreter) -> Interpreter:
    """The same state without any translated code."""
    again = Interpreter(engine.front, engine.memory)
    again.x[:] = engine.x
    return again


def trace(engine: Interpreter, total: int, portion: int, *, forgetful: bool) -> list[object]:
    """Run in portions; where and how each ended."""
    log: list[object] = []
    pc = CODE
    while total:
        if forgetful:
            engine = fresh(engine)
        count = min(portion, total)
        try:
            reached = engine.execute(pc, count)
        except GuestFault as fault:
            return [*log, type(fault), engine.pc, total - count + engine.left, *engine.x]
        pc, total = reached.next, total - count + engine.left
        if reached.reason != BUDGET:
            log.append((reached.reason, reached.pc, total))
    return [*log, pc, *engine.x]


@settings(max_examples=250)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=30),
    st.integers(0, 30),
    st.integers(1, 60),
)
def test_programs_that_write_over_themselves(program, offset, portion):
    """As if nothing were ever kept: one instruction at a time, each time with a new engine."""
    results: list[object] = []
    for count, forgetful in ((1, True), (60, False), (portion, False)):
        engine = engine_with(*program)
        engine.x[S0] = CODE + 2 * offset
        outcome = trace(engine, 60, count, forgetful=forgetful)
        results.append((outcome, engine.memory.read(CODE, SIZE)))
    assert results[0] == results[1] == results[2]


# The map of code


def test_the_code_map_finds_blocks_by_their_bytes():
    codes = CodeMap()
    codes.add(1, (0x1000, 0x1010))
    codes.add(2, (0x100C, 0x1020))
    codes.add(3, (0x1FF0, 0x2008))
    assert set(codes.find(0x1000, 0x1001)) == {1}
    assert set(codes.find(0x100C, 0x100D)) == {1, 2}
    assert set(codes.find(0x1020, 0x1FF0)) == set()
    assert set(codes.find(0x2007, 0x9000)) == {3}
    assert set(codes.find(0, 1 << 64)) == {1, 2, 3}


def test_the_code_map_tells_which_pages_come_and_go():
    codes = CodeMap()
    assert codes.new_pages((0x1FF0, 0x2008)) == [0x1000, 0x2000]
    codes.add(3, (0x1FF0, 0x2008))
    codes.add(1, (0x1000, 0x1010))
    assert codes.new_pages((0x2000, 0x3008)) == [0x3000]
    assert codes.discard(codes.find(0x2000, 0x2001)) == [0x2000]
    assert codes.find(0x1FF0, 0x2000) == {}
    assert codes.clear() == [0x1000]
    assert codes.new_pages((0x1000, 0x1001)) == [0x1000]
