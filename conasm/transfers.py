"""Branches, calls and returns: what they hand over must be what the other side takes."""

from __future__ import annotations

from conasm.assembly import BlockArg, FunctionArg
from conasm.belt import Belt
from conasm.errors import quote
from conasm.functions import FunctionScope, Target
from conasm.link import Callee
from conasm.nodes import Position
from conasm.resolve import Resolved


def callee_of(scope: FunctionScope, resolved: Resolved) -> Callee | None:
    """Return what is known of a called function, if it is called by name and exists."""
    for argument in resolved.arguments:
        if isinstance(argument, FunctionArg):
            return scope.program.callees.get(argument.name)
    return None


def check_call(scope: FunctionScope, resolved: Resolved, results: int) -> None:
    """Report a call with other arguments or more results than the callee has.

    Fewer results are legal and only warned of.
    """
    check_length(scope, resolved)
    callee = callee_of(scope, resolved)
    if callee is None:
        return
    what = f"{quote(callee.name)}, {callee.what},"
    place = resolved.operation.position
    given = len(resolved.passes)
    if callee.parameters not in (None, given):
        takes = _counted(callee.parameters, "argument")
        scope.problems.add(place, f"{what} takes {takes}, here {_are(given)}")
    if callee.results and results > max(callee.results):
        gives = _counted(max(callee.results), "result")
        scope.problems.add(place, f"{what} gives {gives}, here {_are(results)} wanted")
    elif callee.results and results < min(callee.results):
        gives = _counted(min(callee.results), "result")
        lost = "the rest is discarded"
        scope.warn(place, f"{what} gives {gives}, here {_are(results)} wanted; {lost}")


def check_length(scope: FunctionScope, resolved: Resolved) -> None:
    """Report more operands than a belt can take."""
    limit, member = scope.member.belt, scope.member.name
    if len(resolved.passes) > limit:
        argument = resolved.operation.arguments[-(len(resolved.passes) - limit)]
        why = f"{member} has a belt of {limit}, here {_are(len(resolved.passes))}"
        scope.problems.add(argument.position, why)


def carry(scope: FunctionScope, belt: Belt, resolved: Resolved) -> tuple[int, ...]:
    """Return what a branch hands over, and report what the label does not take.

    A branch to a label without names leaves the belt as it is: it hands over all of it.
    """
    target = _target(scope, resolved)
    if target is None:
        return resolved.passes
    given = len(resolved.passes)
    if not target.names:
        if given:
            why = f"{quote(target.block.label)} names no operands, so none can be carried to it"
            scope.problems.add(_first_carried(resolved), f"{why}; here {_are(given)}")
        return belt.positions
    if given != len(target.names):
        takes = _counted(len(target.names), "operand")
        names = " ".join(f"%{name.name}" for name in target.names)
        why = f"{quote(target.block.label)} takes {takes} ({names}), here {_are(given)}"
        scope.problems.add(resolved.operation.position, why)
        return resolved.passes
    for index, value in enumerate(resolved.passes):
        place = resolved.operation.arguments[index - given].position
        scope.carry(target, index, belt.width(value), place)
    return resolved.passes


def _target(scope: FunctionScope, resolved: Resolved) -> Target | None:
    for argument in resolved.arguments:
        if isinstance(argument, BlockArg):
            label = scope.function.blocks[argument.index].label
            return scope.targets.get(label)
    return None


def _first_carried(resolved: Resolved) -> Position:
    return resolved.operation.arguments[-len(resolved.passes)].position


def _counted(count: int | None, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"
