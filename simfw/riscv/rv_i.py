"""The base integer instruction sets RV32I and RV64I (unprivileged manual, chapters 2 and 4)."""

from __future__ import annotations

from simfw.riscv.record import Extension
from simfw.riscv.state import Fields, State

I = Extension("I")  # noqa: E741 - the extension's name
insn = I.insn
RV32, RV64 = (32,), (64,)

# Upper immediates and jumps


@insn("lui rd imm20 6..2=0x0D 1..0=3", "lui {rd}, {imm20}")
def lui(s: State, i: Fields) -> None:
    """Load a 20-bit immediate into the upper bits."""
    s.x[i.rd] = i.imm20


@insn("auipc rd imm20 6..2=0x05 1..0=3", "auipc {rd}, {imm20}")
def auipc(s: State, i: Fields) -> None:
    """Add a 20-bit upper immediate to the pc."""
    s.x[i.rd] = s.pc + i.imm20


@insn("jal rd jimm20 6..2=0x1b 1..0=3", "jal {rd}, {jimm20}")
def jal(s: State, i: Fields) -> None:
    """Jump relative to the pc and link."""
    s.x[i.rd] = s.next
    s.jump(s.pc + i.jimm20)


@insn("jalr rd rs1 imm12 14..12=0 6..2=0x19 1..0=3", "jalr {rd}, {imm12}({rs1})")
def jalr(s: State, i: Fields) -> None:
    """Jump to a register plus an immediate, lowest bit cleared, and link."""
    target = (s.x[i.rs1] + i.imm12) & ~1
    s.x[i.rd] = s.next
    s.jump(target)


# Branches


@insn("beq bimm12 rs1 rs2 14..12=0 6..2=0x18 1..0=3", "beq {rs1}, {rs2}, {bimm12}")
def beq(s: State, i: Fields) -> None:
    """Branch if equal."""
    s.branch(s.x[i.rs1].eq(s.x[i.rs2]), s.pc + i.bimm12)


@insn("bne bimm12 rs1 rs2 14..12=1 6..2=0x18 1..0=3", "bne {rs1}, {rs2}, {bimm12}")
def bne(s: State, i: Fields) -> None:
    """Branch if not equal."""
    s.branch(s.x[i.rs1].ne(s.x[i.rs2]), s.pc + i.bimm12)


@insn("blt bimm12 rs1 rs2 14..12=4 6..2=0x18 1..0=3", "blt {rs1}, {rs2}, {bimm12}")
def blt(s: State, i: Fields) -> None:
    """Branch if less than, signed."""
    s.branch(s.x[i.rs1].slt(s.x[i.rs2]), s.pc + i.bimm12)


@insn("bge bimm12 rs1 rs2 14..12=5 6..2=0x18 1..0=3", "bge {rs1}, {rs2}, {bimm12}")
def bge(s: State, i: Fields) -> None:
    """Branch if greater or equal, signed."""
    s.branch(s.x[i.rs1].sge(s.x[i.rs2]), s.pc + i.bimm12)


@insn("bltu bimm12 rs1 rs2 14..12=6 6..2=0x18 1..0=3", "bltu {rs1}, {rs2}, {bimm12}")
def bltu(s: State, i: Fields) -> None:
    """Branch if less than, unsigned."""
    s.branch(s.x[i.rs1].ult(s.x[i.rs2]), s.pc + i.bimm12)


@insn("bgeu bimm12 rs1 rs2 14..12=7 6..2=0x18 1..0=3", "bgeu {rs1}, {rs2}, {bimm12}")
def bgeu(s: State, i: Fields) -> None:
    """Branch if greater or equal, unsigned."""
    s.branch(s.x[i.rs1].uge(s.x[i.rs2]), s.pc + i.bimm12)


# Loads and stores


@insn("lb rd rs1 imm12 14..12=0 6..2=0x00 1..0=3", "lb {rd}, {imm12}({rs1})")
def lb(s: State, i: Fields) -> None:
    """Load a byte, sign-extended."""
    s.x[i.rd] = s.load(1, s.x[i.rs1] + i.imm12).sext(s.xlen)


