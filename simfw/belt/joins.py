"""Specials among the operands of an operation: which of them counts, and what realising does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simfw.belt.metadata import INVALID, PLAIN, SPECIAL, UNFILLED, meta, state_of
from simfw.belt.micro import Pattern, special_is_none
from simfw.ir.builder import Word, helper
from simfw.ir.ops import I64

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

REALISED = "a NaR is realised"
"""The cause of a fault of `realise`."""

Shape = tuple[int, ...]


def shape_of(t: Translation, values: Sequence[int]) -> Shape:
    """How each special among settled values is known: with a payload, or as never filled."""
    states = (state_of(t.meta(value)) for value in values)
    return tuple(state for state in states if state != PLAIN)


def cells_of(t: Translation, values: Sequence[int]) -> dict[str, int]:
    """The operands from which `joined` reads."""
    found = [value for value in values if not t.is_plain(value)]
    cells = {
        f"s{n}": t.cell(value)
        for n, value in enumerate(found)
        if state_of(t.meta(value)) == SPECIAL
    }
    return cells | {"where": t.program.where(t.step)}


def joined(p: Pattern, shape: Shape) -> Word:
    """The special that an operation of these gives: a None, else the first of them."""
    payloads = [
        p.read(f"s{n}", "d") if state == SPECIAL else (p.number("where") << 8) | INVALID
        for n, state in enumerate(shape)
    ]
    return payloads[0] if len(payloads) == 1 else helper("join", I64, *payloads)


def join(t: Translation, values: Sequence[int], drop: int, width: int) -> None:
    """Make the special that an operation of these values gives."""
    shape = shape_of(t, values)

    def write(p: Pattern) -> None:
        p.put("d", joined(p, shape), "d")

    t.emit(("join", shape), {**cells_of(t, values), "d": t.cell(drop)}, write)
    t.define(drop, meta(width, SPECIAL))


def realise(t: Translation, *values: int) -> bool:
    """Whether all are plain. If not, a None among them does nothing, and a NaR faults."""
    shape = shape_of(t, values)
    if not shape:
        return True

    def write(p: Pattern) -> None:
        payload = joined(p, shape)
        p.check(special_is_none(payload), REALISED, payload)

    t.emit(("realise", shape), cells_of(t, values), write)
    return False


def test_special(t: Translation, value: int, drop: int, *, wants_none: bool) -> None:
    """Drop whether an operand is a None, or a NaR."""
    t.settle(value)
    if state_of(t.meta(value)) != SPECIAL:
        unfilled = state_of(t.meta(value)) == UNFILLED
        t.set_constant(drop, int(unfilled and not wants_none), meta(1))
        return

    def write(p: Pattern) -> None:
        none = special_is_none(p.read("a", "d"))
        p.put("d", (none if wants_none else none ^ 1).zext(8))

    t.emit(("test", wants_none), {"a": t.cell(value), "d": t.cell(drop)}, write)
    t.define(drop, meta(1))
