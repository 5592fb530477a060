"""Types at the border: what `conasm.ctypes` says about C types, made exact for one guest.

A parameter of a declaration has a `GuestType`: a C type, or `Untyped` where the declaration names
none. An `OperandType` is one *guest argument* or result: kind, size, sign and range, once the
data model is known. Each type is one operand, except `bytes`, which is two (an address and a
`size_t`), and `void`, which is none. Whatever places, checks or converts works on operands.
"""

from __future__ import annotations

from functools import lru_cache

from attrs import field, frozen, validators

from conasm.ctypes import CType, DataModel, Kind, parse_type
from conasm.errors import TypeSpellingError
from conasm.widths import LETTERS
from simfw.errors import BindError


@frozen
class Untyped:
    """An operand of which only the width is known, in bytes: 1, 2, 4, 8 or 16.

    Of the host it takes what either sign can hold, for four bytes −2³¹ … 2³²−1; to the host it
    gives a signed value. `OutcallArg` offers both readings.
    """

    width: int = field(validator=validators.in_(LETTERS))

    @property
    def spelling(self) -> str:
        """How messages name it."""
        return f"untyped {LETTERS[self.width]}"


GuestType = CType | Untyped
"""What a declaration says of a parameter or a result."""


@frozen
class OperandType:
    """One guest argument or result, `size` bytes wide.

    `signed` is how the host reads it. `low` and `high` bound what the host may give for it, both
    inclusive; they mean nothing for floating-point kinds. An untyped operand is of kind integer.
    """

    type: GuestType
    model: DataModel
    kind: Kind
    size: int
    signed: bool
    low: int
    high: int

    @property
    def spelling(self) -> str:
        """How messages name it."""
        return self.type.spelling

    @property
    def bits(self) -> int:
        """The width in bits."""
        return 8 * self.size

    @property
    def is_address(self) -> bool:
        """Whether it is a pointer of any sort."""
        return self.kind in (Kind.POINTER, Kind.TEXT, Kind.BYTES)

    @property
    def range(self) -> str:
        """What the host may give, in words."""
        return f"binary{self.bits}" if self.kind is Kind.FLOAT else f"{self.low} … {self.high}"


def register_wide(model: DataModel) -> Untyped:
    """The untyped operand that fills one register of the guest."""
    return Untyped(model.value)


@lru_cache(maxsize=1024)
def operand_types(type_: GuestType, model: DataModel) -> tuple[OperandType, ...]:
    """The guest arguments of a type, in order.

    Raises BindError for structures, unions, enumerations and typedefs, which only the guest's
    debug information describes.
    """
    if isinstance(type_, Untyped):
        half = 1 << (8 * type_.width - 1)
        return (OperandType(type_, model, Kind.INTEGER, type_.width, True, -half, 2 * half - 1),)
    if type_.kind is Kind.VOID:
        return ()
    if type_.kind is Kind.BYTES:
        return (*_parse("const void*", model), *_parse("size_t", model))
    try:
        size = type_.size(model)
    except TypeSpellingError:
        raise BindError(
            f"{type_.spelling} cannot cross the border yet: its size and layout are known to the "
            "guest only; declare a pointer to it (an address for the host), or the C type that "
            "it stands for"
        ) from None
    low, high = _integer_range(type_, size)
    return (OperandType(type_, model, type_.kind, size, type_.signed, low, high),)


def _parse(spelling: str, model: DataModel) -> tuple[OperandType, ...]:
    return operand_types(parse_type(spelling), model)


def _integer_range(type_: CType, size: int) -> tuple[int, int]:
    if type_.kind is Kind.BOOL:
        return 0, 1
    span = 1 << (8 * size)
    return (-(span >> 1), (span >> 1) - 1) if type_.signed else (0, span - 1)


def is_text(type_: GuestType) -> bool:
    """Whether text may stand for it: `const char*`, or any other pointer to `char`."""
    if isinstance(type_, Untyped):
        return False
    pointee = type_.pointee
    return type_.kind is Kind.TEXT or (pointee is not None and pointee.spelling == "char")