@insn("lh rd rs1 imm12 14..12=1 6..2=0x00 1..0=3", "lh {rd}, {imm12}({rs1})")
def lh(s: State, i: Fields) -> None:
    """Load a halfword, sign-extended."""
    s.x[i.rd] = s.load(2, s.x[i.rs1] + i.imm12).sext(s.xlen)


@insn("lw rd rs1 imm12 14..12=2 6..2=0x00 1..0=3", "lw {rd}, {imm12}({rs1})")
def lw(s: State, i: Fields) -> None:
    """Load a word, sign-extended."""
    s.x[i.rd] = s.load(4, s.x[i.rs1] + i.imm12).sext(s.xlen)


@insn("ld rd rs1 imm12 14..12=3 6..2=0x00 1..0=3", "ld {rd}, {imm12}({rs1})", xlens=RV64)
def ld(s: State, i: Fields) -> None:
    """Load a doubleword."""
    s.x[i.rd] = s.load(8, s.x[i.rs1] + i.imm12)


@insn("lbu rd rs1 imm12 14..12=4 6..2=0x00 1..0=3", "lbu {rd}, {imm12}({rs1})")
def lbu(s: State, i: Fields) -> None:
    """Load a byte, zero-extended."""
    s.x[i.rd] = s.load(1, s.x[i.rs1] + i.imm12).zext(s.xlen)


@insn("lhu rd rs1 imm12 14..12=5 6..2=0x00 1..0=3", "lhu {rd}, {imm12}({rs1})")
def lhu(s: State, i: Fields) -> None:
    """Load a halfword, zero-extended."""
    s.x[i.rd] = s.load(2, s.x[i.rs1] + i.imm12).zext(s.xlen)


@insn("lwu rd rs1 imm12 14..12=6 6..2=0x00 1..0=3", "lwu {rd}, {imm12}({rs1})", xlens=RV64)
def lwu(s: State, i: Fields) -> None:
    """Load a word, zero-extended."""
    s.x[i.rd] = s.load(4, s.x[i.rs1] + i.imm12).zext(s.xlen)


@insn("sb simm12 rs1 rs2 14..12=0 6..2=0x08 1..0=3", "sb {rs2}, {simm12}({rs1})")
def sb(s: State, i: Fields) -> None:
    """Store a byte."""
    s.store(1, s.x[i.rs1] + i.simm12, s.x[i.rs2])


@insn("sh simm12 rs1 rs2 14..12=1 6..2=0x08 1..0=3", "sh {rs2}, {simm12}({rs1})")
def sh(s: State, i: Fields) -> None:
    """Store a halfword."""
    s.store(2, s.x[i.rs1] + i.simm12, s.x[i.rs2])


@insn("sw simm12 rs1 rs2 14..12=2 6..2=0x08 1..0=3", "sw {rs2}, {simm12}({rs1})")
def sw(s: State, i: Fields) -> None:
    """Store a word."""
    s.store(4, s.x[i.rs1] + i.simm12, s.x[i.rs2])


@insn("sd simm12 rs1 rs2 14..12=3 6..2=0x08 1..0=3", "sd {rs2}, {simm12}({rs1})", xlens=RV64)
def sd(s: State, i: Fields) -> None:
    """Store a doubleword."""
    s.store(8, s.x[i.rs1] + i.simm12, s.x[i.rs2])


# Arithmetic with an immediate


@insn("addi rd rs1 imm12 14..12=0 6..2=0x04 1..0=3", "addi {rd}, {rs1}, {imm12}")
def addi(s: State, i: Fields) -> None:
    """Add a sign-extended 12-bit immediate."""
    s.x[i.rd] = s.x[i.rs1] + i.imm12


@insn("slti rd rs1 imm12 14..12=2 6..2=0x04 1..0=3", "slti {rd}, {rs1}, {imm12}")
def slti(s: State, i: Fields) -> None:
    """Set to 1 if less than an immediate, signed."""
    s.x[i.rd] = s.x[i.rs1].slt(i.imm12).zext(s.xlen)


