"""The functions of a process as Python callables: looked up, typed by the spec, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conasm import fingerprint
from conasm.nodes import BackcallDeclaration, Position
from simfw.backcall import BackcallStub, GuestFunction
from simfw.border import pack_arguments, undeclared_call, unpack_result
from simfw.errors import ArgumentError, BindError, SymbolNotFound
from simfw.image import SymbolKind
from simfw.signature import Signature

if TYPE_CHECKING:
    from simfw.process import Process


class Functions:
    """Finds and binds the functions of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._declared = {one.label: one for one in process.declarations.backcalls}
        self._bound: dict[tuple[str | int, str | None], GuestFunction] = {}
        self._stubs: dict[BackcallStub, GuestFunction] = {}

    def bound(self, function: str | int | GuestFunction, result: str | None) -> GuestFunction:
        """A function by name or address; with `result` its C type, if nothing declares it.

        Raises SymbolNotFound, ArgumentError for what is neither, BindError for types that the
        guest cannot pass.
        """
        if isinstance(function, GuestFunction):
            if function.process is not self._process:
                raise ArgumentError(f"{function!r} belongs to another guest; call it there")
            return function
        key = _checked_key(function, result)
        if key not in self._bound:
            self._bound[key] = self._bind(*key)
        return self._bound[key]

    def stubbed(self, stub: BackcallStub) -> GuestFunction:
        """The function of a generated stub; BindError if the spec declares it otherwise."""
        found = self._stubs.get(stub)
        if found is None:
            found = self._stubs[stub] = self._bind_stub(stub)
        return found

    def check_declared(self) -> None:
        """Bind every function that the spec declares; BindError for one that is not there."""
        for declaration in self._declared.values():
            self.bound(declaration.label, None)

    def _bind(self, function: str | int, result: str | None) -> GuestFunction:
        if isinstance(function, str) and function in self._declared:
            if result is not None:
                raise ArgumentError(
                    f"{function}() is declared at {self._declared[function].position}; "
                    "result= is for functions that nothing declares"
                )
            declared = self._declared[function]
            stands = f"{declared.position}: backcall {function!r} is declared"
            return self._typed(declared, stands)
        name, address, section = self._find(function)
        pack, unpack = undeclared_call(name, self._process.architecture.convention, result)
        return GuestFunction(self._process, name, address, None, pack, unpack, section)

    def _typed(self, declaration: BackcallDeclaration, stands: str) -> GuestFunction:
        """A function with the types of a declaration; `stands` says where that comes from."""
        convention = self._process.architecture.convention
        signature = Signature.of_backcall(declaration, convention.model)
        try:
            name, address, section = self._find(declaration.label)
        except SymbolNotFound as error:
            raise BindError(f"{stands}, but {error}") from None
        pack, unpack = pack_arguments(signature, convention), unpack_result(signature, convention)
        return GuestFunction(self._process, name, address, signature, pack, unpack, section)

    def _find(self, function: str | int) -> tuple[str, int, str | None]:
        """Name, address and section of a function."""
        process = self._process
        if isinstance(function, str):
            symbol = process.image.symbols.find(function)
            if symbol.kind is SymbolKind.OBJECT:
                raise SymbolNotFound(f"{function!r} is a variable of {process.name}, no function")
            return symbol.name, symbol.address, symbol.section
        address = _checked_address(function, process.memory.mask)
        found = process.image.symbols.at(address)
        if found is None or found[1]:
            return f"{address:#x}", address, None
        return found[0].name, address, found[0].section

    def _bind_stub(self, stub: BackcallStub) -> GuestFunction:
        declared = self._declared.get(stub.label)
        if declared is None:
            here = Position("<stub>", 1, 1)
            made = BackcallDeclaration(
                stub.label, stub.result, "", stub.label, stub.parameters, "", here, False
            )
            return self._typed(made, f"a stub of {stub.label}() was called")
        if fingerprint(declared) != stub.fingerprint:
            raise BindError(
                f"the stub of {stub.label}() was written for another declaration than that of "
                f"{declared.position}; run `simfw stubs` again"
            )
        return self.bound(stub.label, None)


def _checked_key(function: object, result: object) -> tuple[str | int, str | None]:
    if not isinstance(function, str | int) or isinstance(function, bool):
        raise ArgumentError(f"a function is given by name or address, not {function!r}")
    if result is not None and not isinstance(result, str):
        raise ArgumentError(f"result={result!r}: give a C type such as 'uint32_t'")
    return function, result


def _checked_address(function: object, highest: int) -> int:
    if not isinstance(function, int) or isinstance(function, bool):
        raise ArgumentError(f"a function is given by name or address, not {function!r}")
    if not 0 <= function <= highest or function & 1:
        raise ArgumentError(f"{function:#x} is no address of a function: it is odd or too large")
    return function
