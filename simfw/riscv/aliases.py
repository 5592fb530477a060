"""The names that assemblers and disassemblers give to special cases of instructions.

One row an alias: the instruction, what its operands must be, and how it is then written. The
first row that fits is used. The choice is that of GNU and LLVM objdump.
"""

from __future__ import annotations

from collections.abc import Mapping

Row = tuple[str, dict[str, int], str]
RA = 1

_FCSR, _FRM, _FFLAGS = 3, 2, 1
_CYCLE, _TIME, _INSTRET = 0xC00, 0xC01, 0xC02

_ROWS: tuple[Row, ...] = (
    ("addi", {"rd": 0, "rs1": 0, "imm12": 0}, "nop"),
    ("addi", {"rs1": 0}, "li {rd}, {imm12}"),
    ("addi", {"imm12": 0}, "mv {rd}, {rs1}"),
    ("addiw", {"imm12": 0}, "sext.w {rd}, {rs1}"),
    ("c.mv", {}, "mv {rd}, {rs2}"),
    ("xori", {"imm12": -1}, "not {rd}, {rs1}"),
    ("sub", {"rs1": 0}, "neg {rd}, {rs2}"),
    ("subw", {"rs1": 0}, "negw {rd}, {rs2}"),
    ("sltiu", {"imm12": 1}, "seqz {rd}, {rs1}"),
    ("sltu", {"rs1": 0}, "snez {rd}, {rs2}"),
    ("slt", {"rs2": 0}, "sltz {rd}, {rs1}"),
    ("slt", {"rs1": 0}, "sgtz {rd}, {rs2}"),
    ("beq", {"rs2": 0}, "beqz {rs1}, {bimm12}"),
    ("bne", {"rs2": 0}, "bnez {rs1}, {bimm12}"),
    ("bge", {"rs1": 0}, "blez {rs2}, {bimm12}"),
    ("bge", {"rs2": 0}, "bgez {rs1}, {bimm12}"),
    ("blt", {"rs2": 0}, "bltz {rs1}, {bimm12}"),
    ("blt", {"rs1": 0}, "bgtz {rs2}, {bimm12}"),
    ("jal", {"rd": 0}, "j {jimm20}"),
    ("jal", {"rd": RA}, "jal {jimm20}"),
    ("jalr", {"rd": 0, "rs1": RA, "imm12": 0}, "ret"),
    ("jalr", {"rd": 0, "imm12": 0}, "jr {rs1}"),
    ("jalr", {"rd": 0}, "jr {imm12}({rs1})"),
    ("jalr", {"rd": RA, "imm12": 0}, "jalr {rs1}"),
    ("jalr", {"rd": RA}, "jalr {imm12}({rs1})"),
    ("fence", {"fm": 0, "pred": 15, "succ": 15}, "fence"),
    ("csrrs", {"csr": _FCSR, "rs1": 0}, "frcsr {rd}"),
    ("csrrs", {"csr": _FRM, "rs1": 0}, "frrm {rd}"),
    ("csrrs", {"csr": _FFLAGS, "rs1": 0}, "frflags {rd}"),
    ("csrrs", {"csr": _CYCLE, "rs1": 0}, "rdcycle {rd}"),
    ("csrrs", {"csr": _TIME, "rs1": 0}, "rdtime {rd}"),
    ("csrrs", {"csr": _INSTRET, "rs1": 0}, "rdinstret {rd}"),
    ("csrrs", {"csr": _CYCLE + 0x80, "rs1": 0}, "rdcycleh {rd}"),
    ("csrrs", {"csr": _TIME + 0x80, "rs1": 0}, "rdtimeh {rd}"),
    ("csrrs", {"csr": _INSTRET + 0x80, "rs1": 0}, "rdinstreth {rd}"),
    ("csrrs", {"rs1": 0}, "csrr {rd}, {csr}"),
    ("csrrw", {"csr": _FCSR, "rd": 0}, "fscsr {rs1}"),
    ("csrrw", {"csr": _FCSR}, "fscsr {rd}, {rs1}"),
    ("csrrw", {"csr": _FRM, "rd": 0}, "fsrm {rs1}"),
    ("csrrw", {"csr": _FRM}, "fsrm {rd}, {rs1}"),
    ("csrrw", {"csr": _FFLAGS, "rd": 0}, "fsflags {rs1}"),
    ("csrrw", {"csr": _FFLAGS}, "fsflags {rd}, {rs1}"),
    ("csrrw", {"csr": _CYCLE, "rd": 0, "rs1": 0}, "unimp"),
    ("csrrw", {"rd": 0}, "csrw {csr}, {rs1}"),
    ("csrrs", {"rd": 0}, "csrs {csr}, {rs1}"),
    ("csrrc", {"rd": 0}, "csrc {csr}, {rs1}"),
    ("csrrwi", {"csr": _FRM, "rd": 0}, "fsrmi {zimm5}"),
    ("csrrwi", {"csr": _FRM}, "fsrmi {rd}, {zimm5}"),
    ("csrrwi", {"csr": _FFLAGS, "rd": 0}, "fsflagsi {zimm5}"),
    ("csrrwi", {"csr": _FFLAGS}, "fsflagsi {rd}, {zimm5}"),
    ("csrrwi", {"rd": 0}, "csrwi {csr}, {zimm5}"),
    ("csrrsi", {"rd": 0}, "csrsi {csr}, {zimm5}"),
    ("csrrci", {"rd": 0}, "csrci {csr}, {zimm5}"),
)

_BY_NAME: dict[str, list[Row]] = {}
for _row in _ROWS:
    _BY_NAME.setdefault(_row[0], []).append(_row)


def alias(names: tuple[str, str], values: Mapping[str, int]) -> str | None:
    """The format of an instruction under an alias; None if it has none for these operands.

    `names` are what the instruction is called as it was written and in full, such as `c.mv` and
    `add`; `values` are the operands by field.
    """
    for name in dict.fromkeys(names):
        for _, wanted, format in _BY_NAME.get(name, ()):
            if all(values[operand] == value for operand, value in wanted.items()):
                return format
    return None
