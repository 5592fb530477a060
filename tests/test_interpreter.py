"""The interpreter is exact: budgets, faults, exits and hooks, wherever they fall in a block."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simfw.engine import interp
from simfw.engine.interp import BUDGET, HOOK, ORIGINAL, Interpreter
from simfw.engine.runner import MAX_STEPS
from simfw.errors import GuestFault, IllegalInstruction, MemoryFault, MisalignedAccess
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import isa
from simfw.riscv.rv_a import A
from simfw.riscv.rv_i import I
from simfw.riscv.rv_m import M

CODE, DATA, DATA_SIZE = 0x1_0000, 0x2_0000, 0x1000
READ, WRITE, EXECUTE = Permissions.READ, Permissions.WRITE, Permissions.EXECUTE
T0, T1, T2, A0, A1 = 5, 6, 7, 10, 11


def op(name: str, **fields: int) -> int:
    for extension in (I, M, A):
        if any(record.name == name for record in extension.records):
            return extension[name].encode(**fields)
    raise KeyError(name)


ADD = op("addi", rd=A0, rs1=A0, imm12=1)
ECALL, EBREAK = op("ecall"), op("ebreak")


def engine_with(*words: int, xlen: int = 32, at: int = CODE) -> Interpreter:
    base = 0 if xlen == 32 else CODE
    memory = Memory(xlen, base=base, span=1 << 32 if xlen == 32 else 1 << 20)
    memory.map(at, max(len(words) * 4, 4), READ | EXECUTE, "code")
    memory.initialise(at, b"".join(word.to_bytes(4, "little") for word in words))
    memory.map(DATA, DATA_SIZE, READ | WRITE, "data")
    engine = Interpreter(RiscvFrontEnd(isa(xlen), memory), memory)
    engine.x[A1] = DATA
    return engine


# Budgets


@pytest.mark.parametrize("xlen", [32, 64])
def test_a_budget_ends_after_exactly_so_many_instructions(xlen):
    count = 2 * MAX_STEPS + 5
    for budget in range(count + 1):
        engine = engine_with(*[ADD] * count, ECALL, xlen=xlen)
        reached = engine.execute(CODE, budget)
        assert (reached.reason, reached.pc, engine.left) == (BUDGET, CODE + 4 * budget, 0)
        assert (engine.x[A0], engine.pc) == (budget, CODE + 4 * budget)


def test_a_budget_is_left_over_at_an_exit():
    engine = engine_with(ADD, ADD, ECALL, ADD, EBREAK)
    reached = engine.execute(CODE, 10)
    assert (reached.reason, reached.pc, reached.next) == ("ecall", CODE + 8, CODE + 12)
    assert (engine.left, engine.x[A0]) == (7, 2)
    reached = engine.execute(reached.next, engine.left)
    assert (reached.reason, reached.pc, engine.left) == ("ebreak", CODE + 16, 5)


def test_an_exit_that_takes_the_last_of_a_budget_is_an_exit():
    engine = engine_with(ADD, ECALL)
    assert engine.execute(CODE, 2).reason == "ecall"
    assert engine.left == 0


def test_a_budget_that_ends_before_an_exit():
    engine = engine_with(ADD, ECALL)
    assert engine.execute(CODE, 1).reason == BUDGET
    reached = engine.execute(engine.pc, 1)
    assert (reached.reason, reached.pc) == ("ecall", CODE + 4)


def test_a_fault_behind_the_end_of_a_budget_is_not_this_budgets():
    engine = engine_with(op("jalr", rd=0, rs1=0, imm12=0x100))
    reached = engine.execute(CODE, 1)
    assert (reached.reason, reached.pc, engine.left) == (BUDGET, 0x100, 0)
    assert engine.execute(0x100, 0).reason == BUDGET
    with pytest.raises(MemoryFault) as caught:
        engine.execute(0x100, 1)
    assert caught.value.pc == 0x100


ALU = st.sampled_from(["add", "sub", "xor", "mul", "divu", "rem", "sltu", "sra"])
REGISTER = st.sampled_from([0, T0, T1, T2, A0])
OFFSET = st.integers(0, 500).map(lambda n: 4 * n)
INSTRUCTION = st.one_of(
    st.builds(lambda n, d, a, b: op(n, rd=d, rs1=a, rs2=b), ALU, REGISTER, REGISTER, REGISTER),
    st.builds(lambda d, a, i: op("addi", rd=d, rs1=a, imm12=i), REGISTER, REGISTER, OFFSET),
    st.builds(lambda d, i: op("lw", rd=d, rs1=A1, imm12=i), REGISTER, OFFSET),
    st.builds(lambda s, i: op("sh", rs2=s, rs1=A1, simm12=i + 3), REGISTER, OFFSET),
    st.builds(lambda d, s: op("amoadd.w", rd=d, rs1=A1, rs2=s), REGISTER, REGISTER),
    st.builds(
        lambda n, a, b, i: op(n, rs1=a, rs2=b, bimm12=4 * i),
        st.sampled_from(["beq", "bne", "blt", "bgeu"]), REGISTER, REGISTER, st.integers(-6, 6),
    ),
    st.builds(lambda d, i: op("jal", rd=d, jimm20=4 * i), REGISTER, st.integers(-3, 3)),
    st.just(ECALL),
)  # fmt: skip


@given(st.lists(INSTRUCTION, min_size=1, max_size=40), st.lists(st.integers(0, 60), min_size=1))
def test_every_split_of_a_run_gives_the_same(program, budgets):
    """Backward branches may loop, and jumps may leave the program: a fault, like any other."""
    total = 150
    whole, split = (engine_with(*program) for _ in range(2))
    results = []
    for engine, portions in ((whole, [1]), (split, budgets)):
        pc, left, log = CODE, total, []
        for turn in range(total * 4):
            portion = min(portions[turn % len(portions)], left)
            try:
                reached = engine.execute(pc, portion)
            except GuestFault as fault:
                pc, left = engine.pc, left - portion + engine.left
                log.append((type(fault), fault.pc))
                break
            left += engine.left - portion
            pc = reached.next
            if reached.reason != BUDGET:
                log.append((reached.reason, reached.pc, left))
            if left == 0:
                break
        else:
            assert budgets == [0] * len(budgets)
            return
        results.append((log, pc, left, engine.x, engine.memory.read(DATA, DATA_SIZE)))
    assert results[0] == results[1]


# Faults

WILD = {
    "load": (op("lw", rd=T0, rs1=0, imm12=0x100), MemoryFault, 0x100),
    "store": (op("sw", rs2=T0, rs1=0, simm12=0x100), MemoryFault, 0x100),
    "load across an end": (op("lw", rd=T0, rs1=T2, imm12=0), MemoryFault, DATA + DATA_SIZE - 2),
    "atomic": (op("amoadd.w", rd=T0, rs1=A0, rs2=A0), MisalignedAccess, 1),
    "instruction": (0xFFFF_FFFF, IllegalInstruction, None),
}


@pytest.mark.parametrize("kind", WILD)
def test_a_fault_at_every_place_of_a_block(kind):
    """The pc and the count are exact, and nothing of the instruction has happened."""
    word, error, address = WILD[kind]
    for before in range(MAX_STEPS + 3):
        for budget in (before + 1, before + 20):
            engine = engine_with(*[op("addi", rd=T1, rs1=T1, imm12=1)] * before, word, *[ADD] * 3)
            engine.x[A0], engine.x[T2] = 1, DATA + DATA_SIZE - 2
            with pytest.raises(error) as caught:
                engine.execute(CODE, budget)
            pc = CODE + 4 * before
            assert (caught.value.pc, caught.value.address) == (pc, address)
            assert (engine.pc, engine.left) == (pc, budget - before)
            assert (engine.x[T1], engine.x[T0], engine.x[A0]) == (before, 0, 1)


def test_a_fault_says_nothing_of_what_the_host_may_do():
    with pytest.raises(MemoryFault) as caught:
        engine_with(WILD["load"][0]).execute(CODE, 1)
    assert str(caught.value) == (
        "read of 4 bytes at 0x100: nothing is mapped there; the nearest region is "
        "code 0x10000..0x10004 r-x at pc 0x10000"
    )


def test_running_off_the_end_of_the_code():
    engine = engine_with(ADD, ADD)
    with pytest.raises(MemoryFault) as caught:
        engine.execute(CODE, 5)
    assert (caught.value.pc, engine.left, engine.x[A0]) == (CODE + 8, 3, 2)


def test_an_instruction_of_which_only_half_is_there():
    engine = engine_with(ADD)
    engine.memory.map(CODE + 4, 2, READ | EXECUTE, "half")
    engine.memory.initialise(CODE + 4, b"\x13\x05")
    with pytest.raises(MemoryFault) as caught:
        engine.execute(CODE, 5)
    assert (caught.value.pc, caught.value.address, engine.left) == (CODE + 4, CODE + 6, 4)


def test_a_jump_to_an_odd_address_clears_the_bit():
    engine = engine_with(op("jalr", rd=0, rs1=A1, imm12=0), ADD, ECALL)
    engine.x[A1] = CODE + 5
    assert engine.execute(CODE, 10).reason == "ecall"


def test_entering_at_an_odd_address():
    engine = engine_with(ADD)
    with pytest.raises(MisalignedAccess, match="jump to an odd address") as caught:
        engine.execute(CODE + 1, 1)
    assert (caught.value.pc, engine.pc, engine.left) == (CODE + 1, CODE + 1, 1)


def test_a_run_goes_on_when_the_cause_of_a_fault_is_gone():
    engine = engine_with(ADD, op("lw", rd=T0, rs1=0, imm12=0x100), ADD, ECALL)
    with pytest.raises(MemoryFault):
        engine.execute(CODE, 10)
    engine.memory.map(0, 0x1000, READ, "low")
    assert engine.execute(engine.pc, engine.left).reason == "ecall"
    assert (engine.x[A0], engine.left) == (2, 6)


# The edges of the address space


@pytest.mark.parametrize("count", [1, 2, 40])
def test_code_at_the_top_goes_on_at_the_bottom(count):
    top = (1 << 32) - 4 * count
    engine = engine_with(*[ADD] * count, at=top)
    engine.memory.map(0, 8, READ | EXECUTE, "bottom")
    engine.memory.initialise(0, ADD.to_bytes(4, "little") + ECALL.to_bytes(4, "little"))
    reached = engine.execute(top, 100)
    assert (reached.reason, reached.pc, engine.x[A0]) == ("ecall", 4, count + 1)
    assert engine.left == 100 - count - 2


def test_an_instruction_may_lie_across_the_top():
    engine = engine_with(ADD, at=(1 << 32) - 4)
    engine.memory.map((1 << 32) - 6, 2, READ | EXECUTE, "before")
    engine.memory.map(0, 8, READ | EXECUTE, "bottom")
    word = ADD.to_bytes(4, "little")
    engine.memory.initialise((1 << 32) - 2, word[:2])
    engine.memory.initialise(0, word[2:] + b"\x02\x90")  # c.ebreak
    assert engine.execute((1 << 32) - 2, 5).reason == "ebreak"
    assert (engine.x[A0], engine.left) == (1, 3)


def test_a_load_does_not_wrap_around():
    engine = engine_with(op("lw", rd=T0, rs1=T1, imm12=0))
    engine.memory.map((1 << 32) - 4, 4, READ, "top")
    engine.memory.map(0, 4, READ, "bottom")
    engine.x[T1] = (1 << 32) - 2
    with pytest.raises(MemoryFault):
        engine.execute(CODE, 1)


@pytest.mark.parametrize("address", [0, CODE - 4, (1 << 64) - 4, 1 << 63, CODE + (1 << 20)])
def test_addresses_outside_the_arena_of_a_64_bit_guest(address):
    for word in (op("lw", rd=T0, rs1=T1), op("sw", rs2=T0, rs1=T1), op("jalr", rd=0, rs1=T1)):
        engine = engine_with(word, xlen=64)
        engine.x[T1] = address
        with pytest.raises(MemoryFault) as caught:
            engine.execute(CODE, 2)
        assert caught.value.address == address


# Hooks


def test_a_hook_is_reached_before_its_instruction():
    engine = engine_with(*[ADD] * 6, ECALL)
    engine.hook(CODE + 8)
    reached = engine.execute(CODE, 100)
    assert (reached.reason, reached.pc, reached.next) == (HOOK, CODE + 8, CODE + 8)
    assert (engine.left, engine.x[A0]) == (98, 2)


def test_what_lies_under_a_hook_can_be_run():
    engine = engine_with(*[ADD] * 6, ECALL)
    engine.hook(CODE + 8)
    reached = engine.execute(CODE + 8 + ORIGINAL, 100)
    assert (reached.reason, engine.x[A0]) == ("ecall", 4)


def test_hooks_come_and_go_in_code_that_has_run():
    engine = engine_with(*[ADD] * 6, ECALL)
    for hooked, expected in ((False, 6), (True, 3), (False, 6), (True, 3)):
        (engine.hook if hooked else engine.unhook)(CODE + 12)
        engine.x[A0] = 0
        assert engine.execute(CODE, 100).reason == (HOOK if hooked else "ecall")
        assert engine.x[A0] == expected


def test_a_hook_needs_no_code_and_costs_nothing():
    engine = engine_with(op("jalr", rd=0, rs1=0, imm12=0x200))
    engine.hook(0x200)
    assert engine.execute(CODE, 1).reason == HOOK
    assert engine.left == 0


# How much is kept


def test_blocks_are_dropped_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(interp, "MAX_BOUND", 100)
    count = 30
    engine = engine_with(*[ADD, op("jal", rd=0, jimm20=4)] * count, ECALL)
    for _ in range(20):
        for start in range(count):
            engine.x[A0] = 0
            assert engine.execute(CODE + 8 * start, 1000).reason == "ecall"
            assert engine.x[A0] == count - start
            assert engine._bound < 100 + MAX_STEPS
