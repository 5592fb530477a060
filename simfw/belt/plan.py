"""What can be said of a function once: which values live where and until when, and its frame.

    FunctionPlan > BlockPlan > LiveRanges

A value *lives* while it is on the belt, on its way there, or still to be read. Each has a slot of
two cells in the frame while it lives: its payload, and a flag. Slots are used again, but never
for what a step makes and what lives when it begins: a step that is interrupted starts over.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import accumulate

from conasm.assembly import UNFILLED as NO_VALUE
from conasm.assembly import (
    AssembledBlock,
    AssembledFunction,
    ImmediateArg,
    Step,
    TagArg,
    ValueArg,
    WidthArg,
)
from conasm.member import Member
from conasm.operation import Phase
from simfw.belt.metadata import UNFILLED
from simfw.belt.micro import HEADER
from simfw.errors import LoadError

MOST_LIVE = 1000
"""Values that may live at a time in a block, most of them in flight."""

_STRIDE = 64


class LiveRanges:
    """Which values of a block live at each step."""

    def __init__(self, block: AssembledBlock) -> None:
        self._steps = block.steps
        self._entry = block.entry
        self.last = _last_uses(block)
        self._marks = list(self._walk())

    def at(self, index: int) -> tuple[int, ...]:
        """The values that live when a step, or the end, is reached, in order."""
        start = index // _STRIDE * _STRIDE
        found = [v for v in self._marks[start // _STRIDE] if self.last[v] >= index]
        made = (v for step in self._steps[start:index] for v in step.drops)
        return (*found, *(v for v in made if self.last[v] >= index))

    def _walk(self) -> Iterator[tuple[int, ...]]:
        """What lives at every 64th step."""
        living = [value for value in range(self._entry) if self.last[value] >= 0]
        for index, step in enumerate(self._steps):
            if index % _STRIDE == 0:
                yield tuple(living)
            living = [v for v in (*living, *step.drops) if self.last[v] > index]
            if len(living) > MOST_LIVE:
                raise LoadError(
                    f"{step.position}: more than {MOST_LIVE} operands are on the belt or on their "
                    "way there; let loads retire earlier"
                )
        if len(self._steps) % _STRIDE == 0:
            yield tuple(living)


def _reads(step: Step, block: AssembledBlock) -> set[int]:
    values = {arg.id for arg in step.arguments if isinstance(arg, ValueArg)} | set(step.passes)
    if step.gang is not None:
        producer = block.steps[step.gang]
        values |= set(producer.drops) | _reads(producer, block)
    return values - {NO_VALUE}


def _last_uses(block: AssembledBlock) -> list[int]:
    """For each value the last step at whose beginning it lives; -1 for one that never does.

    What is still in flight when the block ends lives until then.
    """
    last = [-1] * len(block.values)
    for value in range(block.entry):
        last[value] = 0
    on_belt = set(range(block.entry))
    for index, step in enumerate(block.steps):
        for value in _reads(step, block):
            last[value] = max(last[value], index)
        for value in step.belt:
            last[value] = index + 1
        on_belt.update(step.belt)
    for step in block.steps:
        if step.operation.phase is Phase.COMPUTE:
            for value in step.drops:
                if value not in on_belt:
                    last[value] = len(block.steps)
    return last


class BlockPlan:
    """A block with its live ranges and slots."""

    def __init__(self, block: AssembledBlock, member: Member) -> None:
        self.block = block
        self.starts = frozenset(block.starts)
        self.live = LiveRanges(block)
        self.slots, self.count = _slots(block, self.live)
        self._flying = _flying(block, member)

    def cell(self, value: int) -> int:
        """The cell of a value's payload in the frame; the flag is in the next."""
        return HEADER + 2 * self.slots[value]

    def on_belt(self, index: int) -> tuple[int, ...]:
        """The values on the belt when a step is reached, newest first."""
        return self.block.steps[index - 1].belt if index else tuple(range(self.block.entry))

    def in_flight(self, instruction: int) -> int:
        """How many results are on their way to the belt behind an instruction; -1 is before all."""
        return self._flying[instruction] if instruction >= 0 else 0

    def listing(self, instruction: int) -> list[Step]:
        """The steps of an instruction's operations, in the order of the text."""
        start, *end = self.block.starts[instruction : instruction + 2]
        steps = self.block.steps[start : end[0] if end else None]
        own = {step.listed: step for step in steps if not step.retires}
        return [own[listed] for listed in sorted(own)]


