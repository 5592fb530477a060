"""Instructions as text, from the formats of their records."""

from __future__ import annotations

from simfw.riscv.csr import csr_name
from simfw.riscv.fields import FIELDS
from simfw.riscv.isa import Instruction
from simfw.riscv.registers import ABI_NAMES

_PC_RELATIVE = frozenset({"jimm20", "bimm12", "c_imm12", "c_bimm9"})
_UPPER = frozenset({"imm20", "c_imm18"})
_ORDERS = ("", ".rl", ".aq", ".aqrl")


def disassemble(instruction: Instruction, pc: int | None = None) -> str:
    """One line of assembly; with `pc`, targets are addresses instead of distances."""
    word, shown = instruction.word, instruction.shown
    values = {one.name: _operand(one.name, one.extract(word), pc) for one in shown.encoding.fields}
    if "aq" in values:
        values["order"] = _ORDERS[word >> 25 & 3]
    return shown.format.format(**values)


def _operand(name: str, value: int, pc: int | None) -> str:
    if FIELDS[name].role == "register":
        return ABI_NAMES[value]
    if name in _PC_RELATIVE and pc is not None:
        return f"{pc + value:#x}"
    if name in _UPPER:
        return f"{value >> 12 & 0xFFFFF:#x}"
    if name in ("pred", "succ"):
        return (
            "".join(letter for bit, letter in zip((8, 4, 2, 1), "iorw", strict=True) if value & bit)
            or "0"
        )
    return csr_name(value) if name == "csr" else str(value)
