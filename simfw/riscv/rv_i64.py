"""RV64I's operations on the low 32 bits (unprivileged manual, chapter "RV64I").

They belong to the extension I, to which this module adds them.
"""

from __future__ import annotations

from simfw.riscv.rv_i import RV64, I
from simfw.riscv.state import Fields, State

__all__ = ["I"]

insn = I.insn


@insn("addiw rd rs1 imm12 14..12=0 6..2=0x06 1..0=3", "addiw {rd}, {rs1}, {imm12}", xlens=RV64)
def addiw(s: State, i: Fields) -> None:
    """Add an immediate to the low 32 bits, sign-extended."""
    s.x[i.rd] = (s.x[i.rs1] + i.imm12).trunc(32).sext(64)


@insn(
    "slliw rd rs1 shamtw 31..25=0 14..12=1 6..2=0x06 1..0=3",
    "slliw {rd}, {rs1}, {shamtw}",
    xlens=RV64,
)
def slliw(s: State, i: Fields) -> None:
    """Shift the low 32 bits left by an immediate, sign-extended."""
    s.x[i.rd] = (s.x[i.rs1].trunc(32) << i.shamtw.trunc(32)).sext(64)


@insn(
    "srliw rd rs1 shamtw 31..25=0 14..12=5 6..2=0x06 1..0=3",
    "srliw {rd}, {rs1}, {shamtw}",
    xlens=RV64,
)
def srliw(s: State, i: Fields) -> None:
    """Shift the low 32 bits right by an immediate, filling with zeros, sign-extended."""
    s.x[i.rd] = s.x[i.rs1].trunc(32).lshr(i.shamtw.trunc(32)).sext(64)


@insn(
    "sraiw rd rs1 shamtw 31..25=32 14..12=5 6..2=0x06 1..0=3",
    "sraiw {rd}, {rs1}, {shamtw}",
    xlens=RV64,
)
def sraiw(s: State, i: Fields) -> None:
    """Shift the low 32 bits right by an immediate, filling with their sign."""
    s.x[i.rd] = s.x[i.rs1].trunc(32).ashr(i.shamtw.trunc(32)).sext(64)


@insn("addw rd rs1 rs2 31..25=0 14..12=0 6..2=0x0E 1..0=3", "addw {rd}, {rs1}, {rs2}", xlens=RV64)
def addw(s: State, i: Fields) -> None:
    """Add the low 32 bits, sign-extended."""
    s.x[i.rd] = (s.x[i.rs1] + s.x[i.rs2]).trunc(32).sext(64)


@insn("subw rd rs1 rs2 31..25=32 14..12=0 6..2=0x0E 1..0=3", "subw {rd}, {rs1}, {rs2}", xlens=RV64)
def subw(s: State, i: Fields) -> None:
    """Subtract the low 32 bits, sign-extended."""
    s.x[i.rd] = (s.x[i.rs1] - s.x[i.rs2]).trunc(32).sext(64)


@insn("sllw rd rs1 rs2 31..25=0 14..12=1 6..2=0x0E 1..0=3", "sllw {rd}, {rs1}, {rs2}", xlens=RV64)
def sllw(s: State, i: Fields) -> None:
    """Shift the low 32 bits left by a register, sign-extended."""
    s.x[i.rd] = (s.x[i.rs1].trunc(32) << s.x[i.rs2].trunc(32)).sext(64)


@insn("srlw rd rs1 rs2 31..25=0 14..12=5 6..2=0x0E 1..0=3", "srlw {rd}, {rs1}, {rs2}", xlens=RV64)
def srlw(s: State, i: Fields) -> None:
    """Shift the low 32 bits right by a register, filling with zeros, sign-extended."""
    s.x[i.rd] = s.x[i.rs1].trunc(32).lshr(s.x[i.rs2].trunc(32)).sext(64)


@insn("sraw rd rs1 rs2 31..25=32 14..12=5 6..2=0x0E 1..0=3", "sraw {rd}, {rs1}, {rs2}", xlens=RV64)
def sraw(s: State, i: Fields) -> None:
    """Shift the low 32 bits right by a register, filling with their sign."""
    s.x[i.rd] = s.x[i.rs1].trunc(32).ashr(s.x[i.rs2].trunc(32)).sext(64)
