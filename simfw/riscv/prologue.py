"""How a function's code reaches one of its instructions, as far as its stack frame goes.

The code is run symbolically from the function's first instruction along direct jumps and
branches, each instruction at most once. That copes with large frames, with prologues that come
late and with epilogues that are half done; it trusts compilers to keep the frame the same on all
ways to an instruction.
"""

from __future__ import annotations

from attrs import define, frozen

from simfw.errors import GuestFault
from simfw.riscv.framestate import FrameState
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import Instruction
from simfw.riscv.registers import RA

_ALTERNATE_LINK = 5  # t0, with which functions call shared prologues (`__riscv_save_0`)
_SHARED_PROLOGUE = 64
"""Instructions that a shared prologue may have."""


@frozen
class Goal:
    """The instruction at `address`; or, with `returning`, the call that returns there."""

    address: int
    returning: bool


@define
class Allowance:
    """How many instructions may still be looked at."""

    left: int


def frame_state(
    front: RiscvFrontEnd, code: range, goal: Goal, allowance: Allowance
) -> FrameState | None:
    """The state in which a function, whose code is a range, reaches `goal`; None if it does not."""
    return _Search(front, code, goal, allowance).run()


class _Search:
    def __init__(self, front: RiscvFrontEnd, code: range, goal: Goal, allowance: Allowance) -> None:
        self.front = front
        self.code = code
        self.goal = goal
        self.allowance = allowance
        self.seen: set[int] = set()
        self.ways = [(code.start, FrameState(front.xlen))]
        self.after_calls: list[tuple[int, FrameState]] = []
        self.stranded: FrameState | None = None  # at the first jump through a table
        self.cursor = code.start  # from here code may be that only the table leads to

    def run(self) -> FrameState | None:
        while self.allowance.left > 0:
            way = self.next_way()
            if way is None:
                return None
            found = self.follow(*way)
            if found is not None:
                return found
        return None

    def next_way(self) -> tuple[int, FrameState] | None:
        """Where to go on. A call may not return: what stands behind one comes last."""
        if self.ways:
            return self.ways.pop()
        if self.after_calls:
            return self.after_calls.pop()
        if self.stranded is None:
            return None
        while self.cursor in self.seen:
            self.cursor += 2
        self.cursor += 2
        return (self.cursor - 2, self.stranded.copy()) if self.cursor - 2 in self.code else None

    def follow(self, address: int, state: FrameState) -> FrameState | None:
        """Run from `address` until the code turns away; the state, if the goal is met."""
        while address not in self.seen and address in self.code:
            if address == self.goal.address and not self.goal.returning:
                return state
            one = self.fetch(address)
            if one is None:
                return None
            following = address + one.length
            self.seen.update((address, following - 2))
            if self.goal.returning and following == self.goal.address and is_call(one):
                return state
            if not self.goes_on(address, following, one, state):
                return None
            address = following
        return None

    def fetch(self, address: int) -> Instruction | None:
        self.allowance.left -= 1
        if self.allowance.left < 0:
            return None
        try:
            return self.front.fetch(address)
        except GuestFault:
            return None

    def goes_on(self, pc: int, following: int, one: Instruction, state: FrameState) -> bool:
        """Apply an instruction; False if control does not simply go on behind it."""
        values, name = one.values, one.record.name
        if name == "jal":
            return self.jump(values["rd"], pc + values["jimm20"], following, state)
        if name == "jalr":
            return self.jump_to_register(values, following, state)
        if "bimm12" in values:
            self.ways.append((pc + values["bimm12"], state.copy()))
        else:
            state.apply(pc, one)
        return True

    def jump_to_register(self, values: dict[str, int], following: int, state: FrameState) -> bool:
        base = state.get(values["rs1"])
        if base is not None and base.base == "constant":
            return self.jump(values["rd"], base.offset + values["imm12"], following, state)
        if values["rd"] == 0 and values["rs1"] not in (RA, _ALTERNATE_LINK) and not self.stranded:
            self.stranded, self.cursor = state, following
        return self.jump(values["rd"], None, following, state)

    def jump(self, rd: int, target: int | None, following: int, state: FrameState) -> bool:
        if rd == _ALTERNATE_LINK and target is not None:
            self.run_shared_prologue(target, state)
            return True
        if rd:
            state.call()
            self.after_calls.append((following, state))
        elif target is not None:
            self.ways.append((target, state))
        return False

    def run_shared_prologue(self, address: int, state: FrameState) -> None:
        """Apply a routine that is entered with its return address in t0, in a straight line."""
        for _ in range(_SHARED_PROLOGUE):
            one = self.fetch(address)
            if one is None or one.record.name == "jalr":
                return
            if one.record.name == "jal":
                address += one.values["jimm20"]
                continue
            state.apply(address, one)
            address += one.length


def is_call(instruction: Instruction) -> bool:
    """Whether an instruction jumps and leaves a return address."""
    return instruction.record.name in ("jal", "jalr") and instruction.values["rd"] != 0
