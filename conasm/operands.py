"""Reading the belt: positions and names become numbers of values, or mistakes."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from conasm.assembly import UNFILLED
from conasm.belt import Belt
from conasm.errors import quote
from conasm.functions import FunctionScope
from conasm.known_widths import Read
from conasm.nodes import Argument, BeltReference, Block, Name, Position


@define(eq=False)
class BeltReader:
    """Reads the belt of one block, as it stands in the instruction at hand."""

    scope: FunctionScope
    belt: Belt
    block: Block
    instruction: int = 0
    _reads: list[Read] = field(factory=list[Read])
    _missing: set[str] = field(factory=set[str])

    def begin(self) -> Sequence[Read]:
        """Return the list of what will be read from now on."""
        self._reads = []
        return self._reads

    def read(self, argument: Argument) -> int:
        """Return the number of a value, and report one that cannot be read now."""
        value = UNFILLED
        if isinstance(argument, BeltReference):
            if argument.index >= self.belt.member.belt:
                member = self.belt.member
                why = f"b{argument.index} is beyond the belt: {member.name} has b0 to"
                self._complain(argument.position, f"{why} b{member.belt - 1}")
            value = self.belt.at(argument.index)
        elif isinstance(argument, Name):
            value = self._named(argument)
        self._reads.append(Read(argument, self.belt.width(value)))
        return value

    def _named(self, name: Name) -> int:
        value = self.belt.names.get(name.name)
        if value is None:
            self._report_unknown(name)
            return UNFILLED
        if value in self.belt.positions:
            return value
        if value in self.belt.flying:
            self._report_early(name, value)
        else:
            belt = f"{self.belt.member.name}'s belt of {self.belt.member.belt}"
            how = f"rescue(%{name.name}) in time keeps it, spill and fill bring it back"
            self._complain(name.position, f"%{name.name} has fallen off {belt}; {how}")
        return value

    def _report_early(self, name: Name, value: int) -> None:
        flight = self.belt.flying[value]
        missing = flight.due - self.instruction
        if missing == 0:
            when = "it drops at the end of this phase: read it in a later phase or instruction"
        else:
            there = "1 instruction" if missing == 1 else f"{missing} instructions"
            when = f"it drops in the compute phase {there} further on"
        took = f"{flight.operation} takes {flight.due - flight.issued + 1}"
        self._complain(name.position, f"%{name.name} is read before it retires: {took}, {when}")

    def _report_unknown(self, name: Name) -> None:
        if name.name in self._missing:
            return
        self._missing.add(name.name)
        everywhere = self.scope.definitions(name.name)
        here = [found for found in everywhere if found.block is self.block]
        if any(found.instruction == self.instruction for found in here):
            when = "it drops at the end of the phase that reads it here, or in a later one"
            why = f"%{name.name} is read too early: {when}; read it in the next instruction"
        elif here:
            line = here[0].position.line
            why = f"%{name.name} is read before it is defined, in line {line}"
        elif everywhere:
            where = f"names end with their block; this one is of {quote(everywhere[0].block.label)}"
            why = f"%{name.name} is not defined here: {where}"
        else:
            known = (f"%{known}" for known in self.belt.names)
            near = self.scope.problems.suggest(f"%{name.name}", known)
            why = f"%{name.name} is not defined{near}"
        self._complain(name.position, why)

    def _complain(self, position: Position, message: str) -> None:
        self.scope.problems.add(position, message)