def _flying(block: AssembledBlock, member: Member) -> list[int]:
    """How many results are on their way behind each instruction."""
    changes = [0] * (len(block.starts) + 1)
    for step in block.steps:
        count, due = _flight(step, block, member)
        changes[step.instruction] += count
        changes[min(max(due, step.instruction), len(block.starts))] -= count
    return list(accumulate(changes))


def _flight(step: Step, block: AssembledBlock, member: Member) -> tuple[int, int]:
    """How many results a step sends on their way, and in which instruction they arrive."""
    if step.operation.phase is not Phase.COMPUTE or step.retires:
        return 0, 0
    if step.operation.name == "load":
        delay = step.arguments[3]
        tagged = not isinstance(delay, ImmediateArg)
        return (0, 0) if tagged else (1, step.instruction + delay.value)
    source = step if step.gang is None else block.steps[step.gang]
    latency = member.latency(source.operation.latency)
    return len(step.drops), step.instruction + latency - 1


def _slots(block: AssembledBlock, live: LiveRanges) -> tuple[dict[int, int], int]:
    """A slot for each value, used again from the step after its last."""
    slots = {value: value for value in range(block.entry)}
    ending: dict[int, list[int]] = {}
    free: list[int] = []
    count = block.entry
    for value in range(block.entry):
        ending.setdefault(live.last[value], []).append(value)
    for index, step in enumerate(block.steps):
        for value in ending.pop(index - 1, ()):
            heappush(free, slots[value])
        for value in step.drops:
            if free:
                slots[value] = heappop(free)
            else:
                slots[value], count = count, count + 1
            ending.setdefault(max(live.last[value], index), []).append(value)
    return slots, count


class FunctionPlan:
    """A function: its blocks, and the cells of its frame.

    After the slots come two cells for each tag (which load is pending, and its address) and two
    for each offset of the scratchpad (what is there, and its meta). `loads` are the tagged ones,
    `numbers` their places among them by identity.
    """

    def __init__(
        self, index: int, function: AssembledFunction, address: int, member: Member
    ) -> None:
        self.index, self.function, self.address = index, function, address
        self.name = function.name
        self.blocks = [BlockPlan(block, member) for block in function.blocks]
        self.tags = HEADER + 2 * max(plan.count for plan in self.blocks)
        scratch = self.tags + 2 * len(function.tags)
        offsets = sorted(_scratch_offsets(function))
        self.scratch = {offset: scratch + 2 * n for n, offset in enumerate(offsets)}
        self.size = scratch + 2 * len(offsets)
        self.loads = list(_tagged_loads(function))
        self.numbers = {id(step): n for n, step in enumerate(self.loads)}
        self.fresh = [0] * (2 * len(function.tags)) + [0, UNFILLED] * len(offsets)
        self.entry = function.blocks[0].entry


def _tagged_loads(function: AssembledFunction) -> Iterator[Step]:
    for block in function.blocks:
        for step in block.steps:
            if step.operation.name == "load" and isinstance(step.arguments[3], TagArg):
                yield step


def _scratch_offsets(function: AssembledFunction) -> set[int]:
    """The offsets of the scratchpad that the function's code names."""
    found: set[int] = set()
    for block in function.blocks:
        for step in block.steps:
            if step.operation.name in ("spill", "fill"):
                first = step.arguments[0]
                assert isinstance(first, ImmediateArg)
                found.add(first.value)
    return found


def width_argument(step: Step) -> int:
    """The width among a step's arguments, in bytes."""
    return next(arg.bytes for arg in step.arguments if isinstance(arg, WidthArg))
