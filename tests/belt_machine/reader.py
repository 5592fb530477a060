"""The reader phase: what needs nothing from the belt, and is there at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conasm.nodes import Float, Function, Operation, String, Word
from tests.belt_machine.compute import ADDRESS, integer_of, width_of
from tests.belt_machine.faults import Fault, Mistake
from tests.belt_machine.floating import from_float
from tests.belt_machine.frame import Frame
from tests.belt_machine.operand import Operand, value

_STACK_ALIGNMENT = 16


def reader(
    frame: Frame, operations: Sequence[Operation], symbols: Mapping[str, int], stack_bottom: int
) -> None:
    """Drop constants, addresses and what was spilled, as listed; extend the stack frame."""
    for operation in operations:
        if operation.name == "stackf":
            _extend_stack(frame, operation, stack_bottom)
        elif operation.name != "scratchf":  # which declares, and does nothing
            frame.drop_all([_result(frame, operation, symbols)], operation.results)


def _result(frame: Frame, operation: Operation, symbols: Mapping[str, int]) -> Operand:
    match operation.name, operation.arguments:
        case "con", (Float(value=number), width):
            size = width_of(width)
            return value(from_float(number, size), size)
        case "con", (number, width):
            return value(integer_of(number), width_of(width))
        case "fill", (offset, width):
            return frame.fill(integer_of(offset), width_of(width), operation.position)
        case "lea", (String(text=name),):
            return value(symbols[name], ADDRESS)
        case "lea", (Word(text="fp"), offset):
            return value(frame.stack_pointer + integer_of(offset), ADDRESS)
        case _:
            raise Mistake(f"{operation.name} reads something else", operation.position)


def _extend_stack(frame: Frame, operation: Operation, bottom: int) -> None:
    """Lower the frame's end of the stack; the frame's data begin there."""
    (size,) = map(integer_of, operation.arguments)
    frame.stack_pointer -= -(-size // _STACK_ALIGNMENT) * _STACK_ALIGNMENT
    if frame.stack_pointer < bottom:
        raise Fault("stack", operation.position)


def scratch_size(function: Function) -> int:
    """What a function declares, wherever it does."""
    return max(
        (
            integer_of(operation.arguments[0])
            for block in function.blocks
            for instruction in block.instructions
            for operation in instruction.operations
            if operation.name == "scratchf"
        ),
        default=0,
    )
