"""Compressed instructions (unprivileged manual, chapter "C"): rows that name a long record.

Floating-point loads and stores of the C extension belong to Zcf and Zcd and come with F and D.
"""

from __future__ import annotations

from simfw.riscv.record import Extension, Record
from simfw.riscv.rv_i64 import I

C = Extension("C")
RV32, RV64 = (32,), (64,)


def _long(name: str, xlen: int = 32) -> Record:
    return next(r for r in I.records if r.name == name and xlen in r.xlens)


def _row(
    encoding: str,
    format: str,
    long: str,
    *,
    nonzero: tuple[str, ...] = (),
    xlens: tuple[int, ...] = (32, 64),
    **operands: str | int,
) -> None:
    C.short(encoding, format, _long(long, xlens[0]), nonzero=nonzero, xlens=xlens, **operands)


# A table: the encoding and what is shown, then the long record and where its operands are.
# fmt: off

# Quadrant 0
_row("c.addi4spn c_rd_p c_uimm10 15..13=0 1..0=0", "c.addi4spn {c_rd_p}, sp, {c_uimm10}",
     "addi", rd="c_rd_p", rs1=2, imm12="c_uimm10", nonzero=("c_uimm10",))
_row("c.lw c_rd_p c_rs1_p c_uimm7 15..13=2 1..0=0", "c.lw {c_rd_p}, {c_uimm7}({c_rs1_p})",
     "lw", rd="c_rd_p", rs1="c_rs1_p", imm12="c_uimm7")
_row("c.ld c_rd_p c_rs1_p c_uimm8 15..13=3 1..0=0", "c.ld {c_rd_p}, {c_uimm8}({c_rs1_p})",
     "ld", rd="c_rd_p", rs1="c_rs1_p", imm12="c_uimm8", xlens=RV64)
_row("c.sw c_rs2_p c_rs1_p c_uimm7 15..13=6 1..0=0", "c.sw {c_rs2_p}, {c_uimm7}({c_rs1_p})",
     "sw", rs2="c_rs2_p", rs1="c_rs1_p", simm12="c_uimm7")
_row("c.sd c_rs2_p c_rs1_p c_uimm8 15..13=7 1..0=0", "c.sd {c_rs2_p}, {c_uimm8}({c_rs1_p})",
     "sd", rs2="c_rs2_p", rs1="c_rs1_p", simm12="c_uimm8", xlens=RV64)

# Quadrant 1
_row("c.nop c_imm6 15..13=0 11..7=0 1..0=1", "c.nop", "addi", rd=0, rs1=0, imm12="c_imm6")
_row("c.addi c_rd c_imm6 15..13=0 1..0=1", "c.addi {c_rd}, {c_imm6}",
     "addi", rd="c_rd", rs1="c_rd", imm12="c_imm6", nonzero=("c_rd",))
_row("c.jal c_imm12 15..13=1 1..0=1", "c.jal {c_imm12}", "jal", rd=1, jimm20="c_imm12",
     xlens=RV32)
_row("c.addiw c_rd c_imm6 15..13=1 1..0=1", "c.addiw {c_rd}, {c_imm6}",
     "addiw", rd="c_rd", rs1="c_rd", imm12="c_imm6", nonzero=("c_rd",), xlens=RV64)
_row("c.li c_rd c_imm6 15..13=2 1..0=1", "c.li {c_rd}, {c_imm6}",
     "addi", rd="c_rd", rs1=0, imm12="c_imm6")
_row("c.addi16sp c_imm10 15..13=3 11..7=2 1..0=1", "c.addi16sp sp, {c_imm10}",
     "addi", rd=2, rs1=2, imm12="c_imm10", nonzero=("c_imm10",))
_row("c.lui c_rd c_imm18 15..13=3 1..0=1", "c.lui {c_rd}, {c_imm18}",
     "lui", rd="c_rd", imm20="c_imm18", nonzero=("c_imm18", "c_rd!=2"))
for _name, _funct2 in (("srli", 0), ("srai", 1)):
    _row(f"c.{_name} c_rs1_p c_shamt5 15..13=4 12=0 11..10={_funct2} 1..0=1",
         f"c.{_name} {{c_rs1_p}}, {{c_shamt5}}", _name,
         rd="c_rs1_p", rs1="c_rs1_p", shamtw="c_shamt5", xlens=RV32)
    _row(f"c.{_name} c_rs1_p c_shamt6 15..13=4 11..10={_funct2} 1..0=1",
         f"c.{_name} {{c_rs1_p}}, {{c_shamt6}}", _name,
         rd="c_rs1_p", rs1="c_rs1_p", shamtd="c_shamt6", xlens=RV64)
