"""Frames of belt code: calls and returns, and where results go.

The running frame's cells are the engine's registers. One of them, FRAMES, holds the frame beneath:
the call that waits, or None for the host's, and its cells, among which is the frame beneath that.
So whoever saves and restores the registers saves and restores the frames. A call's arguments,
and a return's results, arrive as payloads; their metas are static where the call or return is.

What changes the registers comes last in each function, without a call or a loop in between: a
signal finds a call entered or not, and a return done or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from simfw.belt.micro import FRAMES, HEADER, LINK, OPERANDS, SP, TOTAL
from simfw.belt.plan import FunctionPlan
from simfw.belt.program import Program
from simfw.belt.sites import MISSING, CallSite
from simfw.belt.versions import GIVE_PC
from simfw.errors import GuestFault
from simfw.memory import Memory

MOST_CELLS = 1 << 22
"""Cells that all frames of a thread may take; the least of them takes some 40."""

Beneath = tuple[CallSite | None, list[Any]]
"""A frame that waits: its call, and its cells."""


def beneath(x: Sequence[Any]) -> Iterator[Beneath]:
    """The frames beneath the one that has these cells, innermost first, the host's among them."""
    below: Beneath | None = x[FRAMES] or None
    while below is not None:
        yield below
        below = below[1][FRAMES] or None


class Frames:
    """The frames of a thread.

    `hooks` are the addresses of functions that the host serves, its own outcalls among them.
    """

    def __init__(self, program: Program, memory: Memory, stack_bottom: int) -> None:
        self.program, self.memory, self.stack_bottom = program, memory, stack_bottom
        self.x: list[Any] = []
        self.hooks: set[int] = set()
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
        if site.address in self.hooks:
            return self._enter_host(site, site.address, payloads)
        return self._enter(site, site.plan, site.entry or site.bind(), payloads)

    def enter_indirect(self, site: CallSite, address: int, *payloads: int) -> int:
        """Call the function at an address; GuestFault if there is none."""
        plan = self.program.by_address.get(address)
        if plan is None and address not in self.program.outcalls_by_address:
            raise GuestFault(f"call of {address:#x}, where no function is", address=address)
        if plan is None or address in self.hooks:
            return self._enter_host(site, address, payloads)
        return self._enter(site, plan, self.program.entry(plan, site.metas), payloads)

    def _enter(
        self, site: CallSite, plan: FunctionPlan, entry: int, payloads: tuple[int, ...]
    ) -> int:
        x, size = self.x, site.function.size
        total = x[TOTAL] + size
        if total > MOST_CELLS:
            raise self._full()
        cells = x[:size]
        end = HEADER + 2 * len(payloads)
        x[HEADER:end:2] = payloads
        if plan.fresh:
            x[plan.tags : plan.size] = plan.fresh
        x[TOTAL] = total
        x[FRAMES] = site, cells
        return entry

    def _enter_host(self, site: CallSite, address: int, payloads: tuple[int, ...]) -> int:
        """Call a function in the host; what it declares and is not given is NaRs."""
        metas, outcall = site.metas, self.program.outcalls_by_address.get(address)
        if outcall is not None and outcall.parameters > len(metas):
            absent = outcall.parameters - len(metas)
            metas += bytes([MISSING]) * absent
            payloads += (site.missing,) * absent
        x, size = self.x, site.function.size
        total, cells = x[TOTAL] + size, x[:size]
        if total > MOST_CELLS:
            raise self._full()
        x[OPERANDS] = metas, payloads
        x[LINK] = GIVE_PC
        x[TOTAL] = total
        x[FRAMES] = site, cells
        return address

    def _full(self) -> GuestFault:
        return GuestFault(
            f"belt frame stack full: {sum(1 for _ in beneath(self.x))} calls are active",
            advice="is there a recursion that does not end?",
        )

    def begin(self, plan: FunctionPlan) -> int:
        """Begin a function for the host, with the operands that cross; gives its first pc.

        Of the cells only the first are kept: what else lies there is the host's to restore.
        """
        x = self.x
        metas, payloads = x[OPERANDS]
        entry = self.program.entry(plan, metas[: plan.entry])
        payloads = payloads[: plan.entry]
        total, cells = x[TOTAL] + HEADER, x[:HEADER]
        end = HEADER + 2 * len(payloads)
        x[HEADER:end:2] = payloads
        if plan.fresh:
            x[plan.tags : plan.size] = plan.fresh
        x[TOTAL] = total
        x[FRAMES] = None, cells
        return entry

    def leave(self, metas: bytes, *payloads: int) -> int:
        """Return from the running function with results; gives where its caller goes on."""
        x = self.x
        below: Beneath = x[FRAMES]
        site, cells = below
        if site is None:
            x[:HEADER] = cells
            x[OPERANDS] = metas, payloads
            return x[LINK]
        onward = site.continuations.get(metas) or site.go_on(metas)
        if onward.is_short:
            payloads = (*payloads, site.missing)
        size, moves = len(cells), onward.moves
        if len(moves) == 1:
            place, cell = moves[0]
            payload: int = payloads[place]
            x[:size] = cells
            x[cell] = payload
            return onward.pc
        merged = cells[:]  # the cells may be those of a copy of the machine, too
        for place, cell in moves:
            merged[cell] = payloads[place]
        x[:size] = merged
        return onward.pc

    def give(self, site: None) -> int:
        """Return from an outcall with the operands that cross."""
        del site
        metas, payloads = self.x[OPERANDS]
        return self.leave(metas, *payloads)

    def reserve(self, site: tuple[int, int]) -> int:
        """Reserve data stack for the running frame; gives where it goes on."""
        size, following = site
        x = self.x
        bottom = x[SP] - size & -16
        if bottom < self.stack_bottom:
            raise GuestFault(
                f"data stack full: no room for {size} bytes",
                address=bottom,
                advice="is there a recursion that does not end?",
            )
        self.memory.initialise(bottom, bytes(x[SP] - bottom))
        x[SP] = bottom
        return following
