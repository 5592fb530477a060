"""Binding: which host function serves which guest function or system call, checked at load.

Declarations and plugin functions come in groups (the user's, and one for each collection that
the platform brings). In each group every declaration needs exactly one function and every
function, unless its collection is optional, a declaration. A group of the user's goes first: a
system call that it serves is not the platform's any more.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from attrs import define, frozen

from conasm.ctypes import Kind
from conasm.nearby import suggest
from conasm.nodes import OutcallDeclaration, Position
from simfw.border import PackResult, UnpackArguments, pack_result, unpack_arguments
from simfw.convention import Convention, GuestMemory, Registers
from simfw.declarations import Declarations
from simfw.errors import BindError, SymbolNotFound
from simfw.function_pointers import with_functions
from simfw.image import Image, SymbolKind
from simfw.outcall import HostFunction
from simfw.plugin import PluginFunction
from simfw.signature import Signature
from simfw.types import Untyped

K = TypeVar("K", str, int)


@define(eq=False)
class BoundOutcall:
    """A host function ready to be called: how its arguments and its result cross.

    `original` is the outcall that it replaces, if it does; CALL_ORIGINAL goes there. One that
    `is_missing` stands for a function that nobody gave, and has no signature worth the name.
    """

    name: str
    function: HostFunction
    signature: Signature
    unpack: UnpackArguments
    pack: PackResult
    original: BoundOutcall | None = None
    is_missing: bool = False


@frozen(eq=False)
class Group:
    """Declarations and the functions that are to serve them."""

    declarations: Declarations
    functions: Sequence[PluginFunction]


@frozen(eq=False)
class Bindings:
    """The outcalls of a process: by the guest address that they replace, and by system call."""

    functions: dict[int, BoundOutcall]
    syscalls: dict[int, BoundOutcall]


def bind(
    groups: Iterable[Group], image: Image, convention: Convention, syscalls: Convention
) -> Bindings:
    """Bind all groups; raises BindError, naming declaration, function and remedy."""
    functions: dict[int, BoundOutcall] = {}
    numbers: dict[int, BoundOutcall] = {}
    for group in groups:
        bound = _bind_group(group, image, convention, syscalls)
        functions = bound.functions | functions
        numbers = bound.syscalls | numbers
    return Bindings(functions, numbers)


def _bind_group(
    group: Group, image: Image, convention: Convention, syscalls: Convention
) -> Bindings:
    bound = Bindings({}, {})
    by_name, by_number = _indexed(group.functions)
    declared = {one.name for one in group.declarations.outcalls}
    for declaration in group.declarations.outcalls:
        function = by_name.pop(declaration.name, None)
        if function is None and declaration.syscall is not None:
            function = by_number.pop(declaration.syscall, None)
        if function is None:
            raise BindError(_unserved(declaration, by_name))
        if declaration.syscall is None:
            address = _replaced(declaration, image)
            _claim(bound.functions, address, declaration, f"the function at {address:#x}")
            bound.functions[address] = _bound(declaration, function, convention)
        else:
            number = declaration.syscall
            _refuse_second(by_number, declaration, function)
            _claim(bound.syscalls, number, declaration, f"system call {number}")
            bound.syscalls[number] = _bound(declaration, function, syscalls)
    for number, function in by_number.items():
        bound.syscalls[number] = _undeclared(number, function, syscalls)
    for name, function in by_name.items():
        if not function.optional:
            raise BindError(_undeclared_text(name, function, declared))
    return bound


def _claim(
    table: Mapping[int, BoundOutcall], key: int, declaration: OutcallDeclaration, what: str
) -> None:
    if key in table:
        raise BindError(
            f"{declaration.position}: {what} is declared twice, as {table[key].name!r} and as "
            f"{declaration.name!r}; keep one of the two"
        )


def _indexed(
    functions: Sequence[PluginFunction],
) -> tuple[dict[str, PluginFunction], dict[int, PluginFunction]]:
    by_name: dict[str, PluginFunction] = {}
    by_number: dict[int, PluginFunction] = {}
    for function in functions:
        name, number = function.mark.name, function.mark.syscall
        if name is not None:
            _add(by_name, name, function, f"outcall {name!r}")
        elif number is not None:
            _add(by_number, number, function, f"system call {number}")
    return by_name, by_number


def _add(table: dict[K, PluginFunction], key: K, function: PluginFunction, what: str) -> None:
    if key in table:
        raise BindError(
            f"{what} is served twice: by {table[key].where} and by {function.where}; "
            "remove one, or pass only one of the plugins"
        )
    table[key] = function


def _unserved(declaration: OutcallDeclaration, others: Iterable[str]) -> str:
    return (
        f"{declaration.position}: outcall {declaration.name!r} is declared, but no plugin has a "
        f'function for it; add one marked @outcall("{declaration.name}") to plugins='
        f"{suggest(declaration.name, others)}"
    )


def _undeclared_text(name: str, function: PluginFunction, declared: Iterable[str]) -> str:
    return (
        f"{function.where} serves outcall {name!r}, which no spec declares; declare it with "
        f'F("{name}") outcall(…), or remove the mark{suggest(name, declared)}'
    )


def _refuse_second(
    by_number: dict[int, PluginFunction], declaration: OutcallDeclaration, chosen: PluginFunction
) -> None:
    other = by_number.pop(declaration.syscall, None) if declaration.syscall is not None else None
    if other is not None:
        raise BindError(
            f"system call {declaration.syscall} is served twice: by {chosen.where}, as "
            f"{declaration.name!r} of {declaration.position}, and by {other.where}; remove one"
        )


def _replaced(declaration: OutcallDeclaration, image: Image) -> int:
    """The address of the guest function that an outcall is the body of."""
    try:
        symbol = image.symbols.find(declaration.name)
    except SymbolNotFound as error:
        raise BindError(
            f"{declaration.position}: outcall {declaration.name!r} is declared, but {error}. To "
            "let the guest call a function that it does not define, link the assembly file that "
            "`simfw headers` writes"
        ) from None
    if symbol.kind is SymbolKind.OBJECT:
        raise BindError(
            f"{declaration.position}: {declaration.name!r} is a variable of {image.name}, not a "
            "function; an outcall can only replace a function"
        )
    return symbol.address


def _bound(
    declaration: OutcallDeclaration, function: PluginFunction, convention: Convention
) -> BoundOutcall:
    signature = Signature.of_outcall(declaration, convention.model)
    return make(signature, function, convention)


def make(
    signature: Signature,
    function: PluginFunction,
    convention: Convention,
    receivers: tuple[object, ...] | None = None,
) -> BoundOutcall:
    """Bind one function to a signature; raises BindError where they do not agree.

    `receivers` says what the parameters want, instead of the function's annotations.
    """
    if inspect.iscoroutinefunction(function.function):
        raise BindError(f"{function.where}: an async def function cannot serve a synchronous call")
    if receivers is None:
        receivers = function.receivers(len(signature.parameters))
    try:
        body, wanted = with_functions(function.function, receivers, signature)
        unpack = unpack_arguments(signature, convention, wanted)
        pack = pack_result(signature, convention)
    except BindError as error:
        raise BindError(f"{error}; it is bound to {function.where}") from None
    if receivers is None or function.mark.name is not None:
        _check_result(signature, function)
    return BoundOutcall(signature.name, body, signature, unpack, pack)


_VALUES: tuple[object, ...] = (int, str, bytes, float, bool)
_NEVER: dict[Kind, tuple[object, ...]] = {
    Kind.BOOL: (str, bytes, None, type(None)),
    Kind.INTEGER: (str, bytes, float, None, type(None)),
    Kind.FLOAT: (str, bytes, None, type(None)),
    Kind.POINTER: (str, bytes, float, None, type(None)),
    Kind.TEXT: (str, bytes, float, None, type(None)),
}
"""Annotations of a result that no result of the kind can have; others may be right."""


def _check_result(signature: Signature, function: PluginFunction) -> None:
    """Refuse a function that says itself that it returns something else than is declared."""
    returned = function.returned()
    if not signature.results:
        wrong = returned in _VALUES
        declared = "void"
    else:
        (result,) = signature.results[:1]
        kind = Kind.INTEGER if isinstance(result, Untyped) else result.kind
        wrong = len(signature.results) == 1 and returned in _NEVER[kind]
        declared = result.spelling
    if wrong:
        name = getattr(returned, "__name__", str(returned))
        raise signature.mistake(
            f"declared to return {declared}, and {function.where} is annotated to return {name}; "
            "make them agree"
        )


def _undeclared(number: int, function: PluginFunction, convention: Convention) -> BoundOutcall:
    """A system call that only its number names: untyped operands, as many as the function takes.

    A result of None leaves the guest's registers as they are.
    """
    receivers = function.receivers()
    if receivers is None:
        raise BindError(
            f"{function.where}: how many operands system call {number} has cannot be told from "
            "*args; name them, or declare it in a spec"
        )
    letter = "w" if convention.xlen == 32 else "d"
    here = Position(function.where, 1, 1)
    name = getattr(function.function, "__name__", f"syscall_{number}")
    declaration = OutcallDeclaration(name, len(receivers), (letter,), None, number, "", here)
    bound = _bound(declaration, function, convention)
    bound.pack = unless_none(bound.pack)
    return bound


def unless_none(pack: PackResult, nothing: PackResult | None = None) -> PackResult:
    """As `pack`, but a result of None is packed by `nothing`.

    Without that it leaves the guest's registers as they are.
    """

    def packed(x: Registers, memory: GuestMemory, value: object) -> None:
        if value is not None:
            pack(x, memory, value)
        elif nothing is not None:
            nothing(x, memory, None)

    return packed
