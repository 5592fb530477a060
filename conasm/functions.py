"""What the blocks of a function share: labels, tags, the scratchpad, and what they carry."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field, frozen

from conasm.errors import Problem, quote
from conasm.link import Program, operations_of
from conasm.member import Member
from conasm.nodes import Block, Function, Integer, Name, Operation, Position, Word
from conasm.operation import WIDTH_LETTERS, Kind, OperationSet
from conasm.problems import Problems


@frozen(eq=False)
class Target:
    """A block that branches may name, and the names of what it is handed."""

    index: int
    block: Block

    @property
    def names(self) -> tuple[Name, ...]:
        """The names of the operands that it is handed."""
        return self.block.operands


@frozen(eq=False)
class Definition:
    """Where a name is defined: the block, and the instruction in it, None for the label."""

    block: Block
    instruction: int | None
    position: Position


@define(eq=False)
class FunctionScope:
    """A function while it is assembled."""

    function: Function
    program: Program
    operations: OperationSet
    member: Member
    problems: Problems
    warnings: list[Problem]
    scratch_size: int = 0
    targets: dict[str, Target] = field(factory=dict[str, Target])
    tags: dict[str, int] = field(factory=dict[str, int])
    _definitions: dict[str, list[Definition]] = field(factory=dict[str, "list[Definition]"])
    _opened: set[str] = field(factory=set[str])
    _tagged: list[Word] = field(factory=list[Word])
    _carried: dict[tuple[int, int], tuple[int, Position]] = field(
        factory=dict[tuple[int, int], tuple[int, Position]]
    )

    def begin(self) -> None:
        """Take in the labels, and how much of the scratchpad the function reserves."""
        for index, block in enumerate(self.function.blocks):
            self.targets.setdefault(block.label, Target(index, block))
        self._reserve()

    def _reserve(self) -> None:
        first: Operation | None = None
        for operation in operations_of(self.function):
            spec = self.operations.get(operation.name)
            if spec is None or not any(Kind.SCRATCH in form.kinds for form in spec.forms):
                continue
            if first is not None:
                where = f"the first is in line {first.position.line}"
                why = f"a function reserves scratchpad once; {where}"
                self.problems.add(operation.position, why)
                continue
            first = operation
            size = operation.arguments[0] if operation.arguments else None
            if isinstance(size, Integer):
                self.scratch_size = max(0, min(size.value, self.member.scratchpad))

    def definitions(self, name: str) -> list[Definition]:
        """Return all places where a name is defined; they are looked up only for mistakes."""
        if not self._definitions:
            for block in self.function.blocks:
                for found, definition in _definitions(block):
                    self._definitions.setdefault(found, []).append(definition)
        return self._definitions.get(name, [])

    # --- tags

    def open_tag(self, word: Word) -> int:
        """Return the number of the tag that a load is given."""
        self._opened.add(word.text)
        return self._tag(word)

    def use_tag(self, word: Word) -> int:
        """Return the number of a tag that some load of the function must have."""
        self._tagged.append(word)
        return self._tag(word)

    def _tag(self, word: Word) -> int:
        return self.tags.setdefault(word.text, len(self.tags))

    def end(self) -> None:
        """Report tags that no load has."""
        for word in self._tagged:
            if word.text not in self._opened:
                near = self.problems.suggest(word.text, self._opened)
                why = f"no load of this function has the tag {quote(word.text)}{near}"
                self.problems.add(word.position, why)

    # --- scratchpad

    def check_extent(self, offset: Integer, size: int) -> None:
        """Report a use of the scratchpad beyond what the function reserves."""
        end = offset.value + size
        if offset.value >= 0 and end <= self.scratch_size:
            return
        reserved = f"reserves {self.scratch_size} bytes with scratchf" if self.scratch_size else ""
        what = reserved or "reserves none; scratchf(bytes) does"
        reach = f"bytes {offset.value} to {end - 1} of the scratchpad are used"
        self.problems.add(offset.position, f"{reach}, but the function {what}")

    # --- what blocks are handed

    def carry(self, target: Target, index: int, width: int | None, position: Position) -> None:
        """Take note of the width of a carried operand, and warn if another arc's differs."""
        if width is None:
            return
        first, where = self._carried.setdefault((target.index, index), (width, position))
        if first == width:
            return
        name = f"%{target.names[index].name} of {quote(target.block.label)}"
        here, there = WIDTH_LETTERS[width], WIDTH_LETTERS[first]
        why = f"{name} is of width {here} here, but {there} in line {where.line}"
        self.warn(position, why)

    def warn(self, position: Position, message: str) -> None:
        """Note what is legal and hardly meant."""
        line = self.problems.line(position)
        self.warnings.append(Problem(position, message, line, severity="warning"))


def _definitions(block: Block) -> Iterator[tuple[str, Definition]]:
    for name in block.operands:
        yield name.name, Definition(block, None, name.position)
    for number, instruction in enumerate(block.instructions):
        for operation in instruction.operations:
            for name in operation.results:
                yield name.name, Definition(block, number, name.position)
