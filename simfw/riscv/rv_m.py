"""Integer multiplication and division (unprivileged manual, chapter "M")."""

from __future__ import annotations

from simfw.ir.builder import Word
from simfw.riscv.record import Extension
from simfw.riscv.state import Fields, State

M = Extension("M")
insn = M.insn
RV64 = (64,)


def _high(a: Word, b: Word, xlen: int) -> Word:
    """The upper half of a product of operands widened to twice the register width."""
    return (a * b).lshr(xlen).trunc(xlen)


def _guarded(a: Word, b: Word, whole: Word, by_zero: Word | int, overflow: Word | int) -> Word:
    """A signed division's result, with the manual's values for a zero divisor and MIN / -1."""
    overflows = a.eq(a.type.sign) & b.eq(a.type.mask)
    return b.eq(0).select(by_zero, overflows.select(overflow, whole))


@insn("mul rd rs1 rs2 31..25=1 14..12=0 6..2=0x0C 1..0=3", "mul {rd}, {rs1}, {rs2}")
def mul(s: State, i: Fields) -> None:
    """Multiply, low half."""
    s.x[i.rd] = s.x[i.rs1] * s.x[i.rs2]


@insn("mulh rd rs1 rs2 31..25=1 14..12=1 6..2=0x0C 1..0=3", "mulh {rd}, {rs1}, {rs2}")
def mulh(s: State, i: Fields) -> None:
    """Multiply signed by signed, high half."""
    wide = 2 * s.xlen
    s.x[i.rd] = _high(s.x[i.rs1].sext(wide), s.x[i.rs2].sext(wide), s.xlen)


@insn("mulhsu rd rs1 rs2 31..25=1 14..12=2 6..2=0x0C 1..0=3", "mulhsu {rd}, {rs1}, {rs2}")
def mulhsu(s: State, i: Fields) -> None:
    """Multiply signed by unsigned, high half."""
    wide = 2 * s.xlen
    s.x[i.rd] = _high(s.x[i.rs1].sext(wide), s.x[i.rs2].zext(wide), s.xlen)


@insn("mulhu rd rs1 rs2 31..25=1 14..12=3 6..2=0x0C 1..0=3", "mulhu {rd}, {rs1}, {rs2}")
def mulhu(s: State, i: Fields) -> None:
    """Multiply unsigned by unsigned, high half."""
    wide = 2 * s.xlen
    s.x[i.rd] = _high(s.x[i.rs1].zext(wide), s.x[i.rs2].zext(wide), s.xlen)


@insn("div rd rs1 rs2 31..25=1 14..12=4 6..2=0x0C 1..0=3", "div {rd}, {rs1}, {rs2}")
def div(s: State, i: Fields) -> None:
    """Divide, signed, towards zero; by zero gives -1."""
    a, b = s.x[i.rs1], s.x[i.rs2]
    s.x[i.rd] = _guarded(a, b, a.sdiv(b), -1, a)


@insn("divu rd rs1 rs2 31..25=1 14..12=5 6..2=0x0C 1..0=3", "divu {rd}, {rs1}, {rs2}")
def divu(s: State, i: Fields) -> None:
    """Divide, unsigned; by zero gives all ones."""
    a, b = s.x[i.rs1], s.x[i.rs2]
    s.x[i.rd] = b.eq(0).select(-1, a.udiv(b))


@insn("rem rd rs1 rs2 31..25=1 14..12=6 6..2=0x0C 1..0=3", "rem {rd}, {rs1}, {rs2}")
def rem(s: State, i: Fields) -> None:
    """Remainder, signed; by zero gives the dividend."""
    a, b = s.x[i.rs1], s.x[i.rs2]
    s.x[i.rd] = _guarded(a, b, a.srem(b), a, 0)


@insn("remu rd rs1 rs2 31..25=1 14..12=7 6..2=0x0C 1..0=3", "remu {rd}, {rs1}, {rs2}")
def remu(s: State, i: Fields) -> None:
    """Remainder, unsigned; by zero gives the dividend."""
    a, b = s.x[i.rs1], s.x[i.rs2]
    s.x[i.rd] = b.eq(0).select(a, a.urem(b))


@insn("mulw rd rs1 rs2 31..25=1 14..12=0 6..2=0x0E 1..0=3", "mulw {rd}, {rs1}, {rs2}", xlens=RV64)
def mulw(s: State, i: Fields) -> None:
    """Multiply the low 32 bits, sign-extended."""
    s.x[i.rd] = (s.x[i.rs1] * s.x[i.rs2]).trunc(32).sext(64)


@insn("divw rd rs1 rs2 31..25=1 14..12=4 6..2=0x0E 1..0=3", "divw {rd}, {rs1}, {rs2}", xlens=RV64)
def divw(s: State, i: Fields) -> None:
    """Divide the low 32 bits, signed, sign-extended."""
    a, b = s.x[i.rs1].trunc(32), s.x[i.rs2].trunc(32)
    s.x[i.rd] = _guarded(a, b, a.sdiv(b), -1, a).sext(64)


@insn("divuw rd rs1 rs2 31..25=1 14..12=5 6..2=0x0E 1..0=3", "divuw {rd}, {rs1}, {rs2}", xlens=RV64)
def divuw(s: State, i: Fields) -> None:
    """Divide the low 32 bits, unsigned, sign-extended."""
    a, b = s.x[i.rs1].trunc(32), s.x[i.rs2].trunc(32)
    s.x[i.rd] = b.eq(0).select(-1, a.udiv(b)).sext(64)


@insn("remw rd rs1 rs2 31..25=1 14..12=6 6..2=0x0E 1..0=3", "remw {rd}, {rs1}, {rs2}", xlens=RV64)
def remw(s: State, i: Fields) -> None:
    """Remainder of the low 32 bits, signed, sign-extended."""
    a, b = s.x[i.rs1].trunc(32), s.x[i.rs2].trunc(32)
    s.x[i.rd] = _guarded(a, b, a.srem(b), a, 0).sext(64)


@insn("remuw rd rs1 rs2 31..25=1 14..12=7 6..2=0x0E 1..0=3", "remuw {rd}, {rs1}, {rs2}", xlens=RV64)
def remuw(s: State, i: Fields) -> None:
    """Remainder of the low 32 bits, unsigned, sign-extended."""
    a, b = s.x[i.rs1].trunc(32), s.x[i.rs2].trunc(32)
    s.x[i.rd] = b.eq(0).select(a, a.urem(b)).sext(64)
