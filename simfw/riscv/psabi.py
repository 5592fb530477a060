"""Conventions of RISC-V guests: the ELF psABI's integer convention, and that of system calls.

The integer convention (RISC-V ELF psABI, "Integer Calling Convention"), for XLEN 32 and 64:

* Arguments go to a0…a7 (x10…x17) in order, and then to the stack, the first at offset 0.
* A scalar of 2×XLEN takes two registers, the low half in the first; the pair need not start at
  an even register (only variadic arguments do). With one register left the high half is on the
  stack.
* A stack argument is aligned to its own alignment, but at least to XLEN.
* Results go where a first argument of their type would: a0, or a0 and a1.
* Floating-point values go the same way where the ABI has no floating-point registers for them.

System calls take a0…a6, with the number in a7, and have no stack; the result is in a0.
"""

from __future__ import annotations

from attrs import field, frozen, validators

from conasm.ctypes import DataModel, Kind
from simfw.convention import Part, Placement, Register, StackSlot
from simfw.signature import Signature
from simfw.types import OperandType

FIRST_ARGUMENT = 10  # a0
STACK_POINTER = 2
STACK_ALIGNMENT = 16
WIDENING_BITS = 32

_CALL_REGISTERS = 8  # a0…a7
_SYSCALL_REGISTERS = 7  # a0…a6


@frozen
class IntegerConvention:
    """Ordinary calls of a guest with registers of `xlen` bits.

    `float_bits` is ABI_FLEN, the widest floating-point value that the guest's ABI passes in
    floating-point registers: 0 for ilp32 and lp64, 32 for …f, 64 for …d. Values of such types
    are refused; wider ones go by the integer rules, as the psABI says.
    """

    xlen: int = field(validator=validators.in_((32, 64)))
    float_bits: int = field(default=0, validator=validators.in_((0, 32, 64)))
    widening_bits: int = field(default=WIDENING_BITS, init=False)
    stack_pointer: int = field(default=STACK_POINTER, init=False)
    stack_alignment: int = field(default=STACK_ALIGNMENT, init=False)

    @property
    def crossing(self) -> None:
        """Operands are bits in registers and on the stack."""
        return None

    @property
    def model(self) -> DataModel:
        """ILP32 or LP64."""
        return DataModel(self.xlen // 8)

    def place(self, signature: Signature) -> Placement:
        """Assign places; raises BindError for types that this convention does not pass."""
        self._check_floats(signature)
        _check_sizes(signature, self.xlen)
        cursor = _Cursor(self.xlen, _CALL_REGISTERS)
        arguments = tuple(cursor.take(type_) for type_ in signature.arguments)
        return Placement(arguments, _place_results(signature, self.xlen), cursor.offset)

    def _check_floats(self, signature: Signature) -> None:
        for type_ in (*signature.returned, *signature.arguments):
            if type_.kind is Kind.FLOAT and type_.bits <= self.float_bits:
                raise signature.mistake(
                    f"the image passes {type_.spelling} in floating-point registers, which "
                    "simfw does not do yet; build the guest with -mabi=ilp32 or lp64, or pass "
                    "a pointer to the value"
                )


@frozen
class SyscallConvention:
    """System calls of a guest with registers of `xlen` bits; all operands are in registers."""

    xlen: int = field(validator=validators.in_((32, 64)))
    widening_bits: int = field(default=WIDENING_BITS, init=False)
    stack_pointer: int = field(default=STACK_POINTER, init=False)
    stack_alignment: int = field(default=STACK_ALIGNMENT, init=False)

    @property
    def crossing(self) -> None:
        """Operands are bits in registers and on the stack."""
        return None

    @property
    def model(self) -> DataModel:
        """ILP32 or LP64."""
        return DataModel(self.xlen // 8)

    def place(self, signature: Signature) -> Placement:
        """Assign registers; raises BindError when there are too few of them."""
        _check_sizes(signature, self.xlen)
        cursor = _Cursor(self.xlen, _SYSCALL_REGISTERS)
        arguments = tuple(cursor.take(type_) for type_ in signature.arguments)
        if cursor.offset:
            raise signature.mistake(
                f"a system call has {_SYSCALL_REGISTERS} registers for arguments (a0…a6), and "
                f"these need {sum(map(len, arguments))}; pass a pointer to a structure, or "
                "declare the outcall without syscall()"
            )
        return Placement(arguments, _place_results(signature, self.xlen), 0)


class _Cursor:
    """The next free argument register, and the next free byte of the stack."""

    def __init__(self, xlen: int, registers: int) -> None:
        self.slot = xlen // 8
        self.free = registers
        self.register = FIRST_ARGUMENT
        self.offset = 0

    def take(self, type_: OperandType) -> tuple[Part, ...]:
        """The parts of one argument: registers while there are any, then the stack."""
        count = max(1, type_.size // self.slot)
        if not self.free:
            alignment = max(self.slot, min(type_.size, STACK_ALIGNMENT))
            self.offset = -(-self.offset // alignment) * alignment
        return tuple(self._take_part() for _ in range(count))

    def _take_part(self) -> Part:
        if self.free:
            self.free -= 1
            self.register += 1
            return Register(self.register - 1)
        self.offset += self.slot
        return StackSlot(self.offset - self.slot)


def _place_results(signature: Signature, xlen: int) -> tuple[tuple[Part, ...], ...]:
    if len(signature.returned) > 1:
        raise signature.mistake(
            f"{len(signature.returned)} results are for belt guests; a RISC-V function returns one"
        )
    return tuple(_Cursor(xlen, _CALL_REGISTERS).take(type_) for type_ in signature.returned)


def _check_sizes(signature: Signature, xlen: int) -> None:
    if signature.model is not DataModel(xlen // 8):
        raise signature.mistake(f"sized for {signature.model.name}, but registers have {xlen} bits")
    for type_ in (*signature.returned, *signature.arguments):
        if type_.bits > 2 * xlen:
            raise signature.mistake(
                f"{type_.spelling} is wider than two registers of {xlen} bits, so it passes by "
                "reference; declare a pointer"
            )