@insn("sltiu rd rs1 imm12 14..12=3 6..2=0x04 1..0=3", "sltiu {rd}, {rs1}, {imm12}")
def sltiu(s: State, i: Fields) -> None:
    """Set to 1 if less than a sign-extended immediate, unsigned."""
    s.x[i.rd] = s.x[i.rs1].ult(i.imm12).zext(s.xlen)


@insn("xori rd rs1 imm12 14..12=4 6..2=0x04 1..0=3", "xori {rd}, {rs1}, {imm12}")
def xori(s: State, i: Fields) -> None:
    """Exclusive or with an immediate."""
    s.x[i.rd] = s.x[i.rs1] ^ i.imm12


@insn("ori rd rs1 imm12 14..12=6 6..2=0x04 1..0=3", "ori {rd}, {rs1}, {imm12}")
def ori(s: State, i: Fields) -> None:
    """Or with an immediate."""
    s.x[i.rd] = s.x[i.rs1] | i.imm12


@insn("andi rd rs1 imm12 14..12=7 6..2=0x04 1..0=3", "andi {rd}, {rs1}, {imm12}")
def andi(s: State, i: Fields) -> None:
    """And with an immediate."""
    s.x[i.rd] = s.x[i.rs1] & i.imm12


@insn(
    "slli rd rs1 shamtw 31..25=0 14..12=1 6..2=0x04 1..0=3",
    "slli {rd}, {rs1}, {shamtw}",
    xlens=RV32,
)
def slli_32(s: State, i: Fields) -> None:
    """Shift left by an immediate."""
    s.x[i.rd] = s.x[i.rs1] << i.shamtw


@insn(
    "slli rd rs1 shamtd 31..26=0 14..12=1 6..2=0x04 1..0=3",
    "slli {rd}, {rs1}, {shamtd}",
    xlens=RV64,
)
def slli_64(s: State, i: Fields) -> None:
    """Shift left by an immediate."""
    s.x[i.rd] = s.x[i.rs1] << i.shamtd


@insn(
    "srli rd rs1 shamtw 31..25=0 14..12=5 6..2=0x04 1..0=3",
    "srli {rd}, {rs1}, {shamtw}",
    xlens=RV32,
)
def srli_32(s: State, i: Fields) -> None:
    """Shift right by an immediate, filling with zeros."""
    s.x[i.rd] = s.x[i.rs1].lshr(i.shamtw)


@insn(
    "srli rd rs1 shamtd 31..26=0 14..12=5 6..2=0x04 1..0=3",
    "srli {rd}, {rs1}, {shamtd}",
    xlens=RV64,
)
def srli_64(s: State, i: Fields) -> None:
    """Shift right by an immediate, filling with zeros."""
    s.x[i.rd] = s.x[i.rs1].lshr(i.shamtd)


@insn(
    "srai rd rs1 shamtw 31..25=32 14..12=5 6..2=0x04 1..0=3",
    "srai {rd}, {rs1}, {shamtw}",
    xlens=RV32,
)
def srai_32(s: State, i: Fields) -> None:
    """Shift right by an immediate, filling with the sign."""
    s.x[i.rd] = s.x[i.rs1].ashr(i.shamtw)


@insn(
    "srai rd rs1 shamtd 31..26=16 14..12=5 6..2=0x04 1..0=3",
    "srai {rd}, {rs1}, {shamtd}",
    xlens=RV64,
)
def srai_64(s: State, i: Fields) -> None:
    """Shift right by an immediate, filling with the sign."""
    s.x[i.rd] = s.x[i.rs1].ashr(i.shamtd)


# Arithmetic with registers


@insn("add rd rs1 rs2 31..25=0 14..12=0 6..2=0x0C 1..0=3", "add {rd}, {rs1}, {rs2}")
def add(s: State, i: Fields) -> None:
    """Add."""
    s.x[i.rd] = s.x[i.rs1] + s.x[i.rs2]


