"""The interpreter: the definition of what guest code does.

A block is a run of instructions up to one that ends it. Its steps are closures over the
registers, a list of ints, and the arena; a runner calls them in order and returns the next pc.
`execute` looks blocks up and runs them until something needs the run loop: that is an `Exit`.

The table maps a pc to `(length, run, block)`. Everything that is no plain block (a hook, an
instruction that leaves) is entered with a length that no budget covers, so that the loop has one
comparison for all of them. An instruction that leaves at `pc` returns `~pc`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import cast

from attrs import frozen

from simfw.engine.codemap import CodeMap, Span
from simfw.engine.factories import FALLS_THROUGH, TRANSFERS, Factories, Step
from simfw.engine.runner import MAX_STEPS, Run, make_runner, step_index
from simfw.errors import GuestFault
from simfw.ir.builder import BINARY, UNARY
from simfw.ir.frontend import Decoded, FrontEnd
from simfw.memory import Memory

UNCOVERED = 1 << 62
"""A length that no budget covers."""

ORIGINAL = 1 << 70
"""Added to a pc: enter what lies there, not the hook."""

MAX_BOUND = 1 << 18
"""Instructions bound at a time, at some 400 bytes each; then all are dropped."""

BUDGET = "budget"
HOOK = "hook"


@frozen(eq=False)
class Exit:
    """Why `execute` returned: a hook's address was reached, or an instruction leaves.

    `pc` is the address of the hook or instruction and `next` where the guest goes on.
    `instruction` is None for a hook and when the budget ran out.
    """

    reason: str
    pc: int
    next: int
    instruction: Decoded | None = None


@frozen(eq=False)
class Translation:
    """A block: its steps, the pc of each with that of the instruction after the last, its bytes.

    `counts` has for each of these pcs how many instructions come before it.
    """

    steps: tuple[Step, ...]
    pcs: tuple[int, ...]
    counts: tuple[int, ...]
    span: Span


_Entry = tuple[int, Run | None, Translation | Exit]


class CodeChanged(Exception):  # noqa: N818 - control flow, not an error
    """A store changed code; the block must not go on with what it was made from."""


class _Table(dict[int, _Entry]):
    """Blocks by pc; a miss translates."""

    def __init__(self, engine: Interpreter) -> None:
        super().__init__()
        self._engine = engine

    def __missing__(self, pc: int) -> _Entry:
        return self._engine.enter(pc)


class Environment:
    """What factories bind: registers, memory ports, and the few operations kept as functions."""

    def __init__(self, x: list[int], memory: Memory, engine: Interpreter) -> None:
        self.x = x
        self.pages = memory.pages
        self.u8, self.u16, self.u32, self.u64 = memory.u8, memory.u16, memory.u32, memory.u64
        self.base, self.span = memory.base, memory.span
        self.engine, self.CodeChanged = engine, CodeChanged
        self._memory = memory
        self.__dict__ |= engine.front.functions

    # What is served by a call does its work last thing: a signal may come with any call, and the
    # instruction is then run again. The engine knows the pc, and tells it to a fault.

    def load(self, offset: int, size: int) -> int:
        """A load that the fast check did not admit."""
        memory = self._memory
        return memory.load_slow(offset + self.base & memory.mask, size, 0)

    def load_for_update(self, offset: int, size: int) -> int:
        """An atomic's load: the address must be writable as well."""
        memory = self._memory
        return memory.load_slow(offset + self.base & memory.mask, size, 0, update=True)

    def store(self, offset: int, size: int, value: int) -> None:
        """A store that the fast check did not admit."""
        memory = self._memory
        memory.store_slow(offset + self.base & memory.mask, size, value, 0)
        if self.engine.code_changed:
            raise CodeChanged

    def store_and_go_on(self, offset: int, size: int, value: int) -> None:
        """As `store`, for an instruction that does more and then raises CodeChanged itself."""
        memory = self._memory
        memory.store_slow(offset + self.base & memory.mask, size, value, 0)

    def trap(self, cause: str, address: int) -> None:
        """A check of the semantics that failed."""
        raise self.engine.front.fault(cause, address)

    @staticmethod
    def quotient(a: int, b: int) -> int:
        """Signed division towards zero."""
        return BINARY["sdiv"](a, b, 128)

    @staticmethod
    def remainder(a: int, b: int) -> int:
        """The remainder that goes with `quotient`."""
        return BINARY["srem"](a, b, 128)

    clz, ctz = staticmethod(UNARY["clz"]), staticmethod(UNARY["ctz"])
    popcount, bswap = staticmethod(UNARY["popcount"]), staticmethod(UNARY["bswap"])


