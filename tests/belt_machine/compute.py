"""The compute phase: evaluate everything at issue, then retire what is due.

All operations of the phase see the belt as it was when the phase began. Results drop at the end,
those of earlier instructions first. Loads that retire read memory then.
"""

from __future__ import annotations

from collections.abc import Sequence

from conasm.nodes import Argument, Integer, Operation, Word
from tests.belt_machine import integer
from tests.belt_machine.faults import Fault, Mistake
from tests.belt_machine.frame import Frame, InFlight, Load
from tests.belt_machine.memory import Memory
from tests.belt_machine.opcodes import STRICT
from tests.belt_machine.operand import (
    INVALID_OPERAND,
    WIDTHS,
    Operand,
    nar,
    value,
)
from tests.belt_machine.strict import CODES, Evaluated, Strict, condition, evaluate, first_special

ADDRESS = 8
"""Bytes of an address."""


def compute(frame: Frame, operations: Sequence[Operation], memory: Memory) -> None:
    """Issue these operations, then retire what is due."""
    producer: tuple[Operation, Evaluated] | None = None
    for operation in operations:
        if operation.name in CODES and not operation.arguments:
            if producer is None:
                raise Mistake("nothing to be ganged to", operation.position)
            code = condition(operation.name, producer[1])
            _issue(frame, operation, code, frame.member.latency(producer[0].name))
        elif operation.name in STRICT or operation.name == "addp":
            evaluated = strict(frame, operation)
            producer = operation, evaluated
            latency = frame.member.latency(operation.name)
            _issue(frame, operation, evaluated.result, latency)
        else:
            producer = None
            _RAW[operation.name](frame, operation)
    _retire(frame, memory)


def _issue(frame: Frame, operation: Operation, result: Operand | Load, latency: int) -> None:
    name = operation.results[0] if operation.results else None
    frame.in_flight.append(InFlight(frame.clock + latency - 1, result, name))


def _retire(frame: Frame, memory: Memory) -> None:
    """Drop what is due, in order of issue."""
    for flying in [flying for flying in frame.in_flight if flying.due == frame.clock]:
        result = flying.result
        if isinstance(result, Load):
            result = loaded(result, memory)
        frame.in_flight.remove(flying)
        frame.drop(result, flying.name)


# --- strict operations


def strict(frame: Frame, operation: Operation) -> Evaluated:
    """Evaluate an operation; a number in the last place has the width of the first operand."""
    arguments = operation.arguments
    if operation.name == "addp":
        scale = integer_of(arguments[2]) if len(arguments) > 2 else 1
        arguments = arguments[:2]
        described = Strict(
            lambda bits, pointer, index: integer.pointer_sum(bits, pointer, index, scale), 2, 2, 2
        )
    else:
        described = STRICT[operation.name]
    if not described.least <= len(arguments) <= described.most:
        raise Mistake(f"{operation.name} takes other operands", operation.position)
    return evaluate(described, _operands(frame, arguments), operation.position)


def _operands(frame: Frame, arguments: Sequence[Argument]) -> list[Operand]:
    operands: list[Operand] = []
    for argument in arguments:
        if isinstance(argument, Integer) and operands:
            operands.append(value(argument.value, operands[0].width))
        else:
            operands.append(frame.read(argument))
    return operands


def integer_of(argument: Argument) -> int:
    """A number that is part of the program."""
    if not isinstance(argument, Integer):
        raise Mistake("a number is due here", argument.position)
    return argument.value


def width_of(argument: Argument) -> int:
    """A width that is part of the program, in bytes."""
    if not isinstance(argument, Word) or argument.text not in WIDTHS:
        raise Mistake("a width is due here", argument.position)
    return WIDTHS[argument.text]


# --- tests


def _is_nar(frame: Frame, operation: Operation) -> None:
    (tested,) = operation.arguments
    _issue(frame, operation, value(frame.read(tested).is_nar, 1), 1)


def _is_none(frame: Frame, operation: Operation) -> None:
    (tested,) = operation.arguments
    _issue(frame, operation, value(frame.read(tested).is_none, 1), 1)


# --- loads


def address_of(frame: Frame, base: Argument, offset: Argument) -> Operand:
    """Base plus signed offset, modulo 64 bits; or the special that one of them is."""
    origin = frame.read(base)
    if isinstance(offset, Integer):
        distance, special = offset.value, first_special([origin])
    else:
        moved = frame.read(offset)
        distance, special = moved.signed, first_special([origin, moved])
    if special is not None:
        return special
    if origin.width > ADDRESS:
        return Operand(origin.payload + distance, origin.width)
    return value(origin.payload + distance, ADDRESS)


def loaded(load: Load, memory: Memory) -> Operand:
    """Read memory for a load that retires."""
    if not load.address.is_value:
        return load.address.with_width(load.width)
    number = memory.read(load.address.payload, load.width)
    if number is None:
        raise Fault("memory", load.position)
    return Operand(number, load.width)


def _load(frame: Frame, operation: Operation) -> None:
    base, offset, width, when = operation.arguments
    load = Load(address_of(frame, base, offset), width_of(width), operation.position)
    if isinstance(when, Word):
        frame.tagged[when.text] = load
    else:
        _issue(frame, operation, load, integer_of(when) + 1)


def _tag_of(argument: Argument) -> str:
    if not isinstance(argument, Word):
        raise Mistake("a tag is due here", argument.position)
    return argument.text


def _pickup(frame: Frame, operation: Operation) -> None:
    """Let a tagged load retire with this instruction."""
    (tag,) = operation.arguments
    load = frame.tagged.pop(_tag_of(tag), None)
    missing = nar(INVALID_OPERAND, 1, operation.position)
    _issue(frame, operation, missing if load is None else load, 1)


def _refuse(frame: Frame, operation: Operation) -> None:
    (tag,) = operation.arguments
    frame.tagged.pop(_tag_of(tag), None)


def _nop(frame: Frame, operation: Operation) -> None:
    del frame, operation


_RAW = {
    "isNaR": _is_nar,
    "isNone": _is_none,
    "load": _load,
    "pickup": _pickup,
    "refuse": _refuse,
    "nop": _nop,
}
