"""A belt program at run time: its functions, their frames' cells, addresses, and versions.

A *version* is a block, or the rest of one, translated for what is known of its operands when it
is reached: their metas. It is named by a `Point`, and has a range of pcs, one for each micro
operation. Versions are made when an engine first fetches from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from conasm.assembly import UNFILLED as NO_VALUE
from conasm.assembly import (
    AssembledBlock,
    AssembledFunction,
    AssembledUnit,
    ImmediateArg,
    Step,
    TagArg,
    ValueArg,
    WidthArg,
)
from conasm.operation import WIDTHS
from simfw.belt.metadata import UNFILLED
from simfw.belt.micro import HEADER, Micro
from simfw.belt.record import Record
from simfw.errors import GuestFault

FIRST_PC = 1 << 48
PC_BITS = 12
GIVE_PC = FIRST_PC - 2
"""Where an outcall returns to; the micro operation there gives its results to its caller."""

MOST_VERSIONS = 1 << 16
"""Points that a program may reach; each is a block met with other widths or specials."""


@frozen
class Point:
    """A place in a program with what is known there.

    `phase` is "" at the beginning of a step; otherwise it names how far into the step this is,
    and the instruction has been counted. `metas` are those of the block's live values, in order.
    """

    function: int
    block: int
    step: int
    phase: str
    metas: tuple[int, ...]


class BlockPlan:
    """A block with what can be said of it once: which values live where, and until when."""

    def __init__(self, block: AssembledBlock) -> None:
        self.block = block
        self.starts = frozenset(block.starts)
        self.live = _live(block)
        self.slots, self.count = _slots(block, self.live)

    def cell(self, value: int) -> int:
        """The cell of a value's payload in the frame; the flag is in the next."""
        return HEADER + 2 * self.slots[value]


def _reads(step: Step, block: AssembledBlock) -> set[int]:
    values = {arg.id for arg in step.arguments if isinstance(arg, ValueArg)} | set(step.passes)
    if step.gang is not None:
        producer = block.steps[step.gang]
        values |= set(producer.drops) | _reads(producer, block)
    return values - {NO_VALUE}


def _live(block: AssembledBlock) -> list[tuple[int, ...]]:
    """For each step, and for the end, the values made before it that are still of interest.

    A value is of interest while it is on the belt, or on its way there, or read later.
    """
    made = dict.fromkeys(range(block.entry), -1)
    for index, step in enumerate(block.steps):
        made |= dict.fromkeys(step.drops, index)
    wanted: set[int] = set()
    live: list[tuple[int, ...]] = [()] * (len(block.steps) + 1)
    for index in range(len(block.steps), -1, -1):
        if index < len(block.steps):
            step = block.steps[index]
            wanted |= _reads(step, block) | set(step.belt)
            wanted -= set(step.drops) - set(step.belt)
        before = set(block.steps[index - 1].belt) if index else set(range(block.entry))
        live[index] = tuple(sorted(v for v in wanted | before if made[v] < index))
        wanted = {value for value in wanted if made[value] < index}
    return live


def _slots(block: AssembledBlock, live: list[tuple[int, ...]]) -> tuple[dict[int, int], int]:
    """A slot for each value, used again when its value is of no interest any more."""
    slots = {value: value for value in range(block.entry)}
    free: list[int] = []
    count = block.entry
    for index, step in enumerate(block.steps):
        kept = set(live[index]) | set(step.drops)
        free = sorted(set(range(count)) - {slots[v] for v in kept if v in slots}, reverse=True)
        for value in step.drops:
            if free:
                slots[value] = free.pop()
            else:
                slots[value], count = count, count + 1
    return slots, count


class FunctionPlan:
    """A function: its blocks, and the cells of its frame.

    After the slots come two cells for each tagged load (its state and its address) and two for
    each offset of the scratchpad (what is there, and its meta).
    """

    def __init__(self, index: int, function: AssembledFunction, address: int) -> None:
        self.index, self.function, self.address = index, function, address
        self.blocks = [BlockPlan(block) for block in function.blocks]
        slots = max(plan.count for plan in self.blocks)
        self.tags = HEADER + 2 * slots
        scratch = self.tags + 2 * len(function.tags)
        offsets = _scratch_offsets(function)
        self.scratch = {offset: scratch + 2 * n for n, offset in enumerate(offsets)}
        self.size = scratch + 2 * len(offsets)
        self.tag_widths = _tag_widths(function)
        self.fresh = [0] * (2 * len(function.tags)) + [0, UNFILLED] * len(offsets)
        self.entry = function.blocks[0].entry


