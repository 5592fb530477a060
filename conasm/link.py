"""Linking: several units become one program, in which each name stands for one thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import frozen

from conasm.checker import check_names, once
from conasm.ctypes import DataModel, Kind, parse_type
from conasm.errors import TypeSpellingError, quote
from conasm.nodes import BackcallDeclaration, Data, Function, Operation, OutcallDeclaration, Unit
from conasm.operation import WIDTHS, OperationSet, Transfer
from conasm.problems import Problems

Part = TypeVar("Part", Function, Data)


@frozen(eq=False)
class Callee:
    """What is known of a function that code may call by name.

    `parameters` is how many arguments it takes, None for any number; `results` are the numbers of
    results that it may give, empty if that is unknown; `widths` those of an outcall's results in
    bytes, None where only the host knows.
    """

    name: str
    what: str
    parameters: int | None
    results: frozenset[int]
    widths: tuple[int | None, ...] = ()


@frozen(eq=False)
class Program:
    """All units together. `symbols` says of each name of the guest what it is.

    `mistaken` are functions and data in which a mistake was found already. The program is whole if
    nothing was: else a name that is missing may be in what could not be understood.
    """

    functions: tuple[Function, ...]
    outcalls: tuple[OutcallDeclaration, ...]
    backcalls: tuple[BackcallDeclaration, ...]
    data: tuple[Data, ...]
    callees: Mapping[str, Callee]
    symbols: Mapping[str, str]
    mistaken: frozenset[str]
    is_whole: bool


def link(units: Sequence[Unit], operations: OperationSet, problems: Problems) -> Program:
    """Return the program that the units make, and report names that stand for two things.

    Two units may include the same file, and repeat identical declarations.
    """
    is_whole = not len(problems)
    mistaken = frozenset(name for unit in units for name in unit.mistaken)
    functions = _distinct(function for unit in units for function in unit.functions)
    data = _distinct(found for unit in units for found in unit.data)
    merged = Unit(
        file=units[0].file if units else "",
        outcalls=tuple(once((o for unit in units for o in unit.outcalls), problems)),
        backcalls=tuple(once((b for unit in units for b in unit.backcalls), problems)),
        functions=functions,
        data=data,
        sources=problems.sources,
    )
    if len(units) > 1:
        check_names(merged, problems)
    guests = {
        function.name: _unknown(function.name)
        if function.name in mistaken
        else _guest(function, operations)
        for function in functions
    }
    _check_backcalls(merged, guests, problems, is_whole)
    hosts = {outcall.name: _host(outcall) for outcall in merged.outcalls}
    callees = {**hosts, **guests}
    symbols = {name: callee.what for name, callee in callees.items()}
    symbols.update((found.name, "data") for found in data)
    declared = merged.outcalls, merged.backcalls
    return Program(functions, *declared, data, callees, symbols, mistaken, is_whole)


def _distinct(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts without those that are there already, from the same place of a file."""
    found: dict[str, list[Part]] = {}
    for part in parts:
        same_name = found.setdefault(part.name, [])
        if not any(part.position == other.position and part == other for other in same_name):
            same_name.append(part)
    return tuple(part for same_name in found.values() for part in same_name)


# --- what is known of callees


def operations_of(function: Function) -> Iterator[Operation]:
    """Yield the operations of a function, in the order of the text."""
    for block in function.blocks:
        for instruction in block.instructions:
            yield from instruction.operations


def _guest(function: Function, operations: OperationSet) -> Callee:
    names = function.blocks[0].operands
    counts: set[int] = set()
    for operation in operations_of(function):
        spec = operations.get(operation.name)
        if spec is not None and spec.transfer is Transfer.RETURN:
            counts.add(len(operation.arguments) - (spec.condition is not None))
    parameters = len(names) if names else None
    return Callee(function.name, "a function", parameters, frozenset(counts))


def _unknown(name: str) -> Callee:
    """Return what is known of a function that could not be understood."""
    return Callee(name, "a function", None, frozenset())


def _host(outcall: OutcallDeclaration) -> Callee:
    widths = _host_widths(outcall)
    return Callee(outcall.name, "an outcall", outcall.count, frozenset({len(widths)}), widths)


def _host_widths(outcall: OutcallDeclaration) -> tuple[int | None, ...]:
    if outcall.widths or outcall.types is None:
        return tuple(WIDTHS[letter] for letter in outcall.widths)
    type = parse_type(outcall.types[0])
    if type.kind is Kind.VOID:
        return ()
    try:
        return (type.size(DataModel.LP64),)
    except TypeSpellingError:
        return (None,)


# --- backcalls


def _check_backcalls(
    unit: Unit, guests: Mapping[str, Callee], problems: Problems, is_whole: bool
) -> None:
    """Report backcalls without code, and those whose code does not fit what is declared."""
    for backcall in unit.backcalls:
        callee = guests.get(backcall.label)
        what = f"backcall {quote(backcall.label)}"
        if callee is None:
            if is_whole:
                why = "no unit has a function of its name"
                problems.add(backcall.position, f"{what} has no body: {why}")
            continue
        count = sum(2 if parse_type(t).kind is Kind.BYTES else 1 for t in backcall.parameters)
        if callee.parameters not in (None, count):
            why = f"declares {_arguments(count)}, but its label names {callee.parameters}"
            problems.add(backcall.position, f"{what} {why}")
        if callee.results == frozenset({0}) and parse_type(backcall.result).kind is not Kind.VOID:
            why = f"gives {quote(backcall.result)}, but its code returns nothing"
            problems.add(backcall.position, f"{what} {why}")


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"
