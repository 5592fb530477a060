"""Replacing and spying on functions for the length of a `with` block."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
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
from simfw.types import Untyped

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
) -> Iterator[Callable[..., Any]]:
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
def spied(process: Process, name: str) -> Iterator[Mock]:
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
    """Where a function is served: the entry of a table of outcalls, and what is there now."""

    def __init__(self, process: Process, name: str) -> None:
        self._process = process
        self._number = next(
            (number for number, one in process.syscalls.items() if one.name == name), None
        )
        self._address = None if self._number is not None else self._find(name)
        self._before = (
            process.syscalls[self._number]
            if self._number is not None
            else process.outcalls.get(self._address)
        )
        declared = {one.label: one for one in process.declarations.backcalls}.get(name)
        self.signature: Signature | None = None
        architecture = process.architecture
        self.convention = (
            architecture.convention if self._number is None else architecture.syscall_convention
        )
        if self._before is not None:
            self.signature = self._before.signature
        elif declared is not None:
            self.signature = Signature.of_backcall(declared, self.convention.model)

    def _find(self, name: str) -> int:
        try:
            return self._process.bound(name).address
        except SymbolNotFound as error:
            raise SymbolNotFound(f"nothing to replace: {error}") from None

    def put(self, outcall: BoundOutcall) -> None:
        """Serve the function with `outcall`; what was there is its original."""
        outcall = evolve(outcall, original=self._before)
        if self._number is not None:
            self._process.syscalls[self._number] = outcall
        else:
            self._process.serve_function(self._address, outcall)

    def restore(self) -> None:
        """Serve it as before."""
        if self._number is not None:
            assert self._before is not None
            self._process.syscalls[self._number] = self._before
        else:
            self._process.serve_function(self._address, self._before)


def _guessed(process: Process, name: str, plugin: PluginFunction) -> Signature:
    """The signature of a function that nothing declares, by what its replacement takes."""
    return _declared_without(process, name, len(plugin.receivers() or ()))


def _declared_without(process: Process, name: str, count: int) -> Signature:
    letter = "w" if process.architecture.xlen == 32 else "d"
    declaration = OutcallDeclaration(
        name, count, (letter,), None, None, "", Position("<replace>", 1, 1)
    )
    return Signature.of_outcall(declaration, process.architecture.convention.model)


def _natural(type_: object) -> type:
    return int if isinstance(type_, Untyped) else _NATURAL[type_.kind]  # pyright: ignore


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
