"""Signatures: what crosses the border in one call, without where the guest keeps it.

A signature comes from a declaration, or from the Python values of a call that nothing declares.
Sizes that differ between guests are settled here, by the guest's data model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Real

from attrs import field, frozen

from conasm.ctypes import ALLOWED_RESULTS, CType, DataModel, Kind, parse_prototype, parse_type
from conasm.errors import TypeSpellingError
from conasm.nodes import BackcallDeclaration, OutcallDeclaration
from conasm.widths import WIDTHS
from simfw.errors import ArgumentError, BindError
from simfw.types import GuestType, OperandType, Untyped, operand_types, register_wide
from simfw.values import is_buffer, is_integer, show

MOST_PARAMETERS = 127
"""C promises no more than this, and a declaration must not make us build a million of them."""


@frozen
class Parameter:
    """One parameter as the host sees it; `name` is empty where the declaration has none."""

    type: GuestType
    name: str = ""


@frozen
class Signature:
    """A function's name, its parameters and its results (none for `void`).

    `origin` says where the declaration stands (`file:line:column`), for messages only.

    >>> from conasm.ctypes import parse_type
    >>> text, count = parse_type("const char*"), parse_type("uint32_t")
    >>> print(Signature("log", (Parameter(text), Parameter(count)), (), DataModel.ILP32))
    void log(const char*, uint32_t)
    """

    name: str
    parameters: tuple[Parameter, ...]
    results: tuple[GuestType, ...]
    model: DataModel
    origin: str = field(default="", eq=False)

    @classmethod
    def of_outcall(cls, declaration: OutcallDeclaration, model: DataModel) -> Signature:
        """The signature of an outcall; untyped arguments are as wide as a register.

        Raises BindError for types that no guest of this model can pass.
        """
        origin = str(declaration.position)
        if declaration.types is None:
            parameters = (register_wide(model),) * min(declaration.count, MOST_PARAMETERS + 1)
            results = tuple(Untyped(WIDTHS[letter]) for letter in declaration.widths)
            return cls._made(declaration.name, parameters, results, model, origin)
        result, *arguments = _parse_all(declaration.types, declaration.name, origin)
        return cls._made(declaration.name, arguments, (result,), model, origin)

    @classmethod
    def of_backcall(cls, declaration: BackcallDeclaration, model: DataModel) -> Signature:
        """The signature of a guest function that a backcall declares; named by its label.

        Raises BindError for types that no guest of this model can pass.
        """
        origin = str(declaration.position)
        spellings = (declaration.result, *declaration.parameters)
        result, *parameters = _parse_all(spellings, declaration.label, origin)
        return cls._made(declaration.label, parameters, (result,), model, origin)

    @classmethod
    def of_prototype(cls, name: str, prototype: str, model: DataModel) -> Signature:
        """The signature of a function that text describes, as in `int32_t(const char*, bytes)`.

        Raises ArgumentError for text that is no prototype, BindError for types that no guest of
        this model can pass.
        """
        try:
            result, *parameters = parse_prototype(prototype)
        except TypeSpellingError as error:
            raise ArgumentError(f"signature= of {name}(): {error}") from None
        return cls._made(name, parameters, (result,), model, "")

    @classmethod
    def of_values(
        cls, name: str, values: Sequence[object], model: DataModel, result: str | None = None
    ) -> Signature:
        """The signature of a call that nothing declares, by the Python types of its arguments.

        Integers are register-wide; a float is a `double`; text is a `const char*`; bytes are
        passed by pointer. `result` is a C type; without one the result is a signed register.
        Raises ArgumentError for other values, and for a `result` that is no C type.
        """
        if len(values) > MOST_PARAMETERS:
            raise ArgumentError(f"{name}() takes at most {MOST_PARAMETERS} arguments")
        types: list[GuestType] = []
        for position, value in enumerate(values, 1):
            found = _type_of_value(value, model)
            if found is None:
                raise ArgumentError(
                    f"argument {position} of {name}(): {show(value)} has no counterpart in the "
                    "guest; without a declaration pass int, float, str or bytes"
                )
            types.append(found)
        return cls._made(name, types, (_result_type(name, result, model),), model, "")

    @property
    def arguments(self) -> tuple[OperandType, ...]:
        """The guest arguments in order: one for each parameter, two for a `bytes`."""
        groups = (operand_types(parameter.type, self.model) for parameter in self.parameters)
        return tuple(type_ for group in groups for type_ in group)

    @property
    def returned(self) -> tuple[OperandType, ...]:
        """The results as the guest sees them."""
        return tuple(operand_types(result, self.model)[0] for result in self.results)

    def parameter_label(self, position: int) -> str:
        """What messages call the parameter at a position, which counts from 1."""
        name = self.parameters[position - 1].name
        return f"argument {position}{f' ({name})' if name else ''} of {self.name}()"

    def mistake(self, text: str) -> BindError:
        """A BindError about this signature: where it is declared, its name, and `text`."""
        return _mistake(self.name, self.origin, text)

    def __str__(self) -> str:
        result = ", ".join(result.spelling for result in self.results) or "void"
        parameters = ", ".join(parameter.type.spelling for parameter in self.parameters)
        return f"{result} {self.name}({parameters or 'void'})"

    @classmethod
    def _made(
        cls,
        name: str,
        parameters: Sequence[GuestType],
        results: Sequence[GuestType],
        model: DataModel,
        origin: str,
    ) -> Signature:
        """A signature all of whose types can be operands of guests of this model."""
        if len(parameters) > MOST_PARAMETERS:
            raise _mistake(name, origin, f"more than {MOST_PARAMETERS} parameters")
        for position, type_ in enumerate(parameters, 1):
            if not _operands(type_, model, name, origin):
                raise _mistake(name, origin, f"parameter {position} is void, which has no value")
        real = tuple(result for result in results if _operands(result, model, name, origin))
        if any(isinstance(result, CType) and result.kind is Kind.BYTES for result in real):
            raise _mistake(name, origin, "bytes cannot be a result; return a pointer")
        return cls(name, tuple(map(Parameter, parameters)), real, model, origin)


def _mistake(name: str, origin: str, text: str) -> BindError:
    return BindError(f"{origin}: {name}(): {text}" if origin else f"{name}(): {text}")


def _operands(
    type_: GuestType, model: DataModel, name: str, origin: str
) -> tuple[OperandType, ...]:
    try:
        return operand_types(type_, model)
    except BindError as error:
        raise _mistake(name, origin, str(error)) from None


def _parse_all(spellings: Iterable[str], name: str, origin: str) -> list[CType]:
    try:
        return [parse_type(spelling) for spelling in spellings]
    except TypeSpellingError as error:
        raise _mistake(name, origin, str(error)) from None


def _type_of_value(value: object, model: DataModel) -> GuestType | None:
    """The type of an argument that nothing declares, or None where Python's has no counterpart."""
    if isinstance(value, str):
        return parse_type("const char*")
    if isinstance(value, Integral):
        return register_wide(model)
    if isinstance(value, Real):
        return parse_type("double")
    if is_buffer(value):  # before is_integer: an array of one element has __index__, too
        return parse_type("void*")  # what the callee writes is brought back where that can be
    return register_wide(model) if is_integer(value) else None


def _result_type(name: str, result: str | None, model: DataModel) -> GuestType:
    if result is None:
        return register_wide(model)
    try:
        type_ = parse_type(result)
    except TypeSpellingError as error:
        raise ArgumentError(f"result= of a call of {name}(): {error}") from None
    if not type_.may_be_result:
        raise ArgumentError(
            f"result= of a call of {name}(): {type_.spelling} cannot be a result; "
            f"take {ALLOWED_RESULTS}"
        )
    return type_
