"""Frames of belt code: calls and returns, and where results go.

The running frame's cells are the engine's registers. A call's arguments, and a return's results,
arrive as payloads beside their metas, which are static where the call or return stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import Factory, define, frozen

from simfw.belt.metadata import (
    NOTHING,
    PLAIN,
    SPECIAL,
    UNFILLED,
    Operand,
    meta,
    state_of,
    width_of,
)
from simfw.belt.micro import FP, FRAMES, HEADER, LINK, OPERANDS, SP
from simfw.belt.program import GIVE_PC, FunctionPlan, Point, Program
from simfw.errors import GuestFault
from simfw.memory import Memory

MOST_FRAMES = 1 << 16

Metas = tuple[int, ...]
Continuation = tuple[int, list[tuple[int, int]]]


@define(eq=False)
class CallSite:
    """A call in a block: what it calls, and how it goes on for each kind of results.

    `address` is None for an indirect call. `point` is that of the step after the call, but for
    the results, which take the place of `drops`.
    """

    program: Program
    function: FunctionPlan
    point: Point
    metas: Metas
    address: int | None
    drops: tuple[int, ...]
    entry: int | None = None
    continuations: dict[Metas, Continuation] = Factory(dict[Metas, Continuation])

    def continuation(self, metas: Metas) -> Continuation:
        """The pc after a return of such results, and which result goes into which cell."""
        found = self.continuations.get(metas)
        if found is None:
            found = self.continuations[metas] = self._continue(metas)
        return found

    def _continue(self, metas: Metas) -> Continuation:
        plan = self.program.plan(self.point)
        given = dict(zip(self.drops, metas, strict=False))
        live = plan.live[self.point.step]
        known = dict(zip(live, self.point.metas, strict=True))
        vector = tuple(given.get(v, UNFILLED) if v in self.drops else known[v] for v in live)
        point = Point(self.point.function, self.point.block, self.point.step, "", vector)
        moves = [
            (place, plan.cell(drop))
            for place, (drop, m) in enumerate(zip(self.drops, metas, strict=False))
            if state_of(m) != UNFILLED
        ]
        return self.program.pc(point), moves


@frozen(eq=False)
class Beneath:
    """A frame that waits for a return: its call, its cells, and what is beneath it.

    `site` is None for the host, which began what runs above.
    """

    site: CallSite | None
    cells: list[int]
    below: Beneath | None
    depth: int


class Frames:
    """The frames of a thread, linked from the cell FRAMES of the engine's registers.

    Everything lies in those: whoever saves and restores them saves and restores the frames. What
    changes them comes last in each function, and without calls in between: a signal finds a
    call entered or not.
    """

    def __init__(self, program: Program, memory: Memory, stack_bottom: int) -> None:
        self.program, self.memory, self.stack_bottom = program, memory, stack_bottom
        self.x: list[Any] = []
        self.functions: dict[str, Callable[..., object]] = {
            "enter": self.enter,
            "enter_indirect": self.enter_indirect,
            "leave": self.leave,
            "begin": self.begin,
            "give": self.give,
            "reserve": self.reserve,
        }

    def enter(self, site: CallSite, *payloads: int) -> int:
        """Call the function of a site; gives where it begins."""
        assert site.address is not None
        plan = self.program.by_address.get(site.address)
        if plan is None:
            return self._enter_outcall(site, site.address, payloads)
        if site.entry is None:
            site.entry = self.program.entry(plan, site.metas)
        return self._enter(site, plan, site.entry, payloads)

    def enter_indirect(self, site: CallSite, address: int, *payloads: int) -> int:
        """Call the function at an address; GuestFault if there is none."""
        plan = self.program.by_address.get(address)
        if plan is not None:
            return self._enter(site, plan, self.program.entry(plan, site.metas), payloads)
        if address in self.program.outcalls.values():
            return self._enter_outcall(site, address, payloads)
        raise GuestFault(f"call of {address:#x}, where no function is", address=address)

    def _enter(
        self, site: CallSite, plan: FunctionPlan, entry: int, payloads: Sequence[int]
    ) -> int:
        x, beneath = self.x, self._push(site, site.function.size)
        given = payloads[: plan.entry]
        end = HEADER + 2 * len(given)
        x[HEADER:end:2] = given
        x[plan.tags : plan.size] = plan.fresh
        x[FP] = 0
        x[FRAMES] = beneath
        return entry

    def _enter_outcall(self, site: CallSite, address: int, payloads: Sequence[int]) -> int:
        operands = [operand(m, p) for m, p in zip(site.metas, payloads, strict=True)]
        x, beneath = self.x, self._push(site, site.function.size)
        x[OPERANDS] = operands
        x[LINK] = GIVE_PC
        x[FRAMES] = beneath
        return address

    def _push(self, site: CallSite | None, size: int) -> Beneath:
        below: Beneath | None = self.x[FRAMES] or None
        depth = below.depth + 1 if below else 1
        if depth > MOST_FRAMES:
            raise GuestFault(
                f"belt frame stack full: more than {MOST_FRAMES} calls are active",
                advice="is there a recursion that does not end?",
            )
        return Beneath(site, self.x[:size], below, depth)

    def begin(self, plan: FunctionPlan) -> int:
        """Begin a function for the host, with the operands that cross; gives its first pc."""
        x = self.x
        arguments: list[Operand] = x[OPERANDS][: plan.entry]
        entry = self.program.entry(plan, tuple(map(meta_of, arguments)))
        payloads = [argument.payload for argument in arguments]
        end = HEADER + 2 * len(payloads)
        beneath = self._push(None, len(x))
        x[HEADER:end:2] = payloads
        x[plan.tags : plan.size] = plan.fresh
        x[FP] = 0
        x[FRAMES] = beneath
        return entry

    def leave(self, metas: Metas, *payloads: int) -> int:
        """Return from the running function with results; gives where its caller goes on."""
        x = self.x
        beneath: Beneath = x[FRAMES]
        site, cells = beneath.site, beneath.cells
        if site is None:
            operands = [operand(m, p) for m, p in zip(metas, payloads, strict=True)]
            x[: len(cells)] = cells
            x[OPERANDS] = operands
            return x[LINK]
        pc, moves = site.continuation(metas)
        size = len(cells)
        x[:size] = cells
        for place, cell in moves:
            x[cell] = payloads[place]
        return pc

    def give(self, site: None) -> int:
        """Return from an outcall with the operands that cross."""
        del site
        results: list[Operand] = self.x[OPERANDS]
        return self.leave(tuple(map(meta_of, results)), *[each.payload for each in results])

    def reserve(self, site: tuple[int, int]) -> int:
        """Reserve data stack for the running frame; gives where it goes on."""
        size, following = site
        x = self.x
        bottom = x[SP] - size & -16
        if bottom < self.stack_bottom:
            raise GuestFault(f"data stack full: no room for {size} bytes", address=bottom)
        self.memory.initialise(bottom, bytes(size))
        x[SP] = x[FP] = bottom
        return following


def operand(known: int, payload: int) -> Operand:
    """An operand of a settled meta."""
    if state_of(known) == UNFILLED:
        return NOTHING
    return Operand(payload, width_of(known), special=state_of(known) == SPECIAL)


def meta_of(operand: Operand) -> int:
    """The meta of an operand."""
    return meta(operand.width, SPECIAL if operand.special else PLAIN)
