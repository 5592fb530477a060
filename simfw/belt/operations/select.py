"""Selects, which choose between operands, and tests for operands that are no values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conasm.assembly import Step
from conasm.operation import Phase
from simfw.belt.joins import test_special
from simfw.belt.kinds import NONE_FLAG
from simfw.belt.metadata import SPECIAL, state_of
from simfw.belt.micro import Pattern
from simfw.belt.record import Operations

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

select = Operations("select")
tests = Operations("tests")


@select.op(
    "pick value value value / value value", phase=Phase.PICK, widths="any", raw=True, chooses=1
)
def pick(t: Translation, step: Step) -> None:
    """Drop the second operand if the first one's lowest bit is 1, else the third.

    Without a third it is a None as wide as the second. A special selector gives that special;
    otherwise only the chosen operand matters.
    """
    selector, *choices = t.values(step)
    (drop,) = step.drops
    if t.phase == "first":
        t.copy(choices[0], drop)
        return
    t.settle(selector)
    if not t.is_plain(selector):
        t.settle(*choices)
        t.copy(selector, drop, width=t.width(next(filter(t.is_plain, choices), selector)))
    elif len(choices) == 2 and t.meta(choices[0]) == t.meta(choices[1]) and t.is_plain(choices[0]):
        _select(t, selector, choices, drop)
    else:
        t.fork(selector, wanted=True, taken="first")
        if len(choices) == 2:
            t.copy(choices[1], drop)
        else:
            t.set_special(drop, NONE_FLAG, t.width(choices[0]))


@select.op("recur value value", phase=Phase.PICK, widths="any", raw=True, chooses=0)
def recur(t: Translation, step: Step) -> None:
    """Drop the first operand, or the second where the first is a None."""
    first, second = t.values(step)
    (drop,) = step.drops
    if t.phase == "second":
        t.copy(second, drop)
        return
    t.settle(first)
    if state_of(t.meta(first)) == SPECIAL:
        t.fork_on_none(first, taken="second")
    t.copy(first, drop)


def _select(t: Translation, selector: int, choices: list[int], drop: int) -> None:
    """Choose between plain values of one width without a branch."""
    shape = t.meta(selector), t.meta(choices[0])

    def write(p: Pattern) -> None:
        yes, no = p.get("yes", shape[1]), p.get("no", shape[1])
        p.put("d", p.get("q", shape[0]).trunc(1).select(yes, no))

    cells = {"q": selector, "yes": choices[0], "no": choices[1], "d": drop}
    t.emit(("select", shape), {name: t.cell(value) for name, value in cells.items()}, write)
    t.define(drop, shape[1])


@tests.op("isNaR value", latency="compare", widths="any", raw=True, gives="b")
def is_nar(t: Translation, step: Step) -> None:
    """Tell whether the operand is a NaR, as 0 or 1 of width b."""
    test_special(t, t.values(step)[0], step.drops[0], wants_none=False)


@tests.op("isNone value", latency="compare", widths="any", raw=True, gives="b")
def is_none(t: Translation, step: Step) -> None:
    """Tell whether the operand is a None, as 0 or 1 of width b."""
    test_special(t, t.values(step)[0], step.drops[0], wants_none=True)
