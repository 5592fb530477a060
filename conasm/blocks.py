"""Checks of belt code that need no knowledge of a member: names of operations, labels, endings."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from conasm.errors import quote
from conasm.names import check_identifier
from conasm.nodes import Data, Instruction, Operation, String, Word
from conasm.operations import (
    BRANCHES,
    DATA_DIRECTIVES,
    FINAL_TRANSFERS,
)
from conasm.problems import Problems
from conasm.statements import Label
from conasm.structure import Draft, shown
from conasm.widths import VECTOR_WIDTHS


def check_function(draft: Draft, known: Collection[str], problems: Problems) -> None:
    """Report what is wrong with the structure of a function; `known` operations may be in it."""
    for label, code in draft.blocks:
        what = "a function" if label is draft.label else "a label"
        check_identifier(label.name.text, what, label.name.position, problems)
        for operation in _operations(code):
            _check_operation(operation, known, problems)
    if draft.tainted or draft.label is None:
        return
    if not draft.has_body():
        if draft.is_backcall:
            return
        why = "neither code nor an outcall follows"
        problems.add(draft.label.position, f"{shown(draft.label)} has no body: {why}")
        return
    for label, code in draft.blocks:
        _check_ending(label, code, known, problems)
    _check_labels(draft, problems)


def check_data(data: Data, problems: Problems) -> None:
    """Report what is wrong with the form of initialised data."""
    check_identifier(data.name, "data", data.position, problems)
    for item in data.items:
        if item.name not in DATA_DIRECTIVES:
            near = problems.suggest(item.name, DATA_DIRECTIVES)
            listed = ", ".join(sorted(DATA_DIRECTIVES))
            why = f"unknown data directive {quote(item.name)}{near}"
            problems.add(item.position, f"{why}; directives are {listed}")
        for name in item.results:
            problems.add(name.position, "data has no named results")


def _operations(code: list[Instruction]) -> Iterator[Operation]:
    return (operation for instruction in code for operation in instruction.operations)


def _check_operation(operation: Operation, known: Collection[str], problems: Problems) -> None:
    if operation.name not in known:
        near = problems.suggest(operation.name, known)
        problems.add(operation.position, f"unknown operation {quote(operation.name)}{near}")
    for argument in operation.arguments:
        if isinstance(argument, Word) and argument.text in VECTOR_WIDTHS:
            why = f"vector widths such as {quote(argument.text)} are reserved"
            problems.add(argument.position, f"{why} and not supported yet")


def _check_ending(
    label: Label, code: list[Instruction], known: Collection[str], problems: Problems
) -> None:
    """Report a block whose one unconditional transfer is not its last operation."""
    operations = list(_operations(code))
    finals = [at for at, operation in enumerate(operations) if operation.name in FINAL_TRANSFERS]
    if operations and operations[-1].name not in known:
        return  # it has its own complaint, and may be meant to be a transfer
    if not finals:
        place = operations[-1].position if operations else label.position
        why = f"the block {shown(label)} does not end in an unconditional transfer"
        problems.add(place, f"{why}: br or retn must be its last operation")
    elif finals[0] != len(operations) - 1:
        name = operations[finals[0]].name
        why = f"code after {name}, which nothing can reach; a label begins a new block"
        problems.add(operations[finals[0] + 1].position, why)


def _check_labels(draft: Draft, problems: Problems) -> None:
    """Report labels defined twice, and branches to labels that the function does not have."""
    defined: dict[str, Label] = {}
    for label, _ in draft.blocks:
        first = defined.setdefault(label.name.text, label)
        if first is not label:
            where = f"{shown(first)} is in line {first.position.line}"
            problems.add(label.position, f"{shown(label)} is defined twice; the first {where}")
    for _, code in draft.blocks:
        for operation in _operations(code):
            _check_target(operation, defined, problems)


def _check_target(operation: Operation, defined: dict[str, Label], problems: Problems) -> None:
    index = BRANCHES.get(operation.name)
    if index is None or index >= len(operation.arguments):
        return
    target = operation.arguments[index]
    if isinstance(target, String) and target.text not in defined:
        near = problems.suggest(target.text, defined)
        why = f"undefined label {quote(target.text)}{near}"
        problems.add(target.position, f"{why}; labels are local to their function")
