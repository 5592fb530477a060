"""The pick phase: choose among operands, or move them to the front.

All operations of the phase see the belt as it was when the phase began, then all drop as listed.
"""

from __future__ import annotations

from collections.abc import Sequence

from conasm.nodes import Operation
from tests.belt_machine.frame import Frame
from tests.belt_machine.operand import Operand, none
from tests.belt_machine.strict import width_of_first


def pick(frame: Frame, operations: Sequence[Operation]) -> None:
    """All read first, then all drop as listed."""
    results = [_PICK[operation.name](frame, operation) for operation in operations]
    for operation, dropped in zip(operations, results, strict=True):
        if operation.name == "rescue":
            frame.drop_copies(operation, dropped)
        else:
            frame.drop_all(dropped, operation.results)


def _pick(frame: Frame, operation: Operation) -> list[Operand]:
    """The operand that the lowest bit of the selector chooses, as it is."""
    selector, first, *second = map(frame.read, operation.arguments)
    other = second[0] if second else none(first.width, operation.position)
    if not selector.is_value:
        return [selector.with_width(width_of_first([selector, first, other]))]
    return [first if selector.payload & 1 else other]


def _recur(frame: Frame, operation: Operation) -> list[Operand]:
    """The first operand, unless it is None; then the second."""
    first, second = map(frame.read, operation.arguments)
    return [second if first.is_none else first]


def _rescue(frame: Frame, operation: Operation) -> list[Operand]:
    """The operands once more, so that they are far from the belt's end."""
    return [frame.read(argument) for argument in operation.arguments]


_PICK = {"pick": _pick, "recur": _recur, "rescue": _rescue}
