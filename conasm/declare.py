"""Declarations from the text of `outcall` and `backcall`, each of their arguments checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conasm.ctypes import ALLOWED_RESULTS, CType, DataModel, Kind, parse_type
from conasm.errors import TypeSpellingError, quote
from conasm.names import check_identifier, check_qualified
from conasm.nodes import (
    BackcallDeclaration,
    Integer,
    Name,
    Operation,
    OutcallDeclaration,
    String,
    Word,
)
from conasm.problems import Problems
from conasm.structure import BackcallText, OutcallText
from conasm.widths import VECTOR_WIDTHS, WIDTHS

MOST_ARGUMENTS = 127
"""Guest arguments of a function; what C promises to take (C11 5.2.4.1)."""

MOST_RESULTS = 32
"""Results of a function: the longest belt."""

GREATEST_SYSCALL = 2**31 - 1
"""System call numbers are positive in 32 bits, so that a7 is the same on RV32 and RV64."""


def declare_outcall(text: OutcallText, problems: Problems) -> OutcallDeclaration | None:
    """Return the declaration that an outcall's text makes, or report why there is none."""
    before = len(problems)
    name = text.label.name.text
    check_identifier(name, "a function", text.label.name.position, problems)
    _refuse_names(text.label.operands, "an outcall's arguments have no names", problems)
    found = _sole_operations(text.instruction.operations, problems)
    outcall, syscall = found.get("outcall"), found.get("syscall")
    if outcall is None:
        if syscall is not None:
            problems.add(syscall.position, "outcall is missing: syscall(404), outcall(…);")
        return None
    number = _syscall_number(syscall, problems) if syscall else None
    count, widths, spellings = _split(outcall, problems)
    _check_widths(widths, problems)
    types = _parse_types(spellings, "an outcall", problems)
    if count is not None and len(problems) == before:
        _check_agreement(count, widths, types, problems)
    if count is None or len(problems) > before:
        return None
    return OutcallDeclaration(
        name=name,
        count=count.value,
        widths=tuple(width.text for width in widths),
        types=tuple(found.spelling for found in types) if types else None,
        syscall=number,
        comment=text.label.comment,
        position=text.label.position,
    )


def _sole_operations(operations: Sequence[Operation], problems: Problems) -> dict[str, Operation]:
    """Return `outcall` and `syscall` by name, and report whatever else is with them."""
    found: dict[str, Operation] = {}
    for operation in operations:
        if operation.name not in ("outcall", "syscall"):
            why = "outcall stands alone, or with syscall: no other operation may be beside it"
            problems.add(operation.position, why)
        elif operation.name in found:
            problems.add(operation.position, f"a second {operation.name} in one declaration")
        found[operation.name] = operation
        _refuse_names(operation.results, f"{operation.name} gives no result here", problems)
    return found


def _refuse_names(names: Iterable[Name], why: str, problems: Problems) -> None:
    for name in names:
        problems.add(name.position, f"{why}; leave out {quote('%' + name.name)}")


def _syscall_number(syscall: Operation, problems: Problems) -> int | None:
    match syscall.arguments:
        case (Integer(value=value),) if 0 <= value <= GREATEST_SYSCALL:
            return value
        case _:
            why = f"syscall takes one number, 0 to {GREATEST_SYSCALL}: that in a7"
            problems.add(syscall.position, why)
            return None


def _split(
    outcall: Operation, problems: Problems
) -> tuple[Integer | None, list[Word], list[String]]:
    """Return the count, the width words and the type strings of `outcall(N, widths…, types…)`."""
    count: Integer | None = None
    widths: list[Word] = []
    types: list[String] = []
    arguments = list(outcall.arguments)
    first = arguments[0] if arguments else None
    if isinstance(first, Integer) and 0 <= first.value <= MOST_ARGUMENTS:
        count = first
    else:
        problems.add(first.position if first else outcall.position, _NO_COUNT)
    for argument in arguments[1:]:
        if isinstance(argument, String):
            types.append(argument)
        elif isinstance(argument, Word) and not types:
            widths.append(argument)
        else:
            problems.add(argument.position, _ORDER)
    return count, widths, types


