"""What the code of a function may use, and what it has used so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.belt_machine.writing.chooser import Chooser


@dataclass(frozen=True)
class Callee:
    """A function that can be called. `widths`: of parameters, probably; `results`: if declared.

    `fuel`: the first argument bounds how often it calls itself. `cost`: instructions, at most.
    """

    name: str
    widths: tuple[int, ...]
    results: tuple[int, ...]
    declared: bool = False
    fuel: bool = False
    cost: int = 1


MOST_COST = 2000


@dataclass
class Surroundings:
    """What the code of one function may use.

    `pending` are tags of loads, `spilled` offsets in the scratchpad, each with a width. `cost`
    counts the instructions that a call of the function executes at most, `repeats` how often the
    code at hand is executed.
    """

    chooser: Chooser
    callees: Sequence[Callee]
    window: int
    window_size: int
    data: str = ""
    data_size: int = 0
    stack: int = 0
    scratch: int = 0
    pending: dict[str, int] = field(default_factory=dict)
    spilled: dict[int, int] = field(default_factory=dict)
    cost: int = 0
    repeats: int = 1
    names: int = 0

    def new_name(self) -> str:
        """A name that the function does not have yet."""
        self.names += 1
        return f"v{self.names}"

    def name(self) -> str:
        """A new name, or none at all."""
        return "" if self.chooser.chance(25) else self.new_name()

    def indirect(self) -> Sequence[Callee]:
        """What may be called through an address, by callers that pass anything."""
        return [callee for callee in self.callees if not callee.fuel]

    def spend(self, cost: int) -> bool:
        """Whether so many instructions more may be executed here, each time that we come by."""
        if self.cost + cost * self.repeats > MOST_COST:
            return False
        self.cost += cost * self.repeats
        return True