def _tag_widths(function: AssembledFunction) -> list[list[int]]:
    """For each tag, the widths of the loads that have it."""
    widths: list[set[int]] = [set() for _ in function.tags]
    for block in function.blocks:
        for step in block.steps:
            if step.operation.name == "load" and isinstance(step.arguments[3], TagArg):
                width = step.arguments[2]
                assert isinstance(width, WidthArg)
                widths[step.arguments[3].index].add(width.bytes)
    return [sorted(found) for found in widths]


def _scratch_offsets(function: AssembledFunction) -> list[int]:
    """The offsets of the scratchpad that the function's code names."""
    found: set[int] = set()
    for block in function.blocks:
        for step in block.steps:
            if step.operation.name in ("spill", "fill"):
                first = step.arguments[0]
                assert isinstance(first, ImmediateArg)
                found.add(first.value)
    return sorted(found)


class Version:
    """The micro operations of a point, made on first use."""

    def __init__(self, point: Point, base: int) -> None:
        self.point, self.base = point, base
        self.micros: Sequence[Micro] | None = None
        self.known: list[dict[int, int]] = []
        """For each micro operation, the metas of the values that live when it begins."""


class Program:
    """All functions of a unit, and the versions that were reached."""

    def __init__(
        self,
        unit: AssembledUnit,
        records: Mapping[str, Record],
        addresses: Mapping[str, int],
    ) -> None:
        self.unit, self.records, self.addresses = unit, records, addresses
        self.functions = [
            FunctionPlan(index, function, addresses[function.name])
            for index, function in enumerate(unit.functions.values())
        ]
        self.by_name = {plan.function.name: plan for plan in self.functions}
        self.by_address = {plan.address: plan for plan in self.functions}
        self.outcalls = {one.name: addresses[one.name] for one in unit.outcalls
                         if one.syscall is None}  # fmt: skip
        self.declared_widths = {
            one.name: tuple(WIDTHS[letter] for letter in one.widths) for one in unit.outcalls
        }
        self.cells = max((plan.size for plan in self.functions), default=HEADER) + 2
        self.cells = max(self.cells, HEADER + 2 * 128)
        self._versions: list[Version] = []
        self._points: dict[Point, int] = {}
        self._origins: list[Step] = []
        self._numbers: dict[int, int] = {}

    def plan(self, point: Point) -> BlockPlan:
        """The block of a point."""
        return self.functions[point.function].blocks[point.block]

    def pc(self, point: Point) -> int:
        """Where the version of a point begins. Raises GuestFault when there are too many."""
        found = self._points.get(point)
        if found is None:
            if len(self._versions) >= MOST_VERSIONS:
                raise GuestFault(
                    f"the program meets its blocks in more than {MOST_VERSIONS} ways",
                    advice="operands of ever other widths are carried; say them with con()",
                )
            found = FIRST_PC + (len(self._versions) << PC_BITS)
            self._points[point] = found
            self._versions.append(Version(point, found))
        return found

    def version(self, pc: int) -> Version | None:
        """The version that a pc lies in."""
        number = (pc - FIRST_PC) >> PC_BITS
        return self._versions[number] if 0 <= number < len(self._versions) else None

    def entry(self, plan: FunctionPlan, metas: tuple[int, ...]) -> int:
        """Where a function begins for arguments of these metas."""
        wanted = (metas + (UNFILLED,) * plan.entry)[: plan.entry]
        live = plan.blocks[0].live[0]
        return self.pc(Point(plan.index, 0, 0, "", tuple(wanted[value] for value in live)))

    def where(self, step: Step) -> int:
        """The number by which a special tells that this step made it."""
        number = self._numbers.get(id(step))
        if number is None:
            self._origins.append(step)
            number = self._numbers[id(step)] = len(self._origins)
        return number

    def origin(self, number: int) -> Step | None:
        """The step that made a special."""
        return self._origins[number - 1] if 0 < number <= len(self._origins) else None
