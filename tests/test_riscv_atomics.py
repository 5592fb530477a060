"""Atomics as the manual has them: reservations, alignment, permissions."""

from __future__ import annotations

import pytest

from simfw.engine.interp import Interpreter
from simfw.errors import MemoryFault, MisalignedAccess
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import isa
from simfw.riscv.state import NOT_RESERVED

CODE, DATA = 0x1_0000, 0x2_0000
READ, WRITE = Permissions.READ, Permissions.WRITE
A0, A2, A3, A4, RESERVATION = 10, 12, 13, 14, 33
LR, SC, AMOADD = 0x1005_262F, 0x18E5_26AF, 0x00E5_262F
"""lr.w a2, (a0) · sc.w a3, a4, (a0) · amoadd.w a2, a4, (a0)"""


def hart(address: int, *words: int, data: Permissions = READ | WRITE) -> Interpreter:
    """Ready to run `words` on a word of 5 at `address`, with 7 in a4."""
    memory = Memory(32)
    memory.map(CODE, 0x1000, READ | Permissions.EXECUTE, "code")
    memory.initialise(CODE, b"".join(word.to_bytes(4, "little") for word in words))
    memory.map(address & -4096, 0x1000, data, "data")
    memory.initialise(address & -4, (5).to_bytes(4, "little"))
    engine = Interpreter(RiscvFrontEnd(isa(32), memory), memory)
    engine.x[A0], engine.x[A4] = address, 7
    return engine


def run(engine: Interpreter, count: int) -> tuple[int, int]:
    """The result of a store-conditional, and the word in memory."""
    engine.execute(CODE, count)
    return engine.x[A3], engine.memory.load(engine.x[A0], "u32")


def test_a_store_conditional_succeeds_once():
    assert run(hart(DATA, LR, SC), 2) == (0, 7)
    engine = hart(DATA, LR, SC, SC)
    assert run(engine, 3) == (1, 7)
    assert engine.x[RESERVATION] == NOT_RESERVED


@pytest.mark.parametrize("address", [DATA, 0])
def test_a_store_conditional_needs_a_reservation(address):
    assert run(hart(address, SC), 1) == (1, 5)


def test_a_store_conditional_needs_the_reservation_of_its_address():
    engine = hart(DATA, LR, 0x0045_0513, SC)  # addi a0, a0, 4
    assert run(engine, 3) == (1, 0)


def test_an_atomic_gives_the_old_value():
    engine = hart(DATA, AMOADD)
    assert run(engine, 1) == (0, 12)
    assert engine.x[A2] == 5


@pytest.mark.parametrize("word", [LR, SC, AMOADD])
@pytest.mark.parametrize("offset", [1, 2, 3])
def test_atomics_must_be_aligned(word, offset):
    with pytest.raises(MisalignedAccess, match="misaligned atomic access") as caught:
        hart(DATA + offset, word).execute(CODE, 1)
    assert (caught.value.address, caught.value.pc) == (DATA + offset, CODE)


def test_an_atomic_of_memory_that_is_read_only_faults_as_an_update():
    with pytest.raises(MemoryFault, match="atomic update of 4 bytes"):
        hart(DATA, AMOADD, data=READ).execute(CODE, 1)


def test_a_store_conditional_that_fails_accesses_nothing():
    assert run(hart(DATA, SC, data=READ), 1) == (1, 5)