class Interpreter:
    """Executes one process's code. Owns the registers `x` of the hart that is running.

    After an exception out of `execute`, `pc` and `left` say exactly where it arose and what is
    left of the budget.
    """

    def __init__(self, front: FrontEnd, memory: Memory) -> None:
        self.front = front
        self.memory = memory
        self.x: list[int] = [0] * front.layout.size
        self.pc = 0
        self.left = 0
        self.code_changed = False
        self.hooks: set[int] = set()
        self._observe: Callable[[int], None] | None = None
        self._table = _Table(self)
        self._code = CodeMap()
        self._bound = 0
        self._environment = Environment(self.x, memory, self)
        front.attach(self.x, self.hooks)
        self._factories = Factories(front, self._environment)
        memory.on_code_write = self._code_written

    # Running

    def execute(self, pc: int, budget: int) -> Exit:
        """Run from `pc` for at most `budget` instructions; exact at every way out.

        Sets `left` to what remains of the budget. Raises GuestFault, with its `pc` set, and
        whatever arrives from outside (KeyboardInterrupt), with `pc` and `left` set.
        """
        table, left, n = self._table, budget, 0
        block: Translation | Exit | None = None
        while True:
            try:
                while True:
                    n, run, block = table[pc]
                    left -= n
                    if left < 0:
                        break
                    pc = run()  # pyright: ignore[reportOptionalCall] - exits are uncovered
                left += n
                if run is None:
                    self.pc, self.left = pc, left
                    return block  # pyright: ignore[reportReturnType] - and no call before it
                run = _beginning(cast(Translation, block), left)
                if run is None:
                    self.pc, self.left = pc, left
                    return Exit(BUDGET, pc, pc)
                n, left = left, 0
                pc = run()
            except BaseException as error:
                try:
                    pc, left, weight = self._place(error, pc, left, n, block)
                except BaseException:  # a signal meanwhile: it goes out instead
                    self._place(error, pc, left, n, block)
                    raise
                if isinstance(error, GuestFault):
                    if weight > left:
                        return Exit(BUDGET, pc, pc)  # the fault is the next instruction's
                    self._issue(pc, left, weight)
                if not isinstance(error, CodeChanged):
                    raise

    def _place(
        self, error: BaseException, pc: int, left: int, n: int, block: Translation | Exit | None
    ) -> tuple[int, int, int]:
        """Find out where in the block an exception arose.

        Gives the pc and the budget there, and how many instructions what is there counts as.
        """
        weight, index = 1, step_index(error.__traceback__)
        if index is None and pc < 0:  # between an instruction that leaves and its exit:
            index = -2  # it is the last of its block, and still to be run
        if index is not None and isinstance(block, Translation):
            if isinstance(error, CodeChanged):  # the store is done
                self.code_changed = False
                index += 1
            elif isinstance(error, GuestFault):
                weight = block.counts[index + 1] - block.counts[index]
            pc, left = block.pcs[index], left + n - block.counts[index]
        self.pc, self.left = pc, left
        if isinstance(error, GuestFault) and (error.pc is None or index is not None):
            error.pc = pc
        return pc, left, weight

    def _issue(self, pc: int, left: int, weight: int) -> None:
        """Count an instruction that faults, where those are counted when they are issued."""
        onward = self.front.issued(pc)
        if onward != pc:
            self.pc, self.left = onward, left - weight

    # Translation

    def enter(self, pc: int) -> _Entry:
        """Make the entry of `pc` and keep it."""
        if pc in self.hooks:
            entry: _Entry = UNCOVERED, None, Exit(HOOK, pc, pc)
        else:
            if self._bound >= MAX_BOUND:
                self.forget_all()
            length, run, block = self._translate(pc & ORIGINAL - 1)
            self._bound += length
            self._remember(pc, block)
            entry = length, run, block
        self._table[pc] = entry
        return entry

    def _translate(self, start: int) -> tuple[int, Run, Translation]:
        """Decode and bind instructions from `start` to the first that ends a block."""
        mask = self.memory.mask
        steps: list[Step] = []
        pcs, counts = [start], [0]
        pc, end, stop = start, FALLS_THROUGH, start
        while end == FALLS_THROUGH and len(steps) < MAX_STEPS and pc >= start:
            instruction = self._next(pc, is_first=pc == start)
            if instruction is None:
                break
            maker = self._factories.get(instruction.record)
            end, following = maker.end, pc + instruction.length & mask
            step = maker.make(pc, following, *instruction.operands)
            steps.append(step if self._observe is None else _observed(step, pc, self._observe))
            if end not in (FALLS_THROUGH, TRANSFERS):
                self._table[~pc] = UNCOVERED, None, Exit(end, pc, following, instruction)
            pc, stop = following, min(pc + instruction.length, mask + 1)
            pcs.append(pc)
            counts.append(counts[-1] + instruction.weight)
        run = make_runner(steps, pc if end == FALLS_THROUGH else None)
        block = Translation(tuple(steps), tuple(pcs), tuple(counts), (start, stop))
        return counts[-1], run, block

    def _next(self, pc: int, *, is_first: bool) -> Decoded | None:
        """The instruction at `pc`; None ends the block before it, for its own turn."""
        if pc in self.hooks and not is_first:
            return None
        try:
            return self.front.fetch(pc)
        except GuestFault:
            if is_first:
                raise
            return None

    # Change

    def observe(self, observe: Callable[[int], None] | None) -> None:
        """From the next block on, call this with the pc before each step; None to end that."""
        self._observe = observe
        self.forget_all()

    def hook(self, address: int) -> None:
        """Leave to the run loop whenever `address` is reached."""
        self.hooks.add(address)
        self.forget(address, 1)

    def unhook(self, address: int) -> None:
        """Run what lies at `address` again."""
        self.hooks.discard(address)
        self.forget(address, 1)

    def forget(self, address: int, length: int) -> bool:
        """Drop the blocks that have bytes of a range, and say whether there were any."""
        # A signal may come in between: what is dropped leaves the table first.
        blocks = self._code.find(address, address + length)
        for key in (address, address + ORIGINAL, *blocks):
            self._table.pop(key, None)
        for page in self._code.discard(blocks):
            self.memory.unwatch(page)
        return bool(blocks)

    def forget_all(self) -> None:
        """Drop every block."""
        self._table.clear()
        self._bound = 0
        for page in self._code.clear():
            self.memory.unwatch(page)

    def _remember(self, key: int, block: Translation) -> None:
        if not self.front.in_memory:
            return
        for page in self._code.new_pages(block.span):
            self.memory.watch(page)
        self._code.add(key, block.span)

    def _code_written(self, address: int, length: int) -> None:
        if self.forget(address, length):
            self.code_changed = True


def _observed(step: Step, pc: int, observe: Callable[[int], None]) -> Step:
    def observed() -> int | None:
        observe(pc)
        return step()

    return observed


def _beginning(block: Translation, count: int) -> Run | None:
    """Run the first `count` instructions of a block; None if there is nothing to run."""
    steps = bisect_right(block.counts, count) - 1
    return make_runner(block.steps[:steps], block.pcs[steps]) if steps else None
