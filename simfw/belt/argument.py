"""`BeltArg`: an operand of the belt as an outcall's argument, and how specials cross back."""

from __future__ import annotations

from collections.abc import Callable

from simfw.belt.kinds import NONE_FLAG, NaRKind
from simfw.belt.metadata import SPECIAL, Operand, operand, width_of
from simfw.belt.specials import NaR, NoneOperand
from simfw.convention import GuestMemory
from simfw.errors import NaRFault
from simfw.operand import Guard, Number, OutcallArg
from simfw.types import OperandType

Binary = float  # the property of this name hides the builtin in annotations

Describe = Callable[[Operand], str]
"""An operand in words; of a special they say which operation made it."""


class BeltArg(OutcallArg):
    """An operand of the belt as an outcall's argument: it may be a None or a NaR.

    What asks for the value of one that is raises NaRFault.
    """

    __slots__ = ("_describe", "_meta")

    def __init__(
        self,
        payload: int,
        meta: int,
        type_: OperandType,
        memory: GuestMemory,
        guard: Guard,
        describe: Describe,
    ) -> None:
        super().__init__(payload, type_, memory, guard)
        self._meta = meta
        self._describe = describe

    @property
    def operand(self) -> Operand:
        """The operand itself."""
        return operand(self._meta, self._bits)

    @property
    def width(self) -> int:
        """Bytes of the operand."""
        return width_of(self._meta)

    @property
    def is_none(self) -> bool:
        """Whether it is a None."""
        return self.operand.is_none

    @property
    def is_nar(self) -> bool:
        """Whether it is a NaR."""
        return self.operand.is_nar

    @property
    def kind(self) -> NaRKind | None:
        """Why it is a NaR; None for anything else."""
        return self.operand.kind

    @property
    def where(self) -> int | None:
        """The number of the operation that made the special; None for values."""
        return self.operand.origin

    @property
    def value(self) -> Number:
        """The operand in its declared type; an untyped one's is signed."""
        self._realise()
        return super().value

    @property
    def unsigned(self) -> int:
        """The bits as an unsigned integer."""
        self._realise()
        return super().unsigned

    @property
    def signed(self) -> int:
        """The bits as a two's complement integer."""
        self._realise()
        return super().signed

    @property
    def float(self) -> Binary:
        """The bits as a binary32 or binary64; ArgumentError unless it has 4 or 8 bytes."""
        self._realise()
        return super().float

    @property
    def address(self) -> int:
        """The bits as an address; RangeError for operands wider than the guest's addresses."""
        self._realise()
        return super().address

    def as_(self, type_: str) -> Number:
        """The low bits read as another C type of the same or a smaller width."""
        self._realise()
        return super().as_(type_)

    def __bool__(self) -> bool:
        self._realise()
        return super().__bool__()

    def _realise(self) -> None:
        if self._meta & SPECIAL:
            described = self._describe(self.operand)
            raise NaRFault(f"an outcall needs the value of an operand that is {described}")

    def __repr__(self) -> str:
        return f"OutcallArg({self.operand})"


def special_of(value: object, size: int) -> Operand | None:
    """The special that a value of the host's stands for, so wide if it is new; None for others."""
    if isinstance(value, NoneOperand):
        return Operand(NONE_FLAG, size, special=True)
    if isinstance(value, NaR):
        return Operand(value.kind.value, size, special=True)
    if isinstance(value, BeltArg) and value.operand.special:
        return value.operand
    return None
