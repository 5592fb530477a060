"""From the belt to the host: what values are made of operands, and which cannot be.

How an outcall's arguments are read depends on their metas: `ArgumentReader` finds that out when it
meets them first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from simfw.belt.argument import BeltArg, Describe
from simfw.belt.metadata import INVALID, SPECIAL, Operand, meta, operands_of, width_of
from simfw.belt.micro import OPERANDS
from simfw.border.outcall import argument_readers
from simfw.border.receivers import Reader
from simfw.convention import Convention, GuestMemory
from simfw.errors import ArgumentError, NaRFault, ResultError
from simfw.operand import UNGUARDED, Guard, OutcallArg
from simfw.signature import Parameter, Signature
from simfw.types import OperandType, Untyped, operand_types

MOST_KNOWN = 256
"""Combinations of metas that a reader remembers."""

_MISSING = bytes([meta(1, SPECIAL)])


class ArgumentReader:
    """Reads the arguments of one outcall; an `UnpackArguments`.

    Raises BindError, when it is made, where the function cannot receive what is declared.
    """

    def __init__(
        self,
        signature: Signature,
        receivers: Sequence[object] | None,
        convention: Convention,
        describe: Describe,
    ) -> None:
        wanted = (None,) * len(signature.parameters) if receivers is None else receivers
        self._receivers = [None if kind is OutcallArg else kind for kind in wanted]
        argument_readers(signature, convention, self._receivers)
        self._signature, self._convention, self._describe = signature, convention, describe
        self._places = places_of(signature)
        self._count = len(signature.arguments)
        self._known: dict[bytes, list[Reader]] = {}

    def read(
        self, x: list[Any], memory: GuestMemory, guard: Guard = UNGUARDED, /
    ) -> tuple[object, ...]:
        """The values for the host's function.

        Raises NaRFault for a NaR, and ArgumentError for a None and for another width than
        declared, where the function takes a plain value.
        """
        metas, payloads = x[OPERANDS]
        if len(payloads) < self._count:
            payloads += (INVALID,) * (self._count - len(payloads))
        readers = self._known.get(metas) or self._find(metas, payloads)
        return tuple([read(payloads, memory, guard) for read in readers])

    def _find(self, metas: bytes, payloads: tuple[int, ...]) -> list[Reader]:
        """The readers for operands of these metas."""
        padded = metas.ljust(self._count, _MISSING)[: self._count]
        self._check(operands_of((padded, payloads[: self._count])))
        found = argument_readers(self._as_wide(padded), self._convention, self._receivers)
        types = self._signature.arguments
        for n, places in enumerate(self._places):
            if self._receivers[n] is None and len(places) == 1:
                place = places[0]
                found[n] = self._shown(place, padded[place], types[place])
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[metas] = found
        return found

    def _as_wide(self, metas: bytes) -> Signature:
        """The signature with untyped operands as wide as they are."""
        parameters = [
            Parameter(Untyped(width_of(metas[places[0]])), parameter.name)
            if isinstance(parameter.type, Untyped)
            else parameter
            for parameter, places in zip(self._signature.parameters, self._places, strict=True)
        ]
        return evolve(self._signature, parameters=tuple(parameters))

    def _shown(self, place: int, known: int, declared: OperandType) -> Reader:
        type_, describe = declared, self._describe
        if isinstance(declared.type, Untyped):
            type_ = operand_types(Untyped(width_of(known)), declared.model)[0]

        def read(payloads: Sequence[int], memory: GuestMemory, guard: Guard) -> BeltArg:
            return BeltArg(payloads[place], known, type_, memory, guard, describe)

        return read

    def _check(self, operands: Sequence[Operand]) -> None:
        types = self._signature.arguments
        for receiver, places in zip(self._receivers, self._places, strict=True):
            for place in places:
                operand, type_ = operands[place], types[place]
                label = f"operand {place + 1} of {self._signature.name}()"
                if receiver is not None or len(places) > 1:
                    self._check_plain(label, operand)
                is_typed = not isinstance(type_.type, Untyped)
                if is_typed and not operand.special and operand.width != type_.size:
                    raise ArgumentError(
                        f"{label} is declared {type_.spelling}, {type_.size} bytes, and the guest "
                        f"passed {operand.width}: widen or narrow it there"
                    )

    def _check_plain(self, label: str, operand: Operand) -> None:
        if operand.is_nar:
            described = self._describe(operand)
            raise NaRFault(f"{label} is {described}; only an OutcallArg can take it")
        if operand.is_none:
            described = self._describe(operand)
            raise ArgumentError(
                f"{label} is {described}; annotate the parameter OutcallArg to take it"
            )


def places_of(signature: Signature) -> list[tuple[int, ...]]:
    """For each parameter, which operands are its own."""
    found: list[tuple[int, ...]] = []
    place = 0
    for parameter in signature.parameters:
        count = len(operand_types(parameter.type, signature.model))
        found.append(tuple(range(place, place + count)))
        place += count
    return found


def check_results(
    signature: Signature,
    operands: Sequence[Operand],
    types: Sequence[OperandType],
    describe: Describe,
) -> None:
    """Raise NaRFault for specials, and ResultError for what is missing or of another width."""
    for n, type_ in enumerate(types):
        which = f"result {n + 1}" if n else "the result"
        subject = f"{which} of {signature.name}()"
        if n >= len(operands):
            raise ResultError(f"{subject} is missing: the guest returned {len(operands)}")
        operand = operands[n]
        if operand.special:
            raise NaRFault(f"{subject} is {describe(operand)}")
        if operand.width != type_.size:
            raise ResultError(
                f"{subject} is declared {type_.spelling}, {type_.size} bytes, and the guest "
                f"returned {operand.width}"
            )


def undeclared_result(name: str, operand: Operand, describe: Describe) -> int:
    """A result that nothing declares, as a signed integer; NaRFault for a special."""
    if operand.special:
        raise NaRFault(f"{name}() returned {describe(operand)}")
    half = 1 << (8 * operand.width - 1)
    return (operand.payload ^ half) - half
