"""The effect of every instruction against unicorn (QEMU's code): registers, memory, pc, faults.

Both start from the same state and go on with whatever the instructions make of it; before each
one a few registers get new values, mostly such as lie at edges or point into memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import unicorn
from attrs import evolve, frozen
from unicorn import riscv_const

from simfw.engine.interp import BUDGET, Interpreter
from simfw.errors import GuestFault
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import EXTENSIONS, Isa, isa
from simfw.riscv.record import Compressed, Extension, Record
from simfw.riscv.state import Fields, State

CODES, CODE_SIZE = (0x1_0000, 0xFFFF_0000), 0x1_0000
DATA, DATA_SIZE = 0x2_0000, 0x2000
CONTENTS = bytes((n * 151 + (n >> 7) * 13) & 0xFF for n in range(DATA_SIZE))
REGISTERS = [riscv_const.UC_RISCV_REG_X0 + n for n in range(32)]
PC = riscv_const.UC_RISCV_REG_PC
MODES = {32: unicorn.UC_MODE_RISCV32, 64: unicorn.UC_MODE_RISCV64}


@frozen
class Seen:
    """What an instruction left behind; `pc` is None where it faulted."""

    pc: int | None
    x: tuple[int, ...]
    data: bytes


class Theirs:
    """A hart of unicorn's."""

    def __init__(self, xlen: int) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_RISCV, MODES[xlen])
        for code in CODES:
            self.uc.mem_map(code, CODE_SIZE, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        self.uc.mem_map(DATA, DATA_SIZE, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        self.uc.hook_add(unicorn.UC_HOOK_INTR, self.interrupted)
        self.trapped = False

    def interrupted(self, uc: unicorn.Uc, number: int, user: object) -> None:
        self.trapped = True
        uc.emu_stop()

    def place(self, address: int, code: bytes) -> None:
        self.uc.mem_write(address, code)
        self.uc.ctl_remove_cache(address, address + len(code))

    def step(self, pc: int, changed: dict[int, int]) -> Seen:
        self.uc.mem_write(DATA, CONTENTS)
        for register, value in changed.items():
            self.uc.reg_write(REGISTERS[register], value)
        self.trapped, following = False, None
        try:
            self.uc.emu_start(pc, 0, count=1)
        except unicorn.UcError as error:
            self.trapped = self.trapped or "FETCH" not in str(error)
        if not self.trapped:
            following = self.uc.reg_read(PC)
        data = bytes(self.uc.mem_read(DATA, DATA_SIZE))
        return Seen(following, tuple(self.uc.reg_read_batch(REGISTERS)), data)

    def restore(self, seen: Seen) -> None:
        """Take over registers from the other."""
        self.uc.reg_write_batch(list(zip(REGISTERS[1:], seen.x[1:], strict=True)))


class Ours:
    """A hart of ours."""

    def __init__(self, one: Isa) -> None:
        self.memory = Memory(one.xlen, base=0, span=1 << 32)
        for code in CODES:
            self.memory.map(code, CODE_SIZE, Permissions.READ | Permissions.EXECUTE, "code")
        self.memory.map(DATA, DATA_SIZE, Permissions.READ | Permissions.WRITE, "data")
        self.engine = Interpreter(RiscvFrontEnd(one, self.memory), self.memory)

    def place(self, address: int, code: bytes) -> None:
        self.memory.initialise(address, code)

    def step(self, pc: int, changed: dict[int, int]) -> Seen:
        self.memory.write(DATA, CONTENTS)
        for register, value in changed.items():
            self.engine.x[register] = value
        following = None
        try:
            reached = self.engine.execute(pc, 1)
            assert (reached.reason, self.engine.left) == (BUDGET, 0)
            following = reached.pc
        except GuestFault as fault:
            assert (fault.pc, self.engine.pc, self.engine.left) == (pc, pc, 1)
        return Seen(following, tuple(self.engine.x[:32]), self.memory.read(DATA, DATA_SIZE))


Row = Record | Compressed
LEAVING = {"ecall", "ebreak", "fence.i", "c.ebreak"}


def is_compared(row: Row) -> bool:
    """Not those that leave to the run loop."""
    return row.name not in LEAVING and row.extension != "Zicsr"


def is_misaligned_sc(row: Row, address: int) -> bool:
    """The manual has these fault ("Zalrsc"); QEMU looks at the reservation first."""
    return row.name.startswith("sc.") and address % {"w": 4, "d": 8}[row.name[-1]] != 0


class Pair:
    """Both harts in step, on code of one instruction set."""

    def __init__(self, one: Isa, seed: object) -> None:
        self.one, self.rng = one, random.Random(str(seed))
        self.ours, self.theirs = Ours(one), Theirs(one.xlen)
        self.cursor = 0

    def word(self, row: Row) -> int:
        """A word of the row, often with equal registers or x0."""
        fixed, rng = row.encoding.mask, self.rng
        while True:
            word = rng.getrandbits(8 * row.encoding.length)
            for _ in range(rng.randrange(3)):
                copied, place = rng.choice((7, 15, 20)), rng.choice((7, 15, 20))
                word = word & ~(31 << place) | rng.choice((0, word >> copied & 31)) << place
            word = word & (1 << 8 * row.encoding.length) - 1 & ~fixed | row.encoding.match
            found = self.one.decode(word)
            if found is not None and found.shown is row:
                return word

    def value(self) -> int:
        top, rng = 1 << self.one.xlen, self.rng
        edges = (0, 1, 2, 31, 32, self.one.xlen - 1, self.one.xlen, top - 1, top - 2, top >> 1,
                 (top >> 1) - 1, (top >> 1) + 1, 1 << 31, (1 << 31) - 1, (1 << 32) - 1)  # fmt: skip
        near = rng.choice((DATA, DATA + DATA_SIZE // 2)) + rng.randrange(-64, 64)
        return rng.choice((rng.choice(edges) % top, rng.randrange(top), near & -8, near))

    def values(self) -> list[int]:
        """For rd, rs1 and rs2; the last two at times such as only a division minds."""
        old, a, b = self.value(), self.value(), self.value()
        if self.rng.random() < 0.15:
            bits = self.rng.choice((32, self.one.xlen))
            a, b = 1 << (bits - 1), (1 << bits) - 1
        return [old, a, b if self.rng.random() > 0.1 else a]

    def difference(self, row: Row) -> str | None:
        """How the two differ over a random instruction of a row; None if they agree."""
        word = self.word(row)
        self.cursor = (self.cursor + 8) % (CODE_SIZE - 16)
        pc = self.rng.choice(CODES) + self.cursor
        code = word.to_bytes(row.encoding.length, "little")
        self.ours.place(pc, code)
        self.theirs.place(pc, code)
        values = self.one.decode(word).values
        used = [values[name] for name in ("rd", "rs1", "rs2") if values.get(name)]
        changed = dict(zip(used, self.values(), strict=False))
        ours, theirs = self.ours.step(pc, changed), self.theirs.step(pc, changed)
        if ours == theirs:
            return None
        if is_misaligned_sc(row, ours.x[values.get("rs1", 0)]):
            self.theirs.restore(ours)
            return None if ours.pc is None else f"{row.name} does not fault"
        what = f"{row.name} {values} at {pc:#x} with {changed}"
        registers = {
            n: (a, b) for n, (a, b) in enumerate(zip(ours.x, theirs.x, strict=True)) if a != b
        }
        return f"{what}: pc {ours.pc} {theirs.pc}, {registers}, data {ours.data == theirs.data}"


def rows(one: Isa) -> list[Row]:
    return [row for row in (*one.records, *one.compressed) if is_compared(row)]


both_widths = pytest.mark.parametrize("xlen", [32, 64])


def check(xlen: int, count: int) -> None:
    one = isa(xlen)
    pair = Pair(one, xlen)
    for row in rows(one):
        for _ in range(count):
            assert pair.difference(row) is None


@both_widths
def test_instructions_do_what_they_do_in_unicorn(xlen):
    check(xlen, 40)


@pytest.mark.slow
@both_widths
def test_instructions_do_what_they_do_in_unicorn_at_length(xlen):
    check(xlen, 2000)


# Reservations


def reservation_words(one: Isa, rng: random.Random) -> list[int]:
    """Load-reserved and store-conditional of one width, and plain loads, on a0 and a1.

    A narrower store-conditional may succeed or fail; ours do, QEMU's do not.
    """
    width = rng.choice(("w", "d")) if one.xlen == 64 else "w"
    names = [f"lr.{width}", f"sc.{width}", "lw"]
    found: list[int] = []
    for name in rng.choices(names, k=12):
        record = next(record for record in one.records if record.name == name)
        word = record.encoding.match | rng.choice((10, 11)) << 15 | rng.choice((12, 13)) << 7
        found.append(word | (14 << 20 if name.startswith("sc") else 0))
    return found


@both_widths
def test_sequences_of_reservations(xlen):
    one, rng = isa(xlen), random.Random(xlen)
    for _ in range(60):
        ours, theirs = Ours(one), Theirs(xlen)
        changed = {10: DATA + 64, 11: DATA + rng.choice((64, 72)), 14: 0x1122_3344}
        for number, word in enumerate(reservation_words(one, rng)):
            pc = CODES[0] + 4 * number
            for hart in (ours, theirs):
                hart.place(pc, word.to_bytes(4, "little"))
            assert ours.step(pc, changed) == theirs.step(pc, changed), f"{word:#x}"
            changed = {}


# Mistakes in records are noticed


def mutant(one: Isa, name: str, semantics: Callable[[State, Fields], None]) -> tuple[Isa, Row]:
    """The instruction set with another meaning of one instruction."""
    extensions: list[Extension] = []
    changed: Record | None = None
    for extension in EXTENSIONS:
        records = list(extension.records)
        for index, record in enumerate(records):
            if record.name == name and one.xlen in record.xlens:
                changed = records[index] = evolve(record, semantics=semantics)
        extensions.append(Extension(extension.name, records, extension.compressed))
    assert changed is not None
    return Isa(one.xlen, extensions), changed


def jalr_that_links_first(s: State, i: Fields) -> None:
    s.x[i.rd] = s.next
    s.jump((s.x[i.rs1] + i.imm12) & ~1)


def jalr_that_keeps_the_lowest_bit(s: State, i: Fields) -> None:
    target = s.x[i.rs1] + i.imm12
    s.x[i.rd] = s.next
    s.jump(target)


def sub_the_other_way(s: State, i: Fields) -> None:
    s.x[i.rd] = s.x[i.rs2] - s.x[i.rs1]


def sra_without_sign(s: State, i: Fields) -> None:
    s.x[i.rd] = s.x[i.rs1].lshr(s.x[i.rs2])


def slt_unsigned(s: State, i: Fields) -> None:
    s.x[i.rd] = s.x[i.rs1].ult(s.x[i.rs2]).zext(s.xlen)


def bge_as_greater(s: State, i: Fields) -> None:
    s.branch(s.x[i.rs2].slt(s.x[i.rs1]), s.pc + i.bimm12)


def auipc_from_the_next(s: State, i: Fields) -> None:
    s.x[i.rd] = s.next + i.imm20


def lb_without_sign(s: State, i: Fields) -> None:
    s.x[i.rd] = s.load(1, s.x[i.rs1] + i.imm12).zext(s.xlen)


def sh_of_a_byte(s: State, i: Fields) -> None:
    s.store(1, s.x[i.rs1] + i.simm12, s.x[i.rs2])


def mulhsu_as_mulhu(s: State, i: Fields) -> None:
    wide = 2 * s.xlen
    product = s.x[i.rs1].zext(wide) * s.x[i.rs2].zext(wide)
    s.x[i.rd] = product.lshr(s.xlen).trunc(s.xlen)


def div_without_overflow(s: State, i: Fields) -> None:
    a, b = s.x[i.rs1], s.x[i.rs2]
    overflow = a.eq(a.type.sign) & b.eq(-1)
    s.x[i.rd] = b.eq(0).select(-1, overflow.select(0, a.sdiv(b)))


def rem_by_zero_is_zero(s: State, i: Fields) -> None:
    a, b = s.x[i.rs1], s.x[i.rs2]
    s.x[i.rd] = b.eq(0).select(0, a.urem(b))


def amomax_as_min(s: State, i: Fields) -> None:
    address = s.x[i.rs1]
    s.check((address & 3).eq(0), "misaligned", address)
    old, new = s.load(4, address, "write"), s.x[i.rs2].trunc(32)
    s.store(4, address, old.slt(new).select(old, new))
    s.x[i.rd] = old.sext(s.xlen)


def addiw_without_sign(s: State, i: Fields) -> None:
    s.x[i.rd] = (s.x[i.rs1] + i.imm12).trunc(32).zext(64)


MUTANTS = [
    (32, "jalr", jalr_that_links_first),
    (64, "jalr", jalr_that_keeps_the_lowest_bit),
    (32, "sub", sub_the_other_way),
    (64, "sra", sra_without_sign),
    (32, "slt", slt_unsigned),
    (32, "bge", bge_as_greater),
    (64, "auipc", auipc_from_the_next),
    (64, "lb", lb_without_sign),
    (32, "sh", sh_of_a_byte),
    (32, "mulhsu", mulhsu_as_mulhu),
    (64, "div", div_without_overflow),
    (32, "remu", rem_by_zero_is_zero),
    (64, "amomax.w", amomax_as_min),
    (64, "addiw", addiw_without_sign),
]


@pytest.mark.parametrize(
    ("xlen", "name", "semantics"), MUTANTS, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_a_wrong_record_is_noticed(xlen, name, semantics):
    """Within twice the cases that the test above has for it."""
    one, row = mutant(isa(xlen), name, semantics)
    pair = Pair(one, name)
    assert any(pair.difference(row) for _ in range(80))
