"""A frame: what one call has for itself.

The belt is a list of operands, the newest first. A drop pushes one on and, beyond the belt's
length, one off. Each drop is an object of its own, so that a name can stand for *that drop*: its
position is wherever the object now is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from conasm.nodes import Argument, BeltReference, Name, Operation, Position
from tests.belt_machine.faults import Mistake
from tests.belt_machine.member import Member
from tests.belt_machine.operand import INVALID_OPERAND, Operand, nar


@dataclass(frozen=True)
class Load:
    """A load that has its address and not yet its value; the address may be special."""

    address: Operand
    width: int
    position: Position


@dataclass(frozen=True)
class InFlight:
    """What will drop at the end of the compute phase of instruction `due` of the block."""

    due: int
    result: Operand | Load
    name: Name | None


@dataclass
class Frame:
    """`clock` counts the instructions of the block that have been issued before this one."""

    function: str
    member: Member
    stack_pointer: int
    belt: list[Operand] = field(default_factory=list)
    names: dict[str, Operand | None] = field(default_factory=dict)
    in_flight: list[InFlight] = field(default_factory=list)
    clock: int = 0
    tagged: dict[str, Load] = field(default_factory=dict)
    scratch_size: int = 0
    scratchpad: dict[int, Operand] = field(default_factory=dict)

    # --- the belt

    def drop(self, operand: Operand, name: Name | None = None) -> None:
        """Push one operand on, and perhaps name it."""
        fresh = operand.dropped()
        self.belt.insert(0, fresh)
        del self.belt[self.member.belt :]
        if name is not None:
            self.define(name, fresh)

    def drop_all(self, operands: Sequence[Operand], names: Sequence[Name]) -> None:
        """Drop several results of one operation: the first listed ends nearest b0."""
        padded = [*names, *[None] * (len(operands) - len(names))]
        for operand, name in reversed(list(zip(operands, padded, strict=True))):
            self.drop(operand, name)

    def drop_copies(self, operation: Operation, operands: Sequence[Operand]) -> None:
        """Drop operands once more; the names that they are listed by go over to the copies."""
        self.drop_all(operands, operation.results)
        for argument, copy in zip(operation.arguments, self.belt, strict=False):
            if isinstance(argument, Name):
                self.names[argument.name] = copy

    def replace(self, operands: Iterable[Operand]) -> None:
        """Make these the belt, the first listed at b0."""
        self.belt[:] = [operand.dropped() for operand in operands][: self.member.belt]

    def define(self, name: Name, operand: Operand | None) -> None:
        if name.name in self.names:
            raise Mistake(f"%{name.name} is defined already", name.position)
        self.names[name.name] = operand

    def read(self, argument: Argument) -> Operand:
        """The operand at a position, or the drop of a name."""
        match argument:
            case BeltReference(index=index):
                return self._at(index, argument.position)
            case Name(name=name):
                return self._named(name, argument.position)
            case _:
                raise Mistake("an operand is due here", argument.position)

    def _at(self, index: int, position: Position) -> Operand:
        if index >= self.member.belt:
            raise Mistake(f"the belt has no b{index}", position)
        if index >= len(self.belt):
            return nar(INVALID_OPERAND, 1, position)
        return self.belt[index]

    def _named(self, name: str, position: Position) -> Operand:
        if name not in self.names:
            raise Mistake(f"%{name} is not defined, or still in flight", position)
        operand = self.names[name]
        if operand is None:  # an argument that the caller did not pass
            return nar(INVALID_OPERAND, 1, position)
        if not any(on_belt is operand for on_belt in self.belt):
            raise Mistake(f"%{name} has fallen off the belt", position)
        return operand

    # --- blocks

    def enter_block(self, names: Sequence[Name]) -> None:
        """Begin a block with the belt as it is: nothing is in flight, these names are known."""
        self.in_flight.clear()
        self.clock = 0
        self.names.clear()
        for index, name in enumerate(names):
            self.define(name, self.belt[index] if index < len(self.belt) else None)

    # --- the scratchpad

    def spill(self, offset: int, operand: Operand, position: Position) -> None:
        """Keep an operand, and forget those that it overlaps."""
        self._check_scratch(offset, operand.width, position)
        end = offset + operand.width
        for other, kept in list(self.scratchpad.items()):
            if other < end and offset < other + kept.width:
                del self.scratchpad[other]
        self.scratchpad[offset] = operand

    def fill(self, offset: int, width: int, position: Position) -> Operand:
        """The operand spilled at just that offset with just that width."""
        self._check_scratch(offset, width, position)
        kept = self.scratchpad.get(offset)
        if kept is None or kept.width != width:
            return nar(INVALID_OPERAND, width, position)
        return kept

    def _check_scratch(self, offset: int, width: int, position: Position) -> None:
        if not 0 <= offset <= self.scratch_size - width:
            raise Mistake(f"{offset} is beyond the scratchpad's {self.scratch_size}", position)