_NO_COUNT = f"outcall takes the count of its arguments first, 0 to {MOST_ARGUMENTS}"
_ORDER = 'outcall takes a count, then widths of results, then "types" in double quotes'


def _check_widths(widths: Sequence[Word], problems: Problems) -> None:
    legal = "a width is b, h, w, d or q"
    for width in widths:
        if width.text in VECTOR_WIDTHS:
            why = f"vector widths such as {quote(width.text)} are reserved and not supported yet"
            problems.add(width.position, f"{why}; {legal}")
        elif width.text not in WIDTHS:
            why = f"unknown width {quote(width.text)}; {legal}"
            problems.add(width.position, f"{why}, a C type stands in double quotes")
    if len(widths) > MOST_RESULTS:
        problems.add(widths[MOST_RESULTS].position, f"more than {MOST_RESULTS} results")


def _parse_types(spellings: Sequence[String], of: str, problems: Problems) -> list[CType]:
    """Return the types, the result's first; report what cannot be one."""
    types: list[CType] = []
    for index, spelling in enumerate(spellings):
        try:
            found = parse_type(spelling.text)
        except TypeSpellingError as error:
            problems.add(spelling.position, str(error))
            continue
        types.append(found)
        if index == 0 and not found.may_be_result:
            why = f"{quote(found.spelling)} cannot be the result of {of}"
            problems.add(spelling.position, f"{why}; allowed: {ALLOWED_RESULTS}")
        elif index > 0 and found.kind is Kind.VOID:
            why = "'void' is no parameter's type; without parameters list none"
            problems.add(spelling.position, why)
    return types


def _check_agreement(
    count: Integer, widths: Sequence[Word], types: Sequence[CType], problems: Problems
) -> None:
    """Report types that do not make as many arguments, or as wide a result, as is written."""
    if not types:
        return
    result, *parameters = types
    made = sum(parameter.operands for parameter in parameters)
    if made != count.value:
        why = f"the count is {count.value}, but the types make {made} guest arguments"
        has_bytes = any(parameter.kind is Kind.BYTES for parameter in parameters)
        problems.add(count.position, why + ("; 'bytes' makes two" if has_bytes else ""))
    if len(widths) > 1:
        problems.add(widths[1].position, f"types name one result, here are {len(widths)} widths")
    elif widths and not _has_width(result, widths[0].text):
        letter = widths[0].text
        size = f"width {letter} is {WIDTHS[letter]} bytes"
        problems.add(widths[0].position, f"{size}, which {quote(result.spelling)} has not")


def _has_width(result: CType, letter: str) -> bool:
    return WIDTHS[letter] in {result.size(model) for model in DataModel}


# --- backcalls


def declare_backcall(text: BackcallText, problems: Problems) -> BackcallDeclaration | None:
    """Return the declaration that a backcall's text makes, or report why there is none."""
    before = len(problems)
    label, operation = text.label, text.operation
    _refuse_names(operation.results, "backcall gives no result here", problems)
    strings = [value for value in operation.arguments if isinstance(value, String)]
    for argument in operation.arguments:
        if not isinstance(argument, String):
            problems.add(argument.position, "backcall takes strings only, in double quotes")
    if len(strings) < 3:
        problems.add(operation.position, _FEW)
        return None
    result, namespace, name, *parameters = strings
    check_identifier(namespace.text, "a namespace", namespace.position, problems)
    check_qualified(name.text, "a host function", name.position, problems)
    types = _parse_types([result, *parameters], "a backcall", problems)
    made = sum(parameter.operands for parameter in types[1:])
    if made > MOST_ARGUMENTS:
        problems.add(operation.position, f"more than {MOST_ARGUMENTS} guest arguments")
    if len(problems) > before:
        return None
    return BackcallDeclaration(
        label=label.name.text,
        result=types[0].spelling,
        namespace=namespace.text,
        name=name.text,
        parameters=tuple(found.spelling for found in types[1:]),
        comment=label.comment,
        position=label.position,
        has_body=text.body.has_body(),
    )


_FEW = "backcall takes result type, namespace and name, then the parameters' types"
