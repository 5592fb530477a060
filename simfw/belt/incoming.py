"""From the belt to the host: which operands a plain Python value can be made of."""

from __future__ import annotations

from collections.abc import Sequence

from simfw.belt.argument import Describe
from simfw.belt.metadata import Operand
from simfw.errors import ArgumentError, NaRFault, ResultError
from simfw.signature import Signature
from simfw.types import OperandType, Untyped, operand_types


def places_of(signature: Signature) -> list[tuple[int, ...]]:
    """For each parameter, which operands are its own."""
    found: list[tuple[int, ...]] = []
    place = 0
    for parameter in signature.parameters:
        count = len(operand_types(parameter.type, signature.model))
        found.append(tuple(range(place, place + count)))
        place += count
    return found


def check_plain(signature: Signature, place: int, operand: Operand, describe: Describe) -> None:
    """Raise NaRFault for a NaR and ArgumentError for a None."""
    label = f"operand {place + 1} of {signature.name}()"
    if operand.is_nar:
        raise NaRFault(f"{label} is {describe(operand)}; only an OutcallArg can take it")
    if operand.is_none:
        raise ArgumentError(
            f"{label} is {describe(operand)}; annotate the parameter OutcallArg to take it"
        )


def check_width(signature: Signature, place: int, operand: Operand, type_: OperandType) -> None:
    """Raise ArgumentError for a value of another width than declared."""
    if operand.special or isinstance(type_.type, Untyped) or operand.width == type_.size:
        return
    raise ArgumentError(
        f"operand {place + 1} of {signature.name}() is declared {type_.spelling}, {type_.size} "
        f"bytes, and the guest passed {operand.width}: widen or narrow it there"
    )


def register_of(operand: Operand, type_: OperandType) -> int:
    """A register's content: an untyped operand is sign-extended from its own width."""
    if operand.special or not isinstance(type_.type, Untyped):
        return operand.payload
    return signed(operand) & (1 << 128) - 1


def shown_type(operand: Operand, type_: OperandType) -> OperandType:
    """The type of an argument as it is shown: untyped ones are as wide as the operand."""
    if not isinstance(type_.type, Untyped):
        return type_
    return operand_types(Untyped(operand.width), type_.model)[0]


def result_of(
    signature: Signature,
    operands: Sequence[Operand],
    n: int,
    type_: OperandType,
    describe: Describe,
) -> int:
    """The bits of a result, which must be a value of the declared width."""
    subject = f"result {n + 1} of {signature.name}()" if n else f"the result of {signature.name}()"
    if n >= len(operands):
        raise ResultError(f"{subject} is missing: the guest returned {len(operands)}")
    operand = operands[n]
    if operand.special:
        raise NaRFault(f"{subject} is {describe(operand)}")
    if operand.width != type_.size:
        raise ResultError(
            f"{subject} is declared {type_.spelling}, {type_.size} bytes, and the guest returned "
            f"{operand.width}"
        )
    return operand.payload


def undeclared_result(name: str, operand: Operand, describe: Describe) -> int:
    """A result that nothing declares, as a signed integer; NaRFault for a special."""
    if operand.special:
        raise NaRFault(f"{name}() returned {describe(operand)}")
    return signed(operand)


def signed(operand: Operand) -> int:
    """The payload as a two's complement integer."""
    half = 1 << (8 * operand.width - 1)
    return (operand.payload ^ half) - half
