"""The call stack of a guest, from registers and memory, without debug information.

For each frame the function that holds its pc is run symbolically up to there (`prologue`), which
tells where the return address and the caller's registers are. Everything read on the way is the
guest's and may be nonsense: the walk ends, without an error, where it cannot be right. Stack
pointers must rise from frame to frame, so it cannot go round in a circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from simfw.errors import SimError
from simfw.image.symbols import Symbol, SymbolKind
from simfw.memory import Memory
from simfw.riscv.framestate import FrameState, Symbolic
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import Isa
from simfw.riscv.prologue import Allowance, Goal, frame_state, is_call
from simfw.riscv.registers import NUMBERS, RA, SP

MAX_FRAMES = 256
MAX_INSTRUCTIONS = 50_000
"""Instructions looked at in one walk: a quarter of a second at most."""

_UNSIZED = 1 << 16
"""How far a function of unknown size is taken to reach beyond the instruction of interest."""
FP = NUMBERS["fp"]
_SAVED = (8, 9, *range(18, 28))
"""s0 to s11, which a call preserves (psABI, "Integer Register Convention")."""


class Symbols(Protocol):
    """What is needed of an image's symbol table."""

    def at(self, address: int, /) -> tuple[Symbol, int] | None:
        """The symbol that covers an address, and the offset in it."""
        ...


def unwind(
    isa: Isa, symbols: Symbols, memory: Memory, x: list[int], pc: int, sentinel: int
) -> Iterator[tuple[int, int]]:
    """The pc and the stack pointer of each guest frame, innermost first.

    The pc of an outer frame is the address to which its callee returns. The walk ends where that
    is `sentinel`, after `MAX_FRAMES`, and where the stack makes no sense.
    """
    walk = _Walk(isa, symbols, memory)
    registers: Mapping[int, int] = dict(enumerate(x[:32]))
    for depth in range(MAX_FRAMES):
        stack = registers.get(SP)
        if stack is None:
            return
        yield pc, stack
        caller = walk.caller(pc, registers, is_innermost=depth == 0)
        if caller is None:
            return
        pc, registers = caller
        rise = registers[SP] - stack
        if pc == sentinel or rise < 0 or (depth and not rise) or not walk.is_return_address(pc):
            return


class _Walk:
    def __init__(self, isa: Isa, symbols: Symbols, memory: Memory) -> None:
        self.xlen = isa.xlen
        self.symbols = symbols
        self.memory = memory
        self.front = RiscvFrontEnd(isa, memory)
        self.allowance = Allowance(MAX_INSTRUCTIONS)
        self.known: dict[int, FrameState | None] = {}  # of outer frames, by return address

    def is_return_address(self, pc: int) -> bool:
        """Whether there is a call just before `pc`."""
        return any(self._call_ends_at(pc, length) for length in (2, 4))

    def caller(
        self, pc: int, registers: Mapping[int, int], *, is_innermost: bool
    ) -> tuple[int, dict[int, int]] | None:
        """The return address of the frame at `pc`, and its caller's registers as far as known."""
        state = self._innermost(pc) if is_innermost else self._outer(pc)
        cfa = _cfa(state, registers) if state else None
        if state is None or cfa is None:
            return None
        found = {r: self._entry_value(r, state, registers, cfa) for r in (RA, *_SAVED)}
        link = found.pop(RA)
        known = {r: value for r, value in found.items() if value is not None}
        mask = (1 << self.xlen) - 1
        return (link, {**known, SP: cfa & mask}) if link is not None else None

    def _call_ends_at(self, pc: int, length: int) -> bool:
        try:
            one = self.front.fetch(pc - length & self.memory.mask)
        except SimError:
            return False
        return one.length == length and is_call(one)

    def _innermost(self, pc: int) -> FrameState | None:
        """The state at `pc`; where there is no function, that of one that was just called."""
        code = self._function(pc, pc)
        if code is None:
            return FrameState(self.xlen)
        return frame_state(self.front, code, Goal(pc, returning=False), self.allowance)

    def _outer(self, pc: int) -> FrameState | None:
        if pc not in self.known:
            code = self._function(pc - 2, pc)  # a call may be the last instruction
            goal = Goal(pc, returning=True)
            state = frame_state(self.front, code, goal, self.allowance) if code else None
            self.known[pc] = state
        return self.known[pc]

    def _function(self, inside: int, needed: int) -> range | None:
        try:
            found = self.symbols.at(inside)
        except SimError:  # a damaged symbol table; the walk is no place to complain
            return None
        if found is None or found[0].kind is SymbolKind.OBJECT:
            return None
        symbol, offset = found
        start = inside - offset
        return range(start, start + symbol.size if symbol.size else needed + _UNSIZED)

    def _entry_value(
        self, register: int, state: FrameState, registers: Mapping[int, int], cfa: int
    ) -> int | None:
        """What a register held when the function was entered.

        A place on the stack is more reliable than a register, which a loop may have reused.
        """
        wanted = Symbolic("entry", register)
        for offset, value in state.slots.items():
            if value == wanted:
                return self._load(cfa + offset)
        for holder, value in registers.items():
            if state.get(holder) == wanted:
                return value
        return None

    def _load(self, address: int) -> int | None:
        mask = (1 << self.xlen) - 1
        try:
            return int(self.memory.load(address & mask, f"u{self.xlen}"))
        except SimError:
            return None


def _cfa(state: FrameState, registers: Mapping[int, int]) -> int | None:
    """The stack pointer on entry: from the frame pointer if there is one, else as it can be told.

    The stack pointer of a function with a frame pointer may move with what it allocates.
    """
    is_frame_pointer = state.get(FP) == Symbolic("cfa", 0)
    for register in (FP, SP, *registers) if is_frame_pointer else (SP, *registers):
        held, value = state.get(register), registers.get(register)
        if held is not None and held.base == "cfa" and value is not None:
            return value - held.offset
    return None
