"""The border of belt guests: operands with metadata to Python values, and the other way round.

Operands cross in the cell OPERANDS, as a list. Marshalling is the border's: a `BeltConvention`
places each operand in a register of its own, 128 bits wide, and these registers are made from
the list and made into one. What is added here is the metadata: a parameter that wants a plain
Python value refuses specials and other widths, `OutcallArg` shows them, and results and
arguments may be them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import field, frozen

from conasm.ctypes import DataModel
from simfw.belt.argument import BeltArg, Describe, special_of
from simfw.belt.incoming import ArgumentReader, check_results, places_of, undeclared_result
from simfw.belt.metadata import Passed, meta, operands_of, passed_of
from simfw.belt.micro import OPERANDS
from simfw.belt.outgoing import packed_results, result_packer, specials_among
from simfw.border.backcall import PackArguments, UnpackResult, pack_arguments, unpack_result
from simfw.border.loans import Borrower
from simfw.border.outcall import PackResult, UnpackArguments
from simfw.convention import Crossing, GuestMemory, Placement, Register
from simfw.signature import Parameter, Signature
from simfw.types import OperandType, Untyped

_EXACT = frozenset({int, bool, float, str, bytes})
"""Python types whose values all cross alike."""


@frozen(eq=False)
class BeltCrossing:
    """The four pieces of the border for belt guests; see `simfw.border`."""

    convention: BeltConvention

    def unpack_arguments(
        self, signature: Signature, receivers: Sequence[object] | None
    ) -> UnpackArguments:
        """From the operands to the values for the host's function."""
        return ArgumentReader(signature, receivers, self.convention, self.convention.describe).read

    def pack_result(self, signature: Signature) -> PackResult:
        """From what the host's function returned to operands; a tuple where there are several."""
        packers = [result_packer(signature, type_) for type_ in signature.returned]

        def pack(x: list[Any], memory: GuestMemory, value: object) -> None:
            del memory
            x[OPERANDS] = packed_results(signature, packers, value)

        return pack

    def pack_arguments(self, signature: Signature) -> PackArguments:
        """From the host's values to operands; untyped integers are of width w.

        A None, a NaR, or an outcall's argument that is one is passed as such.
        """
        base = pack_arguments(signature, self.convention)
        types, places = signature.arguments, places_of(signature)
        plain, masks = _plain_metas(types), [(1 << type_.bits) - 1 for type_ in types]

        def pack(
            x: list[Any],
            memory: GuestMemory,
            sp: int,
            args: Sequence[object],
            borrower: Borrower | None = None,
            /,
        ) -> int:
            registers = [0] * len(masks)
            specials = specials_among(signature, args)
            if specials:
                args = [0 if n in specials else arg for n, arg in enumerate(args)]
            frame = base(registers, memory, sp, args, borrower)
            passed = plain, tuple([a & b for a, b in zip(registers, masks, strict=True)])
            if specials:
                operands = operands_of(passed)
                for n, special in specials.items():
                    operands[places[n][0]] = special
                passed = passed_of(operands)
            x[OPERANDS] = passed
            return frame

        return pack

    def unpack_result(self, signature: Signature) -> UnpackResult:
        """From the function's results to a value, a tuple of several, or None."""
        singles = [
            unpack_result(_only(signature, n), self.convention)
            for n in range(len(signature.results))
        ]
        returned, describe = signature.returned, self.convention.describe
        plain = _plain_metas(returned)

        def unpack(x: list[Any]) -> Any:
            passed: Passed = x[OPERANDS]
            metas, payloads = passed
            if not metas.startswith(plain):
                check_results(signature, operands_of(passed), returned, describe)
            values = [single([bits]) for single, bits in zip(singles, payloads, strict=False)]
            return _as_result(values)

        return unpack

    def undeclared_call(self, name: str, result: str | None) -> tuple[PackArguments, UnpackResult]:
        """Both functions for a function that nothing declares: ints are w, a float is a double.

        An outcall's argument is passed as wide as it is. The result is what the function returns,
        integers read as signed.
        """
        known: dict[tuple[type, ...], PackArguments] = {}

        def pack(
            x: list[Any],
            memory: GuestMemory,
            sp: int,
            args: Sequence[object],
            borrower: Borrower | None = None,
            /,
        ) -> int:
            kinds = tuple(map(type, args))
            found = known.get(kinds)
            if found is None:
                found = self.pack_arguments(self._guessed(name, args))
                if _EXACT.issuperset(kinds):
                    known[kinds] = found
            return found(x, memory, sp, args, borrower)

        if result is not None:
            typed = Signature.of_values(name, (), self.convention.model, result)
            return pack, self.unpack_result(typed)
        describe = self.convention.describe

        def unpack(x: list[Any]) -> Any:
            operands = operands_of(x[OPERANDS])
            return _as_result([undeclared_result(name, one, describe) for one in operands])

        return pack, unpack

    def _guessed(self, name: str, args: Sequence[object]) -> Signature:
        """The signature that arguments without a declaration have."""
        values = [arg if special_of(arg, 4) is None else 0 for arg in args]
        signature = Signature.of_values(name, values, self.convention.model, "void")
        parameters = tuple(
            Parameter(Untyped(arg.width if isinstance(arg, BeltArg) else 4))
            if isinstance(parameter.type, Untyped)
            else parameter
            for arg, parameter in zip(args, signature.parameters, strict=True)
        )
        return Signature(name, parameters, (), self.convention.model)


def _plain_metas(types: Iterable[OperandType]) -> bytes:
    return bytes(meta(type_.size) for type_ in types)


def _as_result(values: Sequence[object]) -> object:
    return tuple(values) if len(values) > 1 else values[0] if values else None


def _only(signature: Signature, n: int) -> Signature:
    """The signature with one of its results."""
    return Signature(signature.name, (), signature.results[n : n + 1], signature.model)


@frozen(eq=False)
class BeltConvention:
    """Each operand of a call in a register of its own. `describe` puts operands into words."""

    describe: Describe = field(default=str, repr=False)
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
