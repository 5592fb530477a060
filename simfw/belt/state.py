"""The frames of a belt program as they stand: belts, scratchpads, what is on its way.

Nothing here changes anything; debuggers, traces and tests look through it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from conasm.nodes import Position
from conasm.operation import Phase
from simfw.belt.frames import beneath
from simfw.belt.metadata import (
    MAYBE,
    NO_OPERANDS,
    PLAIN,
    SPECIAL,
    UNFILLED,
    Operand,
    operands_of,
    state_of,
    width_of,
)
from simfw.belt.micro import FRAMES, OPERANDS, SP
from simfw.belt.plan import BlockPlan
from simfw.belt.program import Program
from simfw.belt.versions import GIVE_PC, Place


@frozen
class BeltFrame:
    """A frame. `instruction` counts from the label of its block.

    `belt` has the operands from b0 on. `in_flight` is how many results are on their way to it.
    `scratchpad` has operands by offset, `pending` the tags of loads that are to be picked up.
    An outcall's frame has its operands, or its results, for a belt, and no position.
    """

    function: str
    label: str
    instruction: int
    position: Position | None
    belt: tuple[Operand, ...]
    in_flight: int
    scratchpad: Mapping[int, Operand]
    pending: tuple[str, ...]
    stack_pointer: int


def frames(program: Program, x: Sequence[Any], pc: int) -> Iterator[BeltFrame]:
    """The frames from the innermost outwards, down to the host's entry."""
    yield innermost(program, x, pc)
    if pc in program.by_address:  # it is still to begin
        return
    for site, cells in beneath(x):
        if site is None:
            return
        place = program.versions.place(site.pc)
        assert place is not None
        yield _frame(program, cells, place, issued=True)


def innermost(program: Program, x: Sequence[Any], pc: int) -> BeltFrame:
    """The frame that runs, or the outcall that is called or has returned."""
    place = resolved(program, pc)
    if place is not None:
        return _frame(program, x, place, issued=False)
    operands = operands_of(x[OPERANDS] or NO_OPERANDS)
    name = program.name_at(x[FRAMES][0].address if pc == GIVE_PC else pc)
    return BeltFrame(name, name, 0, None, tuple(operands), 0, {}, (), x[SP])


def resolved(program: Program, pc: int) -> Place | None:
    """The micro operation at a pc; behind a mere jump, that at its target."""
    place = program.versions.place(pc)
    while place is not None and place.micro.record.kind == "jump":
        place = program.versions.place(int(str(place.micro.operands[0])))
    return place


def _frame(program: Program, x: Sequence[Any], place: Place, *, issued: bool) -> BeltFrame:
    function = program.functions[place.point.function]
    plan = program.plan(place.point)
    step = plan.block.steps[place.micro.step]
    issued = issued or not place.micro.weight
    behind = step.instruction if issued and _has_computed(plan, place) else step.instruction - 1
    tags = function.function.tags
    return BeltFrame(
        function=function.name,
        label=plan.block.label,
        instruction=step.instruction,
        position=step.position,
        belt=belt(program, x, place, issued=issued),
        in_flight=plan.in_flight(behind),
        scratchpad=_scratchpad(function.scratch, x),
        pending=tuple(tag for n, tag in enumerate(tags) if x[function.tags + 2 * n]),
        stack_pointer=x[SP],
    )


def _has_computed(plan: BlockPlan, place: Place) -> bool:
    return plan.block.steps[place.micro.step].operation.phase > Phase.COMPUTE


def belt(program: Program, x: Sequence[Any], place: Place, *, issued: bool) -> tuple[Operand, ...]:
    """The belt at a micro operation, newest first.

    `issued` says that its instruction has been: what retires in it counts then, even if nothing
    else has happened in it.
    """
    plan, index, metas = program.plan(place.point), place.micro.step, place.known
    if not issued and place.micro.weight:
        index, metas = plan.block.starts[plan.block.steps[index].instruction], place.before
    if issued and index in plan.starts and _has_computed(plan, place):
        values = plan.block.steps[index].before
    else:
        values = plan.on_belt(index)
    known = dict(zip(plan.live.at(index), metas, strict=True))
    found: list[Operand] = []
    for value in values:
        meta = known.get(value, UNFILLED)
        if state_of(meta) == UNFILLED:
            break
        found.append(operand_in(x, plan.cell(value), meta))
    return tuple(found)


def operand_in(x: Sequence[Any], cell: int, known: int) -> Operand:
    """The operand in two cells."""
    special = state_of(known) == SPECIAL or (state_of(known) == MAYBE and bool(x[cell + 1]))
    return Operand(x[cell], width_of(known), special=special)


def _scratchpad(offsets: Mapping[int, int], x: Sequence[Any]) -> dict[int, Operand]:
    found = ((offset, x[cell], x[cell + 1]) for offset, cell in offsets.items())
    return {
        offset: Operand(payload, width_of(known), special=state_of(known) != PLAIN)
        for offset, payload, known in found
        if known != UNFILLED
    }