_row("c.andi c_rs1_p c_imm6 15..13=4 11..10=2 1..0=1", "c.andi {c_rs1_p}, {c_imm6}",
     "andi", rd="c_rs1_p", rs1="c_rs1_p", imm12="c_imm6")
for _name, _bit12, _funct2, _xlens in (
    ("sub", 0, 0, (32, 64)), ("xor", 0, 1, (32, 64)), ("or", 0, 2, (32, 64)),
    ("and", 0, 3, (32, 64)), ("subw", 1, 0, RV64), ("addw", 1, 1, RV64),
):
    _row(f"c.{_name} c_rs1_p c_rs2_p 15..13=4 12={_bit12} 11..10=3 6..5={_funct2} 1..0=1",
         f"c.{_name} {{c_rs1_p}}, {{c_rs2_p}}", _name,
         rd="c_rs1_p", rs1="c_rs1_p", rs2="c_rs2_p", xlens=_xlens)
_row("c.j c_imm12 15..13=5 1..0=1", "c.j {c_imm12}", "jal", rd=0, jimm20="c_imm12")
_row("c.beqz c_rs1_p c_bimm9 15..13=6 1..0=1", "c.beqz {c_rs1_p}, {c_bimm9}",
     "beq", rs1="c_rs1_p", rs2=0, bimm12="c_bimm9")
_row("c.bnez c_rs1_p c_bimm9 15..13=7 1..0=1", "c.bnez {c_rs1_p}, {c_bimm9}",
     "bne", rs1="c_rs1_p", rs2=0, bimm12="c_bimm9")

# Quadrant 2
_row("c.slli c_rd c_shamt5 15..13=0 12=0 1..0=2", "c.slli {c_rd}, {c_shamt5}",
     "slli", rd="c_rd", rs1="c_rd", shamtw="c_shamt5", xlens=RV32)
_row("c.slli c_rd c_shamt6 15..13=0 1..0=2", "c.slli {c_rd}, {c_shamt6}",
     "slli", rd="c_rd", rs1="c_rd", shamtd="c_shamt6", xlens=RV64)
_row("c.lwsp c_rd c_uimm8sp 15..13=2 1..0=2", "c.lwsp {c_rd}, {c_uimm8sp}(sp)",
     "lw", rd="c_rd", rs1=2, imm12="c_uimm8sp", nonzero=("c_rd",))
_row("c.ldsp c_rd c_uimm9sp 15..13=3 1..0=2", "c.ldsp {c_rd}, {c_uimm9sp}(sp)",
     "ld", rd="c_rd", rs1=2, imm12="c_uimm9sp", nonzero=("c_rd",), xlens=RV64)
_row("c.jr c_rs1 15..13=4 12=0 6..2=0 1..0=2", "c.jr {c_rs1}",
     "jalr", rd=0, rs1="c_rs1", imm12=0, nonzero=("c_rs1",))
_row("c.mv c_rd c_rs2 15..13=4 12=0 1..0=2", "c.mv {c_rd}, {c_rs2}",
     "add", rd="c_rd", rs1=0, rs2="c_rs2", nonzero=("c_rs2",))
_row("c.ebreak 15..13=4 12=1 11..2=0 1..0=2", "c.ebreak", "ebreak")
_row("c.jalr c_rs1 15..13=4 12=1 6..2=0 1..0=2", "c.jalr {c_rs1}",
     "jalr", rd=1, rs1="c_rs1", imm12=0, nonzero=("c_rs1",))
_row("c.add c_rd c_rs2 15..13=4 12=1 1..0=2", "c.add {c_rd}, {c_rs2}",
     "add", rd="c_rd", rs1="c_rd", rs2="c_rs2", nonzero=("c_rs2",))
_row("c.swsp c_rs2 c_uimm8sp_s 15..13=6 1..0=2", "c.swsp {c_rs2}, {c_uimm8sp_s}(sp)",
     "sw", rs2="c_rs2", rs1=2, simm12="c_uimm8sp_s")
_row("c.sdsp c_rs2 c_uimm9sp_s 15..13=7 1..0=2", "c.sdsp {c_rs2}, {c_uimm9sp_s}(sp)",
     "sd", rs2="c_rs2", rs1=2, simm12="c_uimm9sp_s", xlens=RV64)
# fmt: on
