"""A belt as its writer knows it: which operand is where, how wide it is, what it can be.

Positions are static, so this is exact. Values are not known; that an operand is no NaR, or an
address that can be used, is known only where the writer has seen to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.belt_machine.member import Member

VALUE, NONE, ANY = range(3)
"""What an operand can be: surely a value; perhaps None; perhaps a NaR."""


@dataclass(eq=False, frozen=True)
class Seen:
    """An operand. `width` is what it probably has; `known` says that an assembler knows it.

    As an address it may be used from `reach[0]` below to `reach[1]` bytes above it. As a number it
    lies between 0 and `most`, which may be negative. `target` is the function that it points to.
    """

    width: int
    known: bool = True
    level: int = ANY
    name: str = ""
    reach: tuple[int, int] | None = None
    most: int | None = None
    target: str = ""

    def again(self, text: str) -> Seen:
        """A copy of it, which takes over the name if it was spelled by that."""
        return replace(self, name=self.name if text.startswith("%") else "")


@dataclass
class Shape:
    """A belt, and what will drop when; the newest operand first."""

    member: Member
    positions: list[Seen] = field(default_factory=list)
    flying: list[tuple[int, Seen]] = field(default_factory=list)
    clock: int = 0

    def drop(self, results: Sequence[Seen]) -> None:
        """Drop the results of one operation."""
        self.positions[:0] = results
        del self.positions[self.member.belt :]

    def launch(self, latency: int, result: Seen) -> None:
        self.flying.append((self.clock + latency - 1, result))

    def due(self) -> int:
        """How many results drop in this instruction."""
        return sum(due == self.clock for due, _ in self.flying)

    def retire(self) -> None:
        """Drop what is due in this instruction."""
        for _, result in [flying for flying in self.flying if flying[0] == self.clock]:
            self.drop([result])
        self.flying = [flying for flying in self.flying if flying[0] > self.clock]
