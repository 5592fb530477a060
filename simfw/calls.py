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


_Key = tuple[str | int, str | None, str | None]  # name or address, result, prototype
_Found = tuple[str, int, str | None]  # name, address and section of a function
_MOST_BOUND = 4096


class Functions:
    """Finds and binds the functions of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._declared = {one.label: one for one in process.declarations.backcalls}
        self._bound: dict[_Key, GuestFunction] = {}
        self._stubs: dict[BackcallStub, GuestFunction] = {}

    def bound(
        self,
        function: str | int | GuestFunction,
        result: str | None = None,
        prototype: str | None = None,
    ) -> GuestFunction:
        """A function by name or address.

        One that nothing declares may be given its types: `prototype` in C, without a name, or the
        C type of its `result` alone. Raises SymbolNotFound, ArgumentError for what is neither
        name nor address nor type, BindError for types that the guest cannot pass.
        """
        if isinstance(function, GuestFunction):
            return self._own(function, result, prototype)
        key = _checked_key(function, result, prototype)
        if key not in self._bound:
            if len(self._bound) >= _MOST_BOUND:  # addresses may come from the guest
                self._bound.clear()
            self._bound[key] = self._bind(*key)
        return self._bound[key]

    def _own(
        self, function: GuestFunction, result: str | None, prototype: str | None
    ) -> GuestFunction:
        if function.process is not self._process:
            raise ArgumentError(f"{function!r} belongs to another guest; call it there")
        if result is not None or prototype is not None:
            raise ArgumentError(f"{function!r} is bound; give types with its name or address")
        return function

    def stubbed(self, stub: BackcallStub) -> GuestFunction:
        """The function of a generated stub; BindError if the spec declares it otherwise."""
        found = self._stubs.get(stub)
        if found is None:
            found = self._stubs[stub] = self._bind_stub(stub)
        return found

    def check_declared(self) -> None:
        """Bind every function that the spec declares; BindError for one that is not there."""
        for declaration in self._declared.values():
            self.bound(declaration.label)

    def _bind(
        self, function: str | int, result: str | None, prototype: str | None
    ) -> GuestFunction:
        if isinstance(function, str) and function in self._declared:
            declared = self._declared[function]
            if result is not None or prototype is not None:
                given = "result=" if prototype is None else "signature="
                raise ArgumentError(
                    f"{function}() is declared at {declared.position}; {given} is for functions "
                    "that nothing declares"
                )
            stands = f"{declared.position}: backcall {function!r} is declared"
            return self._typed(declared, stands)
        name, address, section = found = self._find(function)
        convention = self._process.architecture.convention
        if prototype is not None:
            return self._made(found, Signature.of_prototype(name, prototype, convention.model))
        pack, unpack = undeclared_call(name, convention, result)
        return GuestFunction(self._process, name, address, None, pack, unpack, section)

    def _typed(self, declaration: BackcallDeclaration, stands: str) -> GuestFunction:
        """A function with the types of a declaration; `stands` says where that comes from."""
        model = self._process.architecture.convention.model
        signature = Signature.of_backcall(declaration, model)
        try:
            found = self._find(declaration.label)
        except SymbolNotFound as error:
            raise BindError(f"{stands}, but {error}") from None
        return self._made(found, signature)

    def _made(self, found: _Found, signature: Signature) -> GuestFunction:
        name, address, section = found
        convention = self._process.architecture.convention
        pack, unpack = pack_arguments(signature, convention), unpack_result(signature, convention)
        return GuestFunction(self._process, name, address, signature, pack, unpack, section)

    def _find(self, function: str | int) -> _Found:
        process = self._process
        if isinstance(function, str):
            symbol = process.image.symbols.find(function)
            if symbol.kind is SymbolKind.OBJECT:
                raise SymbolNotFound(f"{function!r} is a variable of {process.name}, no function")
            return symbol.name, symbol.address, symbol.section
        address = _checked_address(function, process.memory.mask)
        found = process.covering(address)
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
        return self.bound(stub.label)


def _checked_key(function: object, result: object, prototype: object) -> _Key:
    if not isinstance(function, str | int) or isinstance(function, bool):
        raise ArgumentError(f"a function is given by name or address, not {function!r}")
    if result is not None and not isinstance(result, str):
        raise ArgumentError(f"result={result!r:.80}: give a C type such as 'uint32_t'")
    if prototype is not None and not isinstance(prototype, str):
        raise ArgumentError(f"signature={prototype!r:.80}: give a prototype such as 'int(bytes)'")
    if result is not None and prototype is not None:
        raise ArgumentError("signature= says what the result is: leave result= out")
    return function, result, prototype


def _checked_address(function: object, highest: int) -> int:
    if not isinstance(function, int) or isinstance(function, bool):
        raise ArgumentError(f"a function is given by name or address, not {function!r}")
    if not 0 <= function <= highest or function & 1:
        raise ArgumentError(f"{function:#x} is no address of a function: it is odd or too large")
    return function
