"""Call sites: what a call hands over, and how its block goes on for each kind of results."""

from __future__ import annotations

from attrs import Factory, define, field, frozen

from simfw.belt.metadata import SPECIAL, meta
from simfw.belt.plan import FunctionPlan
from simfw.belt.program import Program
from simfw.belt.versions import Point

MISSING = meta(1, SPECIAL)
"""The meta of arguments and results that are not there."""


@frozen(eq=False)
class Continuation:
    """Where a block goes on after a call, and which result goes into which cell.

    With `is_short` there are fewer results than the call wants: the place behind the last stands
    for a NaR.
    """

    pc: int
    moves: tuple[tuple[int, int], ...]
    is_short: bool


@define(eq=False)
class CallSite:
    """A call in a block.

    `pc` is that of its micro operation, `address` that of its target unless it is indirect.
    `metas` are those of the arguments. `after` is the point of the next step, but for the results,
    which take the place of `drops`. `missing` is the payload of arguments and results that are
    not there.
    """

    program: Program
    function: FunctionPlan
    pc: int
    after: Point
    metas: bytes
    address: int
    drops: tuple[int, ...]
    missing: int
    entry: int = field(default=0, init=False)
    plan: FunctionPlan = field(init=False)
    continuations: dict[bytes, Continuation] = field(
        default=Factory(dict[bytes, Continuation]), init=False
    )

    def bind(self) -> int:
        """Find out where the target begins for these arguments."""
        self.entry = self.program.entry(self.plan, self.metas)
        return self.entry

    def __attrs_post_init__(self) -> None:
        target = self.program.by_address.get(self.address)
        self.plan = target or self.function  # an outcall's, or no call by name: not used

    def go_on(self, metas: bytes) -> Continuation:
        """Find out how it goes on after a return of such results."""
        plan, after = self.program.plan(self.after), self.after
        wanted = metas[: len(self.drops)].ljust(len(self.drops), bytes([MISSING]))
        given = dict(zip(self.drops, wanted, strict=True))
        living = plan.live.at(after.step)
        vector = bytes(given.get(v, m) for v, m in zip(living, after.metas, strict=True))
        point = Point(after.function, after.block, after.step, "", vector)
        moves = tuple(
            (min(place, len(metas)), plan.cell(drop)) for place, drop in enumerate(self.drops)
        )
        found = Continuation(self.program.versions.pc(point), moves, len(metas) < len(wanted))
        self.continuations[metas] = found
        return found
