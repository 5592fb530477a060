"""What is known of a function's registers and stack slots at one point of its code.

Values are symbolic: an offset from the stack pointer on entry (`cfa`, the canonical frame address
of DWARF), a constant, or what some register held on entry. That is what a walk of the call stack
asks for: where the return address is, and where the caller's registers are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from attrs import Factory, define

from simfw.ir.builder import signed
from simfw.riscv.isa import Instruction
from simfw.riscv.registers import SP

_CLOBBERED = (1, 5, 6, 7, *range(10, 18), *range(28, 32))
"""Registers that a call does not preserve (psABI, "Integer Register Convention")."""


class Symbolic(NamedTuple):
    """A known value: `base` is `cfa`, `constant` or `entry` (the value of register `offset`)."""

    base: str
    offset: int


Known = Symbolic | None


@define
class FrameState:
    """Registers by number, and stack slots by their distance from the cfa."""

    xlen: int
    registers: dict[int, Known] = Factory(dict[int, Known])
    slots: dict[int, Known] = Factory(dict[int, Known])

    def get(self, register: int) -> Known:
        """What a register holds; its entry value until something is written to it."""
        if register == 0:
            return Symbolic("constant", 0)
        untouched = Symbolic("cfa", 0) if register == SP else Symbolic("entry", register)
        return self.registers.get(register, untouched)

    def put(self, register: int, value: Known) -> None:
        """Note that a register was written; None where it is not known with what."""
        self.registers[register] = value

    def copy(self) -> FrameState:
        """A state that goes its own way."""
        return FrameState(self.xlen, dict(self.registers), dict(self.slots))

    def call(self) -> None:
        """Forget what a called function may change."""
        for register in _CLOBBERED:
            self.put(register, None)

    def apply(self, pc: int, instruction: Instruction) -> None:
        """Note what an instruction does that is no jump, branch or call."""
        values, name = instruction.values, instruction.record.name
        if name in _STORES:
            address = shifted(self.get(values["rs1"]), values["simm12"], self.xlen)
            if address is not None and address.base == "cfa":
                self.slots[address.offset] = self.get(values["rs2"])
        elif "rd" in values:
            effect = _EFFECTS.get(name)
            self.put(values["rd"], effect(self, pc, values) if effect else None)


def shifted(value: Known, offset: int, xlen: int) -> Known:
    """`value + offset`, where that can be told."""
    if value is None or offset == 0:
        return value
    if value.base == "entry":
        return None
    return Symbolic(value.base, signed(value.offset + offset, xlen))


Operands = dict[str, int]
_STORES = ("sw", "sd")


def _upper(state: FrameState, pc: int, i: Operands) -> Known:
    del pc
    return Symbolic("constant", signed(i["imm20"], state.xlen))


def _upper_from_pc(state: FrameState, pc: int, i: Operands) -> Known:
    return Symbolic("constant", signed(pc + i["imm20"], state.xlen))


def _add_immediate(state: FrameState, pc: int, i: Operands) -> Known:
    del pc
    return shifted(state.get(i["rs1"]), i["imm12"], state.xlen)


def _add_word(state: FrameState, pc: int, i: Operands) -> Known:
    del pc
    a = state.get(i["rs1"])
    if a is None or a.base != "constant":
        return None
    return Symbolic("constant", signed(a.offset + i["imm12"], 32))


def _add(state: FrameState, pc: int, i: Operands) -> Known:
    del pc
    a, b = state.get(i["rs1"]), state.get(i["rs2"])
    if b is not None and b.base == "constant":
        return shifted(a, b.offset, state.xlen)
    return shifted(b, a.offset, state.xlen) if a is not None and a.base == "constant" else None


def _subtract(state: FrameState, pc: int, i: Operands) -> Known:
    del pc
    a, b = state.get(i["rs1"]), state.get(i["rs2"])
    return shifted(a, -b.offset, state.xlen) if b is not None and b.base == "constant" else None


def _load(state: FrameState, pc: int, i: Operands) -> Known:
    del pc
    address = shifted(state.get(i["rs1"]), i["imm12"], state.xlen)
    return (
        state.slots.get(address.offset) if address is not None and address.base == "cfa" else None
    )


_EFFECTS: dict[str, Callable[[FrameState, int, Operands], Known]] = {
    "lui": _upper,
    "auipc": _upper_from_pc,
    "addi": _add_immediate,
    "addiw": _add_word,
    "add": _add,
    "sub": _subtract,
    "lw": _load,
    "ld": _load,
}
"""What instructions put into `rd`; all others make it unknown."""
