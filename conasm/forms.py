"""Which of an operation's forms its arguments have."""

from __future__ import annotations

from collections.abc import Sequence

from conasm.errors import quote
from conasm.nodes import Argument, BeltReference, Float, Integer, Name, Operation, String, Word
from conasm.operation import KIND_NAMES, Form, Kind, OperationSpec
from conasm.problems import Problems

GANGED = Form(())
"""The form without arguments of an operation that reads condition codes."""

_BELT = (BeltReference, Name)
_ACCEPTED: dict[Kind, tuple[type[Argument], ...]] = {
    Kind.VALUE: _BELT,
    Kind.OPERAND: (*_BELT, Integer),
    Kind.NUMBER: (Integer, Float),
    Kind.INTEGER: (Integer,),
    Kind.COUNT: (Integer,),
    Kind.SIZE: (Integer,),
    Kind.SCRATCH: (Integer,),
    Kind.OFFSET: (Integer,),
    Kind.DELAY: (Integer,),
    Kind.WIDTH: (Word,),
    Kind.TAG: (Word,),
    Kind.TAGGED: (Word,),
    Kind.REGISTER: (Word,),
    Kind.LABEL: (String,),
    Kind.SYMBOL: (String,),
    Kind.TARGET: (String, *_BELT),
}
_SHOWN = {
    BeltReference: "an operand of the belt",
    Name: "an operand of the belt",
    Integer: "an integer",
    Float: "a float",
    String: "a string",
    Word: "a word",
}


def match_form(operation: Operation, spec: OperationSpec, problems: Problems) -> Form | None:
    """Return the form that fits the arguments, or report why none does."""
    arguments = operation.arguments
    if not arguments and spec.ganged:
        return GANGED
    of_length = [form for form in spec.forms if _takes(form, len(arguments))]
    for form in of_length:
        if _misfit(form, arguments) is None:
            return form
    if of_length:
        _report_kind(operation, of_length, problems)
    else:
        here = "1 argument" if len(arguments) == 1 else f"{len(arguments)} arguments"
        problems.add(operation.position, f"{spec.name} is written {written(spec)}, not with {here}")
    return None


def written(spec: OperationSpec) -> str:
    """Return all forms of an operation as they are written."""
    forms = [*spec.forms, GANGED] if spec.ganged and GANGED not in spec.forms else spec.forms
    return " or ".join(f"{spec.name}({form})" for form in forms)


def _takes(form: Form, count: int) -> bool:
    return count == len(form.kinds) or (form.rest and count > len(form.kinds))


def _kind(form: Form, index: int) -> Kind:
    return form.kinds[index] if index < len(form.kinds) else Kind.VALUE


def _misfit(form: Form, arguments: Sequence[Argument]) -> int | None:
    """Return the index of the first argument that the form cannot take."""
    for index, argument in enumerate(arguments):
        if not isinstance(argument, _ACCEPTED[_kind(form, index)]):
            return index
    return None


def _report_kind(operation: Operation, forms: Sequence[Form], problems: Problems) -> None:
    """Report the first argument that no form takes, in the form that gets furthest."""
    misfits = {form: _misfit(form, operation.arguments) or 0 for form in forms}
    index = max(misfits.values())
    wanted = [KIND_NAMES[_kind(form, index)] for form, at in misfits.items() if at == index]
    found = operation.arguments[index]
    which = f"argument {index + 1} of {operation.name}"
    listed = ", or ".join(dict.fromkeys(wanted))
    problems.add(found.position, f"{which} is {listed}, not {_shown(found)}")


def _shown(argument: Argument) -> str:
    if isinstance(argument, Word):
        return f"the word {quote(argument.text)}"
    return _SHOWN[type(argument)]
