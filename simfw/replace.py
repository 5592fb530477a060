"""Replacing and spying on functions for the length of a `with` block."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import evolve

from conasm.ctypes import Kind
from conasm.nodes import OutcallDeclaration, Position
from simfw.binding import BoundOutcall, make
from simfw.errors import SymbolNotFound
from simfw.outcall import CALL_ORIGINAL, Mark
from simfw.plugin import PluginFunction, where
from simfw.signature import Signature
from simfw.types import GuestType, Untyped

if TYPE_CHECKING:
    from unittest.mock import Mock

    from simfw.process import Process

_NATURAL: dict[Kind, type] = {
    Kind.BOOL: bool,
    Kind.INTEGER: int,
    Kind.POINTER: int,
    Kind.FLOAT: float,
    Kind.TEXT: str,
    Kind.BYTES: bytes,
}
"""What a spy receives of each kind of operand."""


@contextmanager
def replaced(
    process: Process, name: str, function: Callable[..., Any]
) -> Generator[Callable[..., Any]]:
    """Let `function` serve `name` until the block ends; see `Target.replace`."""
    site = _Site(process, name)
    plugin = PluginFunction(Mark(name, None), function, optional=False, where=where(function))
    signature = site.signature or _guessed(process, name, plugin)
    site.put(make(signature, _quiet(plugin, signature), site.convention))
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

    def record(focus: object, *args: object) -> object:
        mock(*args)
        return CALL_ORIGINAL

    signature = site.signature or _declared_without(process, name, 0)
    plugin = PluginFunction(Mark(name, None), record, optional=False, where=where(record))
    receivers = tuple(_natural(parameter.type) for parameter in signature.parameters)
    site.put(make(signature, plugin, site.convention, receivers))
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
        self._before = table.get(self._key)
        architecture = process.architecture
        self.convention = architecture.syscall_convention if numbers else architecture.convention
        self.signature = self._before.signature if self._before else _declared(process, name)

    def put(self, outcall: BoundOutcall) -> None:
        """Serve the function with `outcall`; what was there is its original."""
        self._set(evolve(outcall, original=self._before))

    def restore(self) -> None:
        """Serve it as before."""
        self._set(self._before)

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
    letter = "w" if process.architecture.xlen == 32 else "d"
    declaration = OutcallDeclaration(
        name, count, (letter,), None, None, "", Position("<replace>", 1, 1)
    )
    return Signature.of_outcall(declaration, process.architecture.convention.model)


def _natural(type_: GuestType) -> type:
    return int if isinstance(type_, Untyped) else _NATURAL[type_.kind]


def _quiet(plugin: PluginFunction, signature: Signature) -> PluginFunction:
    """For a void function, ignore what a `Mock` returns when nobody told it what to return."""
    mock = sys.modules.get("unittest.mock")
    if mock is None or signature.results or not isinstance(plugin.function, mock.NonCallableMock):
        return plugin
    function = plugin.function

    def call(*args: object) -> object:
        value = function(*args)
        return None if isinstance(value, mock.NonCallableMock) else value

    return evolve(plugin, function=call)
