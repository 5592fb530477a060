"""The border of belt guests: operands with metadata to Python values, and the other way round.

Operands cross in the cell OPERANDS, as a list. Marshalling is the border's: a `BeltConvention`
places each operand in a register of its own, 128 bits wide, and these registers are made from
the list and made into one. What is added here is the metadata: a parameter that wants a plain
Python value refuses specials and other widths, `OutcallArg` shows them, and results may be them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from attrs import frozen

from conasm.ctypes import DataModel
from simfw.belt.kinds import NONE_FLAG, NaRKind
from simfw.belt.metadata import NOTHING, Operand
from simfw.belt.micro import OPERANDS
from simfw.belt.specials import NaR, NoneOperand
from simfw.border.backcall import PackArguments, UnpackResult, pack_arguments, unpack_result
from simfw.border.loans import Borrower
from simfw.border.outcall import PackResult, UnpackArguments, unpack_arguments
from simfw.convention import Crossing, GuestMemory, Placement, Register
from simfw.errors import ArgumentError, NaRFault, ResultError, ResultRangeError
from simfw.operand import Guard, OutcallArg
from simfw.signature import Parameter, Signature
from simfw.types import OperandType, Untyped, operand_types
from simfw.values import Mistakes, encoder


class BeltArg(OutcallArg):
    """An operand of the belt as an outcall's argument: it may be a None or a NaR."""

    __slots__ = ("_operand",)

    def __init__(
        self, operand: Operand, type_: OperandType, memory: GuestMemory, guard: Guard
    ) -> None:
        super().__init__(operand.payload, type_, memory, guard)
        self._operand = operand

    @property
    def operand(self) -> Operand:
        """The operand itself."""
        return self._operand

    @property
    def is_none(self) -> bool:
        """Whether it is a None."""
        return self._operand.is_none

    @property
    def is_nar(self) -> bool:
        """Whether it is a NaR."""
        return self._operand.is_nar

    @property
    def kind(self) -> NaRKind | None:
        """Why it is a NaR; None for anything else."""
        return self._operand.kind

    @property
    def where(self) -> int | None:
        """The number of the operation that made the special; None for values."""
        return self._operand.origin

    @property
    def value(self) -> int | float:
        """The operand in its declared type; NaRFault for a special."""
        self._realise()
        return super().value

    @property
    def unsigned(self) -> int:
        """The bits as an unsigned integer; NaRFault for a special."""
        self._realise()
        return super().unsigned

    @property
    def signed(self) -> int:
        """The bits as a two's complement integer; NaRFault for a special."""
        self._realise()
        return super().signed

    @property
    def address(self) -> int:
        """The bits as an address; NaRFault for a special."""
        self._realise()
        return super().address

    def _realise(self) -> None:
        if self._operand.special:
            raise NaRFault(f"an outcall needs the value of an operand that is {self._operand}")

    def __repr__(self) -> str:
        return f"OutcallArg({self._operand})"