@insn("sub rd rs1 rs2 31..25=32 14..12=0 6..2=0x0C 1..0=3", "sub {rd}, {rs1}, {rs2}")
def sub(s: State, i: Fields) -> None:
    """Subtract."""
    s.x[i.rd] = s.x[i.rs1] - s.x[i.rs2]


@insn("sll rd rs1 rs2 31..25=0 14..12=1 6..2=0x0C 1..0=3", "sll {rd}, {rs1}, {rs2}")
def sll(s: State, i: Fields) -> None:
    """Shift left by the low bits of a register."""
    s.x[i.rd] = s.x[i.rs1] << s.x[i.rs2]


@insn("slt rd rs1 rs2 31..25=0 14..12=2 6..2=0x0C 1..0=3", "slt {rd}, {rs1}, {rs2}")
def slt(s: State, i: Fields) -> None:
    """Set to 1 if less than, signed."""
    s.x[i.rd] = s.x[i.rs1].slt(s.x[i.rs2]).zext(s.xlen)


@insn("sltu rd rs1 rs2 31..25=0 14..12=3 6..2=0x0C 1..0=3", "sltu {rd}, {rs1}, {rs2}")
def sltu(s: State, i: Fields) -> None:
    """Set to 1 if less than, unsigned."""
    s.x[i.rd] = s.x[i.rs1].ult(s.x[i.rs2]).zext(s.xlen)


@insn("xor rd rs1 rs2 31..25=0 14..12=4 6..2=0x0C 1..0=3", "xor {rd}, {rs1}, {rs2}")
def xor(s: State, i: Fields) -> None:
    """Exclusive or."""
    s.x[i.rd] = s.x[i.rs1] ^ s.x[i.rs2]


@insn("srl rd rs1 rs2 31..25=0 14..12=5 6..2=0x0C 1..0=3", "srl {rd}, {rs1}, {rs2}")
def srl(s: State, i: Fields) -> None:
    """Shift right by the low bits of a register, filling with zeros."""
    s.x[i.rd] = s.x[i.rs1].lshr(s.x[i.rs2])


@insn("sra rd rs1 rs2 31..25=32 14..12=5 6..2=0x0C 1..0=3", "sra {rd}, {rs1}, {rs2}")
def sra(s: State, i: Fields) -> None:
    """Shift right by the low bits of a register, filling with the sign."""
    s.x[i.rd] = s.x[i.rs1].ashr(s.x[i.rs2])


@insn("or rd rs1 rs2 31..25=0 14..12=6 6..2=0x0C 1..0=3", "or {rd}, {rs1}, {rs2}")
def or_(s: State, i: Fields) -> None:
    """Or."""
    s.x[i.rd] = s.x[i.rs1] | s.x[i.rs2]


@insn("and rd rs1 rs2 31..25=0 14..12=7 6..2=0x0C 1..0=3", "and {rd}, {rs1}, {rs2}")
def and_(s: State, i: Fields) -> None:
    """And."""
    s.x[i.rd] = s.x[i.rs1] & s.x[i.rs2]


# Order, and leaving


@insn("fence fm pred succ rs1 14..12=0 rd 6..2=0x03 1..0=3", "fence {pred}, {succ}")
@insn("fence.tso 31..20=0x833 rs1 14..12=0 rd 6..2=0x03 1..0=3", "fence.tso")
@insn("pause 31..20=0x010 19..15=0 14..12=0 11..7=0 6..2=0x03 1..0=3")
def fence(s: State, i: Fields) -> None:
    """Order memory accesses; a single hart sees its own in order anyway."""


@insn("ecall 31..20=0x000 19..7=0 6..2=0x1C 1..0=3", "ecall")
def ecall(s: State, i: Fields) -> None:
    """Call the execution environment."""
    s.exit("ecall")


@insn("ebreak 31..20=0x001 19..7=0 6..2=0x1C 1..0=3", "ebreak")
def ebreak(s: State, i: Fields) -> None:
    """Give control to a debugger."""
    s.exit("ebreak")
