"""From the tree back to text: what it prints parses to the same tree, but for positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conasm.nodes import (
    Argument,
    BackcallDeclaration,
    BeltReference,
    Block,
    Data,
    Float,
    Function,
    Instruction,
    Integer,
    Name,
    Operation,
    OutcallDeclaration,
    String,
    Unit,
)

INDENT = "    "
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\x00"}


def print_unit(unit: Unit) -> str:
    """Return a unit as text: declarations, functions, data; what was included is in its place."""
    bodies = {function.name for function in unit.functions}
    backcalls = {backcall.label: backcall for backcall in unit.backcalls}
    lines: list[str] = []
    for outcall in unit.outcalls:
        lines += _commented(outcall.comment, [print_outcall(outcall)])
    for backcall in unit.backcalls:
        if backcall.label not in bodies:
            lines += _commented(
                backcall.comment, [f"{_label('L', backcall.label)}{_call(backcall)}"]
            )
    for function in unit.functions:
        backcall = backcalls.get(function.name)
        comment = function.comment or (backcall.comment if backcall else "")
        lines += ["", *_commented(comment, print_function(function, backcall))]
    for data in unit.data:
        lines += ["", *_commented(data.comment, [print_data(data)])]
    return "\n".join(lines).lstrip("\n") + "\n"


def print_outcall(outcall: OutcallDeclaration) -> str:
    """Return a declaration of an outcall."""
    types = [quoted(type) for type in outcall.types or ()]
    listed = ", ".join([str(outcall.count), *outcall.widths, *types])
    number = "" if outcall.syscall is None else f"syscall({outcall.syscall}), "
    return f"{_label('F', outcall.name)}{number}outcall({listed});"


def print_function(
    function: Function, backcall: BackcallDeclaration | None = None
) -> Iterator[str]:
    """Yield the lines of a function, which may be that of a backcall."""
    for index, block in enumerate(function.blocks):
        head = _label("F" if index == 0 and backcall is None else "L", block.label, block)
        yield head + (_call(backcall) if index == 0 and backcall else "").rstrip()
        yield from (INDENT + print_instruction(one) for one in block.instructions)


def print_instruction(instruction: Instruction) -> str:
    """Return an instruction with its semicolon."""
    return ", ".join(map(print_operation, instruction.operations)) + ";"


def print_operation(operation: Operation) -> str:
    """Return an operation with the names of its results."""
    arguments = ", ".join(map(print_argument, operation.arguments))
    return f"{operation.name}({arguments})" + _names(operation.results)


def print_argument(argument: Argument) -> str:
    """Return an argument as it is written."""
    if isinstance(argument, BeltReference):
        return f"b{argument.index}"
    if isinstance(argument, Name):
        return f"%{argument.name}"
    if isinstance(argument, Integer):
        return str(argument.value)
    if isinstance(argument, Float):
        return repr(argument.value)
    return quoted(argument.text) if isinstance(argument, String) else argument.text


def print_data(data: Data) -> str:
    """Return initialised data on one line."""
    items = ", ".join(map(print_operation, data.items))
    return f"D({quoted(data.name)}) {items};"


def quoted(text: str) -> str:
    """Return a string literal; what cannot be shown, or is no UTF-8, is escaped.

    >>> print(quoted('say "é"' + chr(7)))
    "say \\"é\\"\\u0007"
    """
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if letter.isprintable():
        return letter
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _label(letter: str, name: str, block: Block | None = None) -> str:
    names = _names(block.operands) if block else ""
    return f"{letter}({quoted(name)}){names}; "


def _call(backcall: BackcallDeclaration) -> str:
    texts = (backcall.result, backcall.namespace, backcall.name, *backcall.parameters)
    return f"backcall({', '.join(map(quoted, texts))});"


def _names(names: Sequence[Name]) -> str:
    return "".join(f" %{name.name}" for name in names)


def _commented(comment: str, lines: Iterable[str]) -> list[str]:
    above = [f"// {line}".rstrip() for line in comment.split("\n")] if comment else []
    return [*above, *(line.rstrip() for line in lines)]
