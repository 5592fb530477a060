"""The reader phase: what needs nothing from the belt, and is there at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from conasm.nodes import Float, Function, Operation, String, Word
from tests.belt_machine.compute import ADDRESS, integer_of, width_of
from tests.belt_machine.faults import Fault, Mistake
from tests.belt_machine.floating import from_float
from tests.belt_machine.frame import Frame
from tests.belt_machine.memory import Memory
from tests.belt_machine.operand import WIDTHS, Operand, none, value

_STACK_ALIGNMENT = 16


def _popcons() -> Iterator[tuple[str, Operand]]:
    """Popular constants, with the letter of their width at the end of the name."""
    for letter, width in WIDTHS.items():
        least = 1 << (8 * width - 1)
        for name, number in {
            "zero": 0,
            "one": 1,
            "ones": -1,
            "mins": least,
            "maxs": least - 1,
        }.items():
            yield name + letter, value(number, width)
        yield "none" + letter, none(width)
    for letter, width in {"w": 4, "d": 8}.items():
        for name, number in {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}.items():
            yield name + letter, value(from_float(number, width), width)


POPCONS = dict(_popcons())
"""What `rd` drops, by name."""


def reader(
    frame: Frame, operations: Sequence[Operation], symbols: Mapping[str, int], memory: Memory
) -> None:
    """Drop constants, addresses and what was spilled, as listed; extend the stack frame."""
    for operation in operations:
        if operation.name == "stackf":
            _extend_stack(frame, operation, memory)
        elif operation.name != "scratchf":  # which declares, and does nothing
            frame.drop_all([_result(frame, operation, symbols)], operation.results)


def _result(frame: Frame, operation: Operation, symbols: Mapping[str, int]) -> Operand:
    match operation.name, operation.arguments:
        case "con", (Float(value=number), width):
            size = width_of(width)
            return value(from_float(number, size), size)
        case "con", (number, width):
            return value(integer_of(number), width_of(width))
        case "rd", (Word(text=name),):
            return POPCONS[name]
        case "fill", (offset, width):
            return frame.fill(integer_of(offset), width_of(width), operation.position)
        case "lea", (String(text=name),):
            return value(symbols[name], ADDRESS)
        case "lea", (Word(text="fp"), offset):
            return value(frame.stack_pointer + integer_of(offset), ADDRESS)
        case _:
            raise Mistake(f"{operation.name} reads something else", operation.position)


def _extend_stack(frame: Frame, operation: Operation, memory: Memory) -> None:
    """Lower the end of the stack; zeros lie there, and the frame's data from there on."""
    (size,) = map(integer_of, operation.arguments)
    size = -(-size // _STACK_ALIGNMENT) * _STACK_ALIGNMENT
    found = memory.find(frame.stack_pointer - size, size)
    if found is None:
        raise Fault("stack", operation.position)
    content, start = found
    content[start : start + size] = bytes(size)
    frame.stack_pointer -= size


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
