"""Replacing and spying on functions for the length of a `with` block."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conasm.ctypes import Kind
from conasm.nodes import OutcallDeclaration, Position
from simfw.binding import BoundOutcall, make, unless_none
from simfw.border import PackResult, pack_result
from simfw.convention import Convention
from simfw.errors import GuestFault, SymbolNotFound
from simfw.operand import OutcallArg
from simfw.outcall import CALL_ORIGINAL, Mark
from simfw.plugin import PluginFunction, where
from simfw.signature import Signature
from simfw.types import Untyped

if TYPE_CHECKING:
    from unittest.mock import Mock

    from simfw.process import Process


@contextmanager
def replaced(
    process: Process, name: str, function: Callable[..., Any]
) -> Generator[Callable[..., Any]]:
    """Let `function` serve `name` until the block ends; see `Target.replace`."""
    site = _Site(process, name)
    plugin = _plugin(name, function, site.signature)
    signature = site.signature or _guessed(process, name, plugin)
    outcall = make(signature, plugin, site.convention)
    if site.signature is None:
        outcall.pack = unless_none(outcall.pack, _nothing(name, site.convention))
    site.put(outcall)
    try:
        yield function
    finally:
        site.restore()


@contextmanager
def spied(process: Process, name: str) -> Generator[Mock]:
    """Record the calls of `name` until the block ends; see `Target.spy`."""
    from unittest.mock import Mock

    site = _Site(process, name)
    mock = Mock(name=name, return_value=None)

    def record(focus: object, *args: OutcallArg) -> object:
        mock(*map(_plain, args))
        return CALL_ORIGINAL

    signature = site.signature or _declared_without(process, name, 0)
    plugin = PluginFunction(Mark(name, None), record, optional=False, where=where(record))
    site.put(make(signature, plugin, site.convention))
    try:
        yield mock
    finally:
        site.restore()


class _Site:
    """Where a function is served: by number or by address, and what serves it now."""

    def __init__(self, process: Process, name: str) -> None:
        numbers = [number for number, one in process.syscalls.items() if one.name == name]
        self._process = process
        self._is_syscall = bool(numbers)
        self._key = numbers[0] if numbers else _address_of(process, name)
        table = process.syscalls if numbers else process.outcalls
        self._table = table
        before = table.get(self._key)
        architecture = process.architecture
        self.convention = architecture.syscall_convention if numbers else architecture.convention
        is_typed = before is not None and not before.is_missing
        self.signature = before.signature if before and is_typed else _declared(process, name)

    def put(self, outcall: BoundOutcall) -> None:
        """Serve the function with `outcall`; what was there is its original."""
        outcall.original = self._table.get(self._key)
        self._mine = outcall
        self._set(outcall)

    def restore(self) -> None:
        """Serve it as without ours; replacements may end in any order."""
        outcall = self._table.get(self._key)
        if outcall is self._mine:
            self._set(self._mine.original)
        while outcall is not None:
            if outcall.original is self._mine:
                outcall.original = self._mine.original
            outcall = outcall.original

    def _set(self, outcall: BoundOutcall | None) -> None:
        if self._is_syscall:
            self._process.serve_syscall(self._key, outcall)
        else:
            self._process.serve_function(self._key, outcall)


def _address_of(process: Process, name: str) -> int:
    try:
        return process.bound(name).address
    except SymbolNotFound as error:
        raise SymbolNotFound(f"nothing to replace: {error}") from None


def _declared(process: Process, name: str) -> Signature | None:
    """The signature of a guest function that the spec declares as a backcall."""
    for declaration in process.declarations.backcalls:
        if declaration.label == name:
            return Signature.of_backcall(declaration, process.architecture.convention.model)
    return None


def _guessed(process: Process, name: str, plugin: PluginFunction) -> Signature:
    """The signature of a function that nothing declares, by what its replacement takes."""
    return _declared_without(process, name, len(plugin.receivers() or ()))


def _declared_without(process: Process, name: str, count: int) -> Signature:
    letters = process.architecture.result_letters(name)
    declaration = OutcallDeclaration(
        name, count, letters, None, None, "", Position("<replace>", 1, 1)
    )
    return Signature.of_outcall(declaration, process.architecture.convention.model)


def _nothing(name: str, convention: Convention) -> PackResult | None:
    """What packs no result, where that is more than leaving registers as they are."""
    if convention.crossing is None:
        return None
    return pack_result(Signature(name, (), (), convention.model), convention)


def _plain(operand: OutcallArg) -> object:
    """What a spy records: text and bytes that a pointer leads to, else the operand's value.

    A spy changes nothing, so a pointer that leads nowhere is recorded as its address, and a NaR
    or a None of a belt guest as it is.
    """
    if operand.is_nar or operand.is_none:
        return operand
    type_ = operand.type
    kind = Kind.INTEGER if isinstance(type_, Untyped) else type_.kind
    try:
        if kind is Kind.TEXT:
            return operand.cstr()
        return bytes(operand.slice()) if kind is Kind.BYTES else operand.value
    except GuestFault:
        return operand.unsigned


def _plain_if_typed(operand: OutcallArg) -> object:
    """What a `Mock` is called with: a plain value where the declaration says of which type."""
    return operand if isinstance(operand.type, Untyped) else _plain(operand)


def _plugin(name: str, function: Callable[..., Any], signature: Signature | None) -> PluginFunction:
    """A replacement as an outcall is.

    A `Mock` is called with plain values, so that it can be asked for them by `assert_called_with`,
    and what it returns that nobody told is ignored where no result is needed.
    """
    mark, mock = Mark(name, None), sys.modules.get("unittest.mock")
    if mock is None or not isinstance(function, mock.NonCallableMock):
        return PluginFunction(mark, function, optional=False, where=where(function))
    if isinstance(function, mock.AsyncMock):  # it will be refused
        return PluginFunction(mark, function, optional=False, where=repr(function))
    is_needed = signature is not None and bool(signature.results)

    def call(focus: object, *args: OutcallArg) -> object:
        value = function(focus, *map(_plain_if_typed, args))
        return None if isinstance(value, mock.NonCallableMock) and not is_needed else value

    return PluginFunction(mark, call, optional=False, where=repr(function))
