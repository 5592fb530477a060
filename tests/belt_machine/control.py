"""Calls and transfers: what they are given, and whether they happen.

A predicate is the lowest bit of an operand. None means that nothing happens, for the `tr` and the
`fl` form alike; a NaR is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from conasm.nodes import (
    Argument,
    Block,
    Function,
    Integer,
    Operation,
    OutcallDeclaration,
    Position,
    String,
)
from tests.belt_machine.compute import integer_of
from tests.belt_machine.faults import Fault, Mistake
from tests.belt_machine.frame import Frame
from tests.belt_machine.operand import WIDTHS, Operand

_CALL = re.compile(r"call(tr|fl)?([01n])?")
_TRANSFER = re.compile(r"(br|retn)(tr|fl)?")


def is_call(name: str) -> bool:
    return _CALL.fullmatch(name) is not None


def is_transfer(name: str) -> bool:
    return _TRANSFER.fullmatch(name) is not None


# --- realising


def realised(operand: Operand, position: Position) -> Operand:
    """The operand, which may be None, or a fault if it is a NaR."""
    if operand.is_nar:
        assert operand.special is not None
        raise Fault(str(operand).rpartition(":")[0], position, operand.special.origin)
    return operand


def realised_all(operands: Sequence[Operand], position: Position) -> bool:
    """Whether all of them are values. None wins over NaR: with a None nothing is realised."""
    if any(operand.is_none for operand in operands):
        return False
    for operand in operands:
        realised(operand, position)
    return True


# --- calls


@dataclass(frozen=True)
class Call:
    """The parts of a call: `count` results, None if it is not written."""

    predicate: Argument | None
    sense: bool
    count: int | None
    target: Argument
    arguments: Sequence[Argument]


def parts(operation: Operation) -> Call:
    """Take a call apart: predicate, count, target, arguments."""
    match = _CALL.fullmatch(operation.name)
    assert match is not None
    sense, form = match.groups()
    arguments = list(operation.arguments)
    predicate = arguments.pop(0) if sense else None
    count = int(form) if form in ("0", "1") else None
    if form == "n" or (form is None and isinstance(arguments[0], Integer)):
        count = integer_of(arguments.pop(0))
    return Call(predicate, sense != "fl", count, arguments[0], arguments[1:])


def is_taken(predicate: Operand, sense: bool, position: Position) -> bool:
    """Whether a predicated operation happens."""
    operand = realised(predicate, position)
    return operand.is_value and bool(operand.payload & 1) == sense


def result_count(function: Function) -> int:
    """How many results the first return of a function lists."""
    for block in function.blocks:
        for instruction in block.instructions:
            for operation in instruction.operations:
                if operation.name.startswith("retn"):
                    predicates = 0 if operation.name == "retn" else 1
                    return len(operation.arguments) - predicates
    return 0


# --- transfers


@dataclass(frozen=True)
class Branch:
    """A branch that is taken; `carried` is None when the belt stays as it is."""

    label: str
    carried: tuple[Operand, ...] | None


@dataclass(frozen=True)
class Return:
    """A return that is taken, and the results, which stand for any number of others."""

    results: tuple[Operand, ...]


Transfer = Branch | Return


@dataclass(frozen=True)
class Decision:
    """A transfer with its operands as they were when the writer phase began."""

    predicate: Operand | None
    sense: bool
    transfer: Transfer
    position: Position

    def is_taken(self) -> bool:
        return self.predicate is None or is_taken(self.predicate, self.sense, self.position)


def decision(frame: Frame, operation: Operation) -> Decision:
    """Read what a transfer needs."""
    match = _TRANSFER.fullmatch(operation.name)
    assert match is not None
    kind, sense = match.groups()
    arguments = list(operation.arguments)
    predicate = frame.read(arguments.pop(0)) if sense else None
    if kind == "retn":
        transfer: Transfer = Return(tuple(map(frame.read, arguments)))
    else:
        label = arguments.pop(0)
        assert isinstance(label, String)
        transfer = Branch(label.text, tuple(map(frame.read, arguments)) if arguments else None)
    return Decision(predicate, sense != "fl", transfer, operation.position)


def check_arc(block: Block, branch: Branch, position: Position) -> None:
    """A label takes exactly as many operands as it has names."""
    given = len(branch.carried) if branch.carried else 0
    if given != len(block.operands):
        raise Mistake(f"{block.label} takes {len(block.operands)} operands, not {given}", position)


# --- outcalls

_TYPES = {
    **dict.fromkeys(("bool", "char", "signed char", "unsigned char", "int8_t", "uint8_t"), 1),
    **dict.fromkeys(("short", "unsigned short", "int16_t", "uint16_t"), 2),
    **dict.fromkeys(("int", "unsigned int", "int32_t", "uint32_t", "float"), 4),
    **dict.fromkeys(("long", "unsigned long", "int64_t", "uint64_t", "double"), 8),
    **dict.fromkeys(("size_t", "intptr_t", "uintptr_t"), 8),
}


def result_widths(declaration: OutcallDeclaration) -> list[int]:
    """The widths of an outcall's results, in bytes; an address has that of `d`."""
    if declaration.widths or declaration.types is None:
        return [WIDTHS[letter] for letter in declaration.widths]
    result = declaration.types[0]
    if result == "void":
        return []
    return [8 if result.endswith("*") else _TYPES[result]]
