"""The belt as the assembler sees it: which value is where, what is named, and what is in flight."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, evolve, field, frozen

from conasm.assembly import UNFILLED, AssembledValue
from conasm.member import Member
from conasm.nodes import Name, Position


@frozen(eq=False)
class Flight:
    """Results on their way: the operation, when it was issued and when they reach the belt.

    Instructions are counted in the block. `load` is the step of a load to be ended, if it is one.
    """

    operation: str
    issued: int
    due: int
    drops: tuple[int, ...]
    load: int | None = None


@define(eq=False)
class Belt:
    """The operands of a block, position by position, as its instructions go by.

    `positions` are the numbers of values, newest first; `values` is what is known of each;
    `names` what the names stand for. A value that is neither in `positions` nor in `flying`
    has fallen off.
    """

    member: Member
    positions: tuple[int, ...] = ()
    values: list[AssembledValue] = field(factory=list[AssembledValue])
    names: dict[str, int] = field(factory=dict[str, int])
    places: dict[str, Position] = field(factory=dict[str, Position])
    flying: dict[int, Flight] = field(factory=dict[int, Flight])
    _due: dict[int, list[Flight]] = field(factory=dict[int, list[Flight]])

    def enter(self, names: Sequence[Name], count: int) -> None:
        """Begin with so many operands, of which the first are named."""
        for index in range(count):
            name = names[index].name if index < len(names) else ""
            self.make("", None, name)
        self.positions = tuple(range(min(count, self.member.belt)))

    def make(self, operation: str, width: int | None, name: str = "") -> int:
        """Return the number of a new value."""
        number = len(self.values)
        self.values.append(AssembledValue(name, operation, width))
        if name:
            self.names[name] = number
        return number

    def rename(self, name: str, value: int) -> None:
        """Let a name stand for another value."""
        self.names[name] = value
        self.values[value] = evolve(self.values[value], name=name)

    def at(self, index: int) -> int:
        """Return the value at a position, or `UNFILLED`."""
        return self.positions[index] if index < len(self.positions) else UNFILLED

    def width(self, value: int) -> int | None:
        """Return the width of a value in bytes, if that is known."""
        return None if value == UNFILLED else self.values[value].width

    def drop(self, values: tuple[int, ...]) -> None:
        """Push values, the first of which becomes the newest."""
        self.positions = (values + self.positions)[: self.member.belt]

    def replace(self, values: tuple[int, ...]) -> None:
        """Leave nothing on the belt but these, the first newest."""
        self.positions = values[: self.member.belt]

    def launch(self, flight: Flight) -> None:
        """Take note of what will reach the belt later."""
        self._due.setdefault(flight.due, []).append(flight)
        self.flying.update(dict.fromkeys(flight.drops, flight))

    def due(self, instruction: int) -> Sequence[Flight]:
        """Return what retires in an instruction, in order of issue; to be landed one by one."""
        return self._due.pop(instruction, ())

    def land(self, flight: Flight) -> None:
        """Drop what has arrived."""
        for value in flight.drops:
            del self.flying[value]
        self.drop(flight.drops)