@frozen(eq=False)
class BeltCrossing:
    """The four pieces of the border for belt guests; see `simfw.border`."""

    convention: BeltConvention

    def unpack_arguments(
        self, signature: Signature, receivers: Sequence[object] | None
    ) -> UnpackArguments:
        """From the operands to the values for the host's function."""
        count = len(signature.parameters)
        wanted = (None,) * count if receivers is None else tuple(receivers)
        plain = [None if kind is OutcallArg else kind for kind in wanted]
        base = unpack_arguments(signature, self.convention, plain)
        types = signature.arguments
        places = _places(signature)
        shown = [n for n, kind in enumerate(plain) if kind is None]
        strict = [p for n, p in enumerate(places) if plain[n] is not None for p in p]

        def unpack(x: list[Any], memory: GuestMemory, guard: Guard, /) -> tuple[object, ...]:
            operands = ([*x[OPERANDS]] + [NOTHING] * len(types))[: len(types)]
            for place in strict:
                _check(signature, place, operands[place], types[place])
            registers = [_register(o, t) for o, t in zip(operands, types, strict=True)]
            values = list(base(registers, memory, guard))
            for n in shown:
                place = places[n][0]
                type_ = _as_wide(operands[place], types[place])
                values[n] = BeltArg(operands[place], type_, memory, guard)
            return tuple(values)

        return unpack  # pyright: ignore[reportReturnType] - the guard is always given

    def pack_result(self, signature: Signature) -> PackResult:
        """From what the host's function returned to operands; a tuple where there are several."""
        packers = [_result_packer(signature, type_) for type_ in signature.returned]

        def pack(x: list[Any], memory: GuestMemory, value: object) -> None:
            x[OPERANDS] = _packed(signature, packers, value)

        return pack

    def pack_arguments(self, signature: Signature) -> PackArguments:
        """From the host's values to operands; untyped integers are of width w.

        A None, a NaR, or an outcall's argument that is one is passed as such.
        """
        base = pack_arguments(signature, self.convention)
        types, places = signature.arguments, _places(signature)

        def pack(
            x: list[Any],
            memory: GuestMemory,
            sp: int,
            args: Sequence[object],
            borrower: Borrower | None = None,
            /,
        ) -> int:
            registers = [0] * len(types)
            specials = _specials(signature, args)
            if specials:
                args = [0 if n in specials else arg for n, arg in enumerate(args)]
            frame = base(registers, memory, sp, args, borrower)
            operands = [
                Operand(bits & (1 << t.bits) - 1, t.size)
                for bits, t in zip(registers, types, strict=True)
            ]
            for n, special in specials.items():
                operands[places[n][0]] = special
            x[OPERANDS] = operands
            return frame

        return pack

    def unpack_result(self, signature: Signature) -> UnpackResult:
        """From the function's results to a value, a tuple of several, or None."""
        singles = [
            unpack_result(_only(signature, n), self.convention)
            for n in range(len(signature.results))
        ]

        def unpack(x: list[Any]) -> Any:
            operands: list[Operand] = x[OPERANDS]
            values = [
                single([_result(signature, operands, n, type_)])
                for n, (single, type_) in enumerate(zip(singles, signature.returned, strict=True))
            ]
            return tuple(values) if len(values) > 1 else values[0] if values else None

        return unpack

    def undeclared_call(self, name: str, result: str | None) -> tuple[PackArguments, UnpackResult]:
        """Both functions for a function that nothing declares: ints are w, a float is a double.

        An outcall's argument is passed as wide as it is. The result is what the function returns,
        integers read as signed.
        """

        def pack(
            x: list[Any],
            memory: GuestMemory,
            sp: int,
            args: Sequence[object],
            borrower: Borrower | None = None,
            /,
        ) -> int:
            values = [arg if _special(arg, 4) is None else 0 for arg in args]
            signature = Signature.of_values(name, values, self.convention.model, "void")
            parameters = tuple(
                Parameter(Untyped(arg.width if isinstance(arg, BeltArg) else 4))
                if isinstance(parameter.type, Untyped)
                else parameter
                for arg, parameter in zip(args, signature.parameters, strict=True)
            )
            typed = Signature(name, parameters, (), self.convention.model)
            return self.pack_arguments(typed)(x, memory, sp, args, borrower)

        if result is not None:
            typed = Signature.of_values(name, (), self.convention.model, result)
            return pack, self.unpack_result(typed)

        def unpack(x: list[Any]) -> Any:
            operands: list[Operand] = x[OPERANDS]
            values = [_signed(name, operand) for operand in operands]
            return tuple(values) if len(values) > 1 else values[0] if values else None

        return pack, unpack


@frozen(eq=False)
class BeltConvention:
    """Each operand of a call in a register of its own."""

    xlen: int = 128
    model: DataModel = DataModel.LP64
    widening_bits: int = 128
    stack_pointer: int = 0
    stack_alignment: int = 16

    @property
    def crossing(self) -> Crossing:
        """What is different where operands have metadata."""
        return BeltCrossing(self)

    def place(self, signature: Signature) -> Placement:
        """One register an operand."""
        arguments = tuple((Register(n),) for n in range(len(signature.arguments)))
        return Placement(arguments, tuple((Register(n),) for n in range(len(signature.results))), 0)


def _places(signature: Signature) -> list[tuple[int, ...]]:
    """For each parameter, which operands are its own."""
    found: list[tuple[int, ...]] = []
    place = 0
    for parameter in signature.parameters:
        count = len(operand_types(parameter.type, signature.model))
        found.append(tuple(range(place, place + count)))
        place += count
    return found


