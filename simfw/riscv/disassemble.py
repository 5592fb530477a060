"""Instructions as text, from the formats of their records, as objdump shows them."""

from __future__ import annotations

from simfw.riscv.aliases import alias
from simfw.riscv.csr_names import CSR_NAMES
from simfw.riscv.fields import FIELDS
from simfw.riscv.isa import Instruction
from simfw.riscv.registers import ABI_NAMES

_PC_RELATIVE = frozenset({"jimm20", "bimm12", "c_imm12", "c_bimm9"})
_UPPER = frozenset({"imm20", "c_imm18"})
_ORDERS = ("", ".rl", ".aq", ".aqrl")
_FENCE_SETS = ("pred", "succ")


def disassemble(
    instruction: Instruction, pc: int | None = None, *, aliases: bool = True, xlen: int = 64
) -> str:
    """One line of assembly; with `pc`, targets are addresses (of `xlen` bits) and not distances.

    With `aliases` it is written as objdump does: short encodings as what they stand for, and
    special cases by the names that assemblers have for them. Without, as `objdump -M no-aliases`:
    each instruction under its own name.

    >>> from simfw.riscv.isa import isa
    >>> from simfw.riscv.disassemble import disassemble
    >>> word = isa(32).decode(0x8082)
    >>> disassemble(word), disassemble(word, aliases=False)
    ('ret', 'c.jr ra')
    """
    word, record, shown = instruction.word, instruction.record, instruction.shown
    format, values = shown.format, {f.name: f.extract(word) for f in shown.encoding.fields}
    if aliases:
        values = values if shown is record else instruction.values
        format = alias((shown.name, record.name), values) or record.format
    texts = {name: _operand(name, value, pc, xlen) for name, value in values.items()}
    return format.format(**texts, order=_ORDERS[word >> 25 & 3])


def _operand(name: str, value: int, pc: int | None, xlen: int) -> str:
    if FIELDS[name].role == "register":
        return ABI_NAMES[value]
    if name in _PC_RELATIVE and pc is not None:
        return f"{pc + value & (1 << xlen) - 1:#x}"
    if name in _UPPER:
        return f"{value >> 12 & 0xFFFFF:#x}"
    if name in _FENCE_SETS:
        return _fence_set(value)
    return CSR_NAMES.get(value, f"{value:#x}") if name == "csr" else str(value)


def _fence_set(bits: int) -> str:
    letters = zip((8, 4, 2, 1), "iorw", strict=True)
    return "".join(letter for bit, letter in letters if bits & bit) or "0"
