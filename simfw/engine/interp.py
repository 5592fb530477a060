"""The interpreter: the definition of what guest code does.

A block is a run of instructions up to one that ends it. Its steps are closures over the
registers, a list of ints, and the arena; a runner calls them in order and returns the next pc.
`execute` looks blocks up and runs them until something needs the run loop: that is an `Exit`.

The table maps a pc to `(length, run, block)`. Everything that is no plain block (a hook, an
instruction that leaves) is entered with a length that no budget covers, so that the loop has one
comparison for all of them. An instruction that leaves at `pc` returns `~pc`.
"""

from __future__ import annotations

from attrs import frozen

from simfw.engine.factories import FALLS_THROUGH, TRANSFERS, Factories, Step
from simfw.engine.runner import MAX_STEPS, Run, make_runner, step_index
from simfw.errors import GuestFault, MisalignedAccess
from simfw.ir.builder import BINARY, UNARY
from simfw.ir.frontend import Decoded, FrontEnd
from simfw.memory import Memory

UNCOVERED = 1 << 62
"""A length that no budget covers."""

ORIGINAL = 1 << 70
"""Added to a pc: enter what lies there, not the hook."""

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
    """A block: its steps, and the pc of each with that of the instruction after the last."""

    steps: tuple[Step, ...]
    pcs: tuple[int, ...]


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
        self._memory = memory
        self._engine = engine

    def load(self, offset: int, size: int) -> int:
        """A load that the fast check did not admit."""
        memory = self._memory
        return memory.load_slow(offset + self.base & memory.mask, size, None)

    def load_for_update(self, offset: int, size: int) -> int:
        """An atomic's load: the address must be writable as well."""
        memory = self._memory
        return memory.load_slow(offset + self.base & memory.mask, size, None, update=True)

    def store(self, offset: int, size: int, value: int) -> None:
        """A store that the fast check did not admit."""
        memory = self._memory
        memory.store_slow(offset + self.base & memory.mask, size, value, None)
        if self._engine.code_changed:
            raise CodeChanged

    def trap(self, cause: str, address: int) -> None:
        """A check of the semantics that failed."""
        raise MisalignedAccess(cause, address=address)

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
        self._table = _Table(self)
        self._by_page: dict[int, set[int]] = {}
        self._environment = Environment(self.x, memory, self)
        self._factories = Factories(front)
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
            except CodeChanged as change:
                assert isinstance(block, Translation)
                done = (step_index(change.__traceback__) or 0) + 1
                self.code_changed = False
                left += n - done
                pc = block.pcs[done]
                continue
            except BaseException as error:
                self._place(error, pc, left, n, block)
                raise
            self.pc, self.left = pc, left + n
            if isinstance(block, Exit):
                return block
            ran_out = self._run_out(block, left + n)
            if not self.left:
                return ran_out
            pc, left = ran_out.pc, self.left

    def _place(
        self, error: BaseException, pc: int, left: int, n: int, block: Translation | Exit | None
    ) -> None:
        """Find out where in the block an exception arose."""
        index = step_index(error.__traceback__)
        if index is not None and isinstance(block, Translation):
            # past the last step a runner only returns what it has: nothing is lost
            pc, left = block.pcs[index], left + n - index
        self.pc, self.left = pc, left
        if isinstance(error, GuestFault) and error.pc is None:
            error.pc = pc

    def _run_out(self, block: Translation, left: int) -> Exit:
        """Run the last instructions of a budget one by one; `left` is less than the block has.

        Something may be left of the budget if the code changed on the way.
        """
        index = 0
        try:
            while index < left:
                block.steps[index]()
                index += 1
        except CodeChanged:
            self.code_changed = False
            index += 1
        except BaseException as error:
            self.pc, self.left = block.pcs[index], left - index
            if isinstance(error, GuestFault) and error.pc is None:
                error.pc = self.pc
            raise
        self.pc, self.left = block.pcs[index], left - index
        return Exit(BUDGET, self.pc, self.pc)

    # Translation

    def enter(self, pc: int) -> _Entry:
        """Make the entry of `pc` and keep it."""
        if pc in self.hooks:
            entry: _Entry = UNCOVERED, None, Exit(HOOK, pc, pc)
        else:
            entry = self._translate(pc & ORIGINAL - 1)
            self._remember(pc, entry[2])
        self._table[pc] = entry
        return entry

    def _translate(self, start: int) -> _Entry:
        """Decode and bind instructions from `start` to the first that ends a block."""
        environment, mask = self._environment, self.memory.mask
        steps: list[Step] = []
        pcs = [start]
        pc, end = start, FALLS_THROUGH
        while end == FALLS_THROUGH and len(steps) < MAX_STEPS:
            instruction = self._next(pc, is_first=pc == start)
            if instruction is None:
                break
            maker = self._factories.get(instruction.record)
            end, following = maker.end, pc + instruction.length & mask
            steps.append(maker.make(environment, pc, following, *instruction.operands))
            if end not in (FALLS_THROUGH, TRANSFERS):
                self._table[~pc] = UNCOVERED, None, Exit(end, pc, following, instruction)
            pc = following
            pcs.append(pc)
        run = make_runner(steps, pc if end == FALLS_THROUGH else None)
        return len(steps), run, Translation(tuple(steps), tuple(pcs))

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

    def hook(self, address: int) -> None:
        """Leave to the run loop whenever `address` is reached."""
        self.hooks.add(address)
        self.forget(address, 1)

    def unhook(self, address: int) -> None:
        """Run what lies at `address` again."""
        self.hooks.discard(address)
        self.forget(address, 1)

    def forget(self, address: int, length: int) -> None:
        """Drop all blocks that touch the pages of a range; they are made again when reached."""
        for page in range(address >> 12, (address + length - 1 >> 12) + 1):
            for pc in self._by_page.pop(page, ()):
                self._table.pop(pc, None)
        self._table.pop(address, None)

    def forget_all(self) -> None:
        """Drop every block."""
        self._by_page.clear()
        self._table.clear()

    def _remember(self, pc: int, block: Translation | Exit) -> None:
        if isinstance(block, Translation):
            for page in range(block.pcs[0] >> 12, (block.pcs[-1] - 1 >> 12) + 1):
                self._by_page.setdefault(page, set()).add(pc)
                self.memory.watch(page << 12)

    def _code_written(self, address: int, length: int) -> None:
        self.forget(address, length)
        self.code_changed = True
