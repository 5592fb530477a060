"""The addresses that instructions refer to: jump targets, and data addressed by two instructions.

RISC-V makes an address in two steps: `auipc` or `lui` puts its upper bits into a register, and the
offset of a later instruction adds the rest. What such a register holds is remembered for as long
as control cannot have come from elsewhere: until a label, a jump, or a branch.
"""

from __future__ import annotations

from functools import cache

from simfw.riscv.isa import Instruction
from simfw.riscv.record import Record

_MADE = {"lui": 0, "auipc": 1}
"""Instructions that make the upper bits of an address, and how often the pc is in it."""
_OFFSETS = ("imm12", "simm12")


class KnownAddresses:
    """Follows instructions in the order of their addresses."""

    def __init__(self, xlen: int) -> None:
        self._xlen = xlen
        self._mask = (1 << xlen) - 1
        self._registers: dict[int, int] = {}

    def forget(self) -> None:
        """Control may come from anywhere."""
        self._registers.clear()

    def reached(self, address: int, instruction: Instruction) -> int | None:
        """The address that an instruction jumps to, completes, reads or writes, if it is known."""
        found = self._with_offset(instruction)
        end = _end(instruction.record, self._xlen)
        if end is not None:
            found = self._target(address, instruction, end) if found is None else found
            self.forget()
        else:
            self._follow(address, instruction, found)
        return found

    def _with_offset(self, instruction: Instruction) -> int | None:
        values = instruction.values
        base = self._registers.get(values.get("rs1", 0))
        offset = next((values[name] for name in _OFFSETS if name in values), None)
        return None if base is None or offset is None else base + offset & self._mask

    def _target(self, address: int, instruction: Instruction, end: str) -> int | None:
        values = instruction.values
        block = instruction.record.block(self._xlen, address, instruction.length, values)
        assert block.end is not None
        return block.end.args[end == "branch"].constant

    def _follow(self, address: int, instruction: Instruction, found: int | None) -> None:
        values, name = instruction.values, instruction.record.name
        rd = values.get("rd", 0)
        self._registers.pop(rd, None)
        if rd and name in _MADE:
            self._registers[rd] = values["imm20"] + address * _MADE[name] & self._mask
        elif rd and name == "addi" and found is not None:
            self._registers[rd] = found


@cache
def _end(record: Record, xlen: int) -> str | None:
    """`jump` or `branch` where the instruction is one, else None."""
    end = record.template(xlen).end
    return end.kind if end is not None and end.kind != "exit" else None
