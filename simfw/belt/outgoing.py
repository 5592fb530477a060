"""From the host to the belt: what becomes of results and arguments, specials among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from simfw.belt.argument import BeltArg, special_of
from simfw.belt.metadata import NO_OPERANDS, SPECIAL, Operand, Passed, meta
from simfw.belt.specials import NaR, NoneOperand
from simfw.errors import ArgumentError, ResultError, ResultRangeError
from simfw.signature import Signature
from simfw.types import OperandType, operand_types
from simfw.values import Mistakes, encoder

Pack = Callable[[object], tuple[int, int]]
"""From a value to the meta and the payload of an operand."""


def result_packer(signature: Signature, type_: OperandType) -> Pack:
    """What makes the operand of one result."""
    subject = f"the result of {signature.name}()"
    advice = "return one, or NONE, or NaR(…)"
    encode = encoder(type_, Mistakes(subject, ResultError, ResultRangeError, advice))
    size, mask, plain = type_.size, (1 << type_.bits) - 1, meta(type_.size)

    def pack(value: object) -> tuple[int, int]:
        special = special_of(value, size)
        if special is None:
            return plain, encode(value) & mask
        if special.width != size:
            raise ResultError(f"{subject}: {value!r} is not {size} bytes wide")
        return meta(size, SPECIAL), special.payload

    return pack


def packed_results(signature: Signature, packers: Sequence[Pack], value: object) -> Passed:
    """The operands of all results: of one value, of a tuple of several, or of None."""
    if len(packers) == 1:
        known, payload = packers[0](value)
        return bytes((known,)), (payload,)
    if not packers:
        if value is not None:
            raise ResultError(f"{signature.name}() is declared void but returned {value!r}")
        return NO_OPERANDS
    if not isinstance(value, tuple) or len(cast("tuple[object, ...]", value)) != len(packers):
        raise ResultError(
            f"{signature.name}() is declared with {len(packers)} results; return a tuple of them"
        )
    values = cast("tuple[object, ...]", value)
    packed = [pack(one) for pack, one in zip(packers, values, strict=True)]
    return bytes(known for known, _ in packed), tuple(payload for _, payload in packed)


def specials_among(signature: Signature, args: Sequence[object]) -> dict[int, Operand]:
    """The arguments that are specials, by place. Raises ArgumentError where none can be."""
    found: dict[int, Operand] = {}
    for n, (arg, parameter) in enumerate(zip(args, signature.parameters, strict=False)):
        if not isinstance(arg, NaR | NoneOperand | BeltArg):
            continue
        sizes = [type_.size for type_ in operand_types(parameter.type, signature.model)]
        special = special_of(arg, sizes[0])
        if special is None:
            continue
        if sizes != [special.width]:
            raise ArgumentError(
                f"{signature.parameter_label(n + 1)} is declared {parameter.type.spelling}; "
                f"{special} cannot be passed for it"
            )
        found[n] = special
    return found
