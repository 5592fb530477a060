"""Checks across a unit: what is declared or defined twice, and what lacks its other half."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile
from typing import TypeVar

from attrs import evolve, frozen

from conasm.blocks import check_data, check_function
from conasm.declare import declare_backcall, declare_outcall
from conasm.errors import printable, quote
from conasm.fingerprint import canonical
from conasm.nodes import BackcallDeclaration, OutcallDeclaration, Position, Unit
from conasm.operations import BELT_OPERATIONS, PSEUDO_OPERATIONS
from conasm.problems import Problems
from conasm.structure import Draft, Parts

Part = TypeVar("Part")
Declared = TypeVar("Declared", OutcallDeclaration, BackcallDeclaration)


@frozen
class _Definition:
    """A name of the guest's, and what the unit makes of it."""

    name: str
    what: str
    position: Position


def check(file: str, parts: Parts, problems: Problems, operations: Collection[str] = ()) -> Unit:
    """Return the unit that the parts make; it is sound if nothing was added to `problems`.

    Functions and data with a mistake of their own are its `mistaken` ones.
    `operations` are names of operations that belt code may have beside the usual ones.
    """
    known = BELT_OPERATIONS | PSEUDO_OPERATIONS | frozenset(operations)
    mistaken: set[str] = set()
    for draft in _unless_full(parts.functions, problems):
        before = len(problems)
        check_function(draft, known, problems)
        if draft.tainted or len(problems) > before:
            mistaken.add(draft.blocks[0][0].name.text)
    for data in _unless_full(parts.data, problems):
        before = len(problems)
        check_data(data, problems)
        if len(problems) > before:
            mistaken.add(data.name)
    outcall_texts = _unless_full(parts.outcalls, problems)
    backcall_texts = _unless_full(parts.backcalls, problems)
    outcalls = once((declare_outcall(text, problems) for text in outcall_texts), problems)
    backcalls = once((declare_backcall(text, problems) for text in backcall_texts), problems)
    functions = [draft.function() for draft in parts.functions if draft.has_body()]
    unit = Unit(
        file=file,
        outcalls=tuple(outcalls),
        backcalls=tuple(backcalls),
        functions=tuple(functions),
        data=tuple(parts.data),
        sources=problems.sources,
        mistaken=frozenset(mistaken),
    )
    check_names(unit, problems)
    if any(_has_belt_code(draft) for draft in parts.functions):
        _check_bodies(unit, problems)
    return unit


def check_names(unit: Unit, problems: Problems) -> None:
    """Report names and numbers of a unit that stand for two things."""
    _check_definitions(unit, problems)
    _check_syscalls(unit, problems)
    _check_host_names(unit, problems)


def _unless_full(parts: Iterable[Part], problems: Problems) -> Iterator[Part]:
    """Yield the parts as long as problems with them would still be shown."""
    return takewhile(lambda _: not problems.full, parts)


def once(found: Iterable[Declared | None], problems: Problems) -> list[Declared]:
    """Return each declaration once; one that repeats must say the same."""
    first: dict[str, Declared] = {}
    for declaration in found:
        if declaration is None:
            continue
        name = _guest_name(declaration)
        earlier = first.setdefault(name, declaration)
        if earlier is declaration:
            continue
        if canonical(earlier) != canonical(declaration):
            why = f"{quote(name)} is declared twice and differently"
            problems.add(declaration.position, f"{why}; the first is in {_where(earlier.position)}")
        first[name] = _merged(earlier, declaration)
    return list(first.values())


def _guest_name(declaration: OutcallDeclaration | BackcallDeclaration) -> str:
    if isinstance(declaration, OutcallDeclaration):
        return declaration.name
    return declaration.label


def _merged(first: Declared, again: Declared) -> Declared:
    """Return the first of two equal declarations with what only the other has."""
    comment = first.comment or again.comment
    if isinstance(first, BackcallDeclaration) and isinstance(again, BackcallDeclaration):
        return evolve(first, comment=comment, has_body=first.has_body or again.has_body)
    return evolve(first, comment=comment)


def _where(position: Position) -> str:
    return f"{printable(position.file)}:{position.line}"


def _definitions(unit: Unit) -> Iterator[_Definition]:
    for outcall in unit.outcalls:
        yield _Definition(outcall.name, "an outcall", outcall.position)
    for function in unit.functions:
        yield _Definition(function.name, "a function", function.position)
    for data in unit.data:
        yield _Definition(data.name, "data", data.position)


def _check_definitions(unit: Unit, problems: Problems) -> None:
    """Report names that stand for two things of the guest."""
    in_order = sorted(_definitions(unit), key=lambda found: problems.place(found.position))
    taken: dict[str, _Definition] = {}
    for found in in_order:
        first = taken.setdefault(found.name, found)
        if first is not found:
            why = f"{quote(found.name)} is defined twice: as {first.what} in"
            again = f"{_where(first.position)}, and here as {found.what}"
            problems.add(found.position, f"{why} {again}")
    for backcall in unit.backcalls:
        other = taken.get(backcall.label)
        if other is not None and other.what != "a function":
            why = f"a backcall enters a function of the guest, but {quote(other.name)}"
            problems.add(backcall.position, f"{why} is {other.what} in {_where(other.position)}")


def _check_syscalls(unit: Unit, problems: Problems) -> None:
    """Report two outcalls with one system call number."""
    taken: dict[int, OutcallDeclaration] = {}
    for outcall in unit.outcalls:
        if outcall.syscall is None:
            continue
        first = taken.setdefault(outcall.syscall, outcall)
        if first is not outcall:
            why = f"syscall({outcall.syscall}) is {quote(first.name)} already"
            problems.add(outcall.position, f"{why}, in {_where(first.position)}")


def _check_host_names(unit: Unit, problems: Problems) -> None:
    """Report two functions of the guest that the host would call by one name."""
    taken: dict[tuple[str, str], BackcallDeclaration] = {}
    for backcall in unit.backcalls:
        first = taken.setdefault((backcall.namespace, backcall.name), backcall)
        if first is not backcall:
            name = quote(f"{backcall.namespace}::{backcall.name}")
            why = f"{name} calls {quote(first.label)} already"
            problems.add(backcall.position, f"{why}, in {_where(first.position)}")


def _has_belt_code(draft: Draft) -> bool:
    return any(
        operation.name in BELT_OPERATIONS
        for _, code in draft.blocks
        for instruction in code
        for operation in instruction.operations
    )


def _check_bodies(unit: Unit, problems: Problems) -> None:
    """Report backcalls of a belt unit that have no code, neither here nor in a function."""
    defined = {function.name for function in unit.functions}
    for backcall in unit.backcalls:
        if backcall.label not in defined:
            why = f"backcall {quote(backcall.label)} has no body"
            what = "in a belt unit its code follows, or a function of its name exists"
            problems.add(backcall.position, f"{why}: {what}")
