"""From the assembled form back to a tree that assembles to the same.

Operands are written by name where the value has one that still stands for it, else by position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import define, field

from conasm.assembly import (
    UNFILLED,
    AssembledBlock,
    AssembledFunction,
    AssembledUnit,
    BlockArg,
    FloatArg,
    FunctionArg,
    ImmediateArg,
    PlacedData,
    Step,
    StepArgument,
    SymbolArg,
    ValueArg,
    WidthArg,
)
from conasm.nodes import (
    Argument,
    BeltReference,
    Block,
    Data,
    Float,
    Function,
    Instruction,
    Integer,
    Name,
    Operation,
    Position,
    String,
    Unit,
    Word,
)
from conasm.operation import WIDTH_LETTERS, Results, Transfer

NOWHERE = Position("<assembled>", 1, 1)
ADDRESS_SIZE = 8
ROW = 16
LEAST_ALIGNMENT = 16


def disassemble(unit: AssembledUnit) -> Unit:
    """Return the tree of assembled code; its positions say nothing."""
    return Unit(
        file=NOWHERE.file,
        outcalls=unit.outcalls,
        backcalls=unit.backcalls,
        functions=tuple(_function(function) for function in unit.functions.values()),
        data=tuple(_data(data) for data in unit.data),
        sources={NOWHERE.file: ()},
    )


def _function(function: AssembledFunction) -> Function:
    blocks = tuple(_Block(function, block).tree() for block in function.blocks)
    return Function(function.name, blocks, function.comment, NOWHERE)


@define(eq=False)
class _Block:
    """One block, and what its names stand for as its instructions go by."""

    function: AssembledFunction
    block: AssembledBlock
    names: dict[str, int] = field(factory=dict[str, int])

    def tree(self) -> Block:
        for value, name in enumerate(self.block.operands):
            self.names[name] = value
        instructions = tuple(Instruction(tuple(ops), NOWHERE) for ops in self._instructions())
        operands = tuple(Name(name, NOWHERE) for name in self.block.operands)
        return Block(self.block.label, operands, instructions, NOWHERE)

    def _instructions(self) -> Iterator[list[Operation]]:
        steps, starts = self.block.steps, [*self.block.starts, len(self.block.steps)]
        ends = {step.issue: step.drops for step in steps if step.issue is not None}
        for first, end in pairwise(starts):
            operations = [
                (steps[index].listed, self._operation(steps[index], ends.get(index)))
                for index in range(first, end)
                if not steps[index].retires
            ]
            yield [operation for _, operation in sorted(operations, key=lambda pair: pair[0])]

    def _operation(self, step: Step, later: tuple[int, ...] | None) -> Operation:
        """Return the operation of a step; `later` is what its end drops, if that is another."""
        if step.gang is not None:
            arguments: list[Argument] = []
        else:
            arguments = [self._argument(step, argument) for argument in step.arguments]
            arguments += [self._value(step, value) for value in self._carried(step)]
        drops = later or step.drops
        names = [self.block.values[value].name for value in drops]
        is_copy = step.operation.results is Results.COPIES
        if is_copy and all(name in self.names for name in names if name):
            pairs = zip(step.arguments, names, strict=True)
            arguments = [self._moved(step, argument, name) for argument, name in pairs]
            results: list[Name] = []
        else:
            results = [Name(name, NOWHERE) for name in names if name]
        self.names.update((name, value) for name, value in _first_of_each(names, drops))
        return Operation(step.operation.name, tuple(arguments), tuple(results), NOWHERE)

    def _carried(self, step: Step) -> Sequence[int]:
        """Return what a transfer lists; a branch that leaves the belt as it is lists nothing."""
        if step.operation.transfer is Transfer.BRANCH:
            target = next(a.index for a in step.arguments if isinstance(a, BlockArg))
            return step.passes if self.function.blocks[target].operands else ()
        return step.passes

    def _moved(self, step: Step, argument: StepArgument, name: str) -> Argument:
        """Return an operand of what copies it; its name goes over to the copy, if it has one."""
        if name:
            return Name(name, NOWHERE)
        assert isinstance(argument, ValueArg)
        return self._position(step, argument.id)

    def _argument(self, step: Step, argument: StepArgument) -> Argument:
        if isinstance(argument, ValueArg):
            return self._value(step, argument.id)
        if isinstance(argument, ImmediateArg):
            return Integer(argument.value, NOWHERE)
        if isinstance(argument, FloatArg):
            return Float(argument.value, NOWHERE)
        if isinstance(argument, WidthArg):
            return Word(WIDTH_LETTERS[argument.bytes], NOWHERE)
        if isinstance(argument, BlockArg):
            return String(self.function.blocks[argument.index].label, NOWHERE)
        if isinstance(argument, FunctionArg | SymbolArg):
            return String(argument.name, NOWHERE)
        return Word(argument.name, NOWHERE)

    def _value(self, step: Step, value: int) -> Argument:
        name = "" if value == UNFILLED else self.block.values[value].name
        if name and self.names.get(name) == value:
            return Name(name, NOWHERE)
        return self._position(step, value)

    def _position(self, step: Step, value: int) -> Argument:
        before = step.before
        index = len(before) if value == UNFILLED else before.index(value)
        return BeltReference(index, NOWHERE)


def _first_of_each(names: Sequence[str], values: Sequence[int]) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for name, value in zip(names, values, strict=True):
        if name and name not in seen:
            seen.add(name)
            yield name, value


# --- data


def _data(data: PlacedData) -> Data:
    items = tuple(Operation(name, arguments, (), NOWHERE) for name, arguments in _items(data))
    return Data(data.name, items, data.comment, NOWHERE)


def _items(data: PlacedData) -> Iterator[tuple[str, tuple[Argument, ...]]]:
    if data.alignment > LEAST_ALIGNMENT:
        yield "align", (Integer(data.alignment, NOWHERE),)
    offset = 0
    for place, name in data.relocations:
        yield from _rows(data.bytes[offset:place])
        yield "d", (String(name, NOWHERE),)
        offset = place + ADDRESS_SIZE
    yield from _rows(data.bytes[offset:])
    if not data.bytes:
        yield "zero", (Integer(0, NOWHERE),)


def _rows(content: bytes) -> Iterator[tuple[str, tuple[Argument, ...]]]:
    """Yield bytes in rows, and rows of nothing but zeros in one piece."""
    rest = len(content.rstrip(b"\0"))
    for start in range(0, rest, ROW):
        row = content[start : min(start + ROW, rest)]
        yield "b", tuple(Integer(byte, NOWHERE) for byte in row)
    if rest < len(content):
        yield "zero", (Integer(len(content) - rest, NOWHERE),)