def _check(signature: Signature, place: int, operand: Operand, type_: OperandType) -> None:
    """A plain value of the declared width, or the mistake that it is none."""
    label = f"operand {place + 1} of {signature.name}()"
    if operand.is_nar:
        raise NaRFault(f"{label} is {operand}; only an OutcallArg can take it")
    if operand.is_none:
        raise ArgumentError(f"{label} is a None; annotate the parameter OutcallArg to take it")
    if not isinstance(type_.type, Untyped) and operand.width != type_.size:
        raise ArgumentError(
            f"{label} is declared {type_.spelling}, {type_.size} bytes, and the guest passed "
            f"{operand.width}: widen or narrow it there"
        )


def _register(operand: Operand, type_: OperandType) -> int:
    """The register's content: an untyped operand is sign-extended from its own width."""
    if operand.special or not isinstance(type_.type, Untyped):
        return operand.payload
    half = 1 << (8 * operand.width - 1)
    return ((operand.payload ^ half) - half) & (1 << 128) - 1


def _as_wide(operand: Operand, type_: OperandType) -> OperandType:
    """The type of an argument as it is shown: untyped ones have the operand's width."""
    if not isinstance(type_.type, Untyped):
        return type_
    return operand_types(Untyped(operand.width), type_.model)[0]


_Packer = Any


def _result_packer(signature: Signature, type_: OperandType) -> _Packer:
    subject = f"the result of {signature.name}()"
    advice = "return one, or NONE, or NaR(…)"
    encode = encoder(type_, Mistakes(subject, ResultError, ResultRangeError, advice))
    size, mask = type_.size, (1 << type_.bits) - 1

    def pack(value: object) -> Operand:
        special = _special(value, size)
        if special is None:
            return Operand(encode(value) & mask, size)
        if special.width != size:
            raise ResultError(f"{subject}: {value!r} is not {size} bytes wide")
        return special

    return pack


def _special(value: object, size: int) -> Operand | None:
    """The special that a value of the host's stands for, so wide if it is new; None for others."""
    if isinstance(value, NoneOperand):
        return Operand(NONE_FLAG, size, special=True)
    if isinstance(value, NaR):
        return Operand(value.kind.value, size, special=True)
    return value.operand if isinstance(value, BeltArg) and value.operand.special else None


def _specials(signature: Signature, args: Sequence[object]) -> dict[int, Operand]:
    """The arguments that are specials, by place. Raises ArgumentError where none can be."""
    found: dict[int, Operand] = {}
    for n, (arg, parameter) in enumerate(zip(args, signature.parameters, strict=False)):
        if not isinstance(arg, NaR | NoneOperand | BeltArg):
            continue
        sizes = [type_.size for type_ in operand_types(parameter.type, signature.model)]
        special = _special(arg, sizes[0])
        if special is None:
            continue
        if sizes != [special.width]:
            raise ArgumentError(
                f"{signature.parameter_label(n + 1)} is declared {parameter.type.spelling}; "
                f"{special} cannot be passed for it"
            )
        found[n] = special
    return found


def _packed(signature: Signature, packers: Sequence[_Packer], value: object) -> list[Operand]:
    if len(packers) == 1:
        return [packers[0](value)]
    if not packers:
        if value is not None:
            raise ResultError(f"{signature.name}() is declared void but returned {value!r}")
        return []
    if not isinstance(value, tuple) or len(cast("tuple[object, ...]", value)) != len(packers):
        raise ResultError(
            f"{signature.name}() is declared with {len(packers)} results; return a tuple of them"
        )
    values = cast("tuple[object, ...]", value)
    return [pack(one) for pack, one in zip(packers, values, strict=True)]


def _only(signature: Signature, n: int) -> Signature:
    """The signature with one of its results."""
    return Signature(signature.name, (), signature.results[n : n + 1], signature.model)


def _result(signature: Signature, operands: Sequence[Operand], n: int, type_: OperandType) -> int:
    """The bits of a result that must be a value of the declared width."""
    subject = f"result {n + 1} of {signature.name}()" if n else f"the result of {signature.name}()"
    if n >= len(operands):
        raise ResultError(f"{subject} is missing: the guest returned {len(operands)}")
    operand = operands[n]
    if operand.special:
        raise NaRFault(f"{subject} is {operand}")
    if operand.width != type_.size:
        raise ResultError(
            f"{subject} is declared {type_.spelling}, {type_.size} bytes, and the guest returned "
            f"{operand.width}"
        )
    return operand.payload


def _signed(name: str, operand: Operand) -> int:
    if operand.special:
        raise NaRFault(f"{name}() returned {operand}")
    half = 1 << (8 * operand.width - 1)
    return (operand.payload ^ half) - half
