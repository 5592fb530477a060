"""What a parameter of an outcall's function may receive: one row for each annotation.

    annotation    of parameters declared as                     what the function gets
    OutcallArg    anything                                      the operand itself
    int           integers, bool, pointers, untyped             the value; a pointer's address
    bool          bool, untyped                                 True or False, checked
    float         float, double                                 the value
    str           const char* and other char*, bytes, untyped   the text, as UTF-8, checked
    bytes         bytes, const char*                            a copy; of text up to its NUL
    memoryview    bytes                                         a read-only view, no copy

A `Reader` gets one parameter's value from registers and memory. Readers of operands that lie in
one register are the usual ones and do that in one step; others fetch first and convert then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from attrs import evolve, frozen

from conasm.ctypes import CType, Kind
from simfw.border.places import Fetch, fetcher
from simfw.convention import Convention, GuestMemory, Part, Register, Registers
from simfw.errors import MemoryFault
from simfw.operand import BytesArg, Guard, OutcallArg
from simfw.types import GuestType, OperandType, Untyped, is_text
from simfw.values import decoder

Reader = Callable[[Registers, GuestMemory, Guard], object]


@frozen(eq=False)
class Incoming:
    """One parameter as the guest passes it: its operands, and the parts in which each lies."""

    declared: GuestType
    operands: tuple[OperandType, ...]
    parts: tuple[tuple[Part, ...], ...]
    convention: Convention
    label: str

    @property
    def kind(self) -> Kind:
        """The kind of the declared type; an untyped operand is an integer."""
        return self.declared.kind if isinstance(self.declared, CType) else Kind.INTEGER

    @property
    def fills_register(self) -> bool:
        """Whether it is one operand as wide as a register, as an address is."""
        return len(self.operands) == 1 and self.operands[0].bits == self.convention.xlen

    @property
    def is_untyped(self) -> bool:
        """Whether the declaration says no more than a width."""
        return isinstance(self.declared, Untyped)

    def fetches(self) -> tuple[Fetch, ...]:
        """For each operand the function that fetches its bits."""
        pairs = zip(self.parts, self.operands, strict=True)
        return tuple(fetcher(parts, type_, self.convention) for parts, type_ in pairs)

    def register(self) -> int | None:
        """The register that holds all of it, if there is one."""
        if len(self.parts) == 1 and len(self.parts[0]) == 1:
            (part,) = self.parts[0]
            return part.index if isinstance(part, Register) else None
        return None


@frozen(eq=False)
class Receiver:
    """What an annotation accepts, and how its reader is made."""

    accepts: Callable[[Incoming], bool]
    reader: Callable[[Incoming], Reader]


def _read_operand(incoming: Incoming) -> Reader:
    if incoming.kind is Kind.BYTES:
        return _read_bytes_operand(incoming)
    (type_,), index = incoming.operands, incoming.register()
    mask = (1 << type_.bits) - 1
    if index is None:
        (fetch,) = incoming.fetches()
        return lambda x, memory, guard: OutcallArg(fetch(x, memory), type_, memory, guard)
    if incoming.fills_register:
        return lambda x, memory, guard: OutcallArg(x[index], type_, memory, guard)
    return lambda x, memory, guard: OutcallArg(x[index] & mask, type_, memory, guard)


def _read_bytes_operand(incoming: Incoming) -> Reader:
    address, length = incoming.fetches()
    type_ = evolve(incoming.operands[0], type=incoming.declared, kind=Kind.BYTES)

    def read(x: Registers, memory: GuestMemory, guard: Guard) -> BytesArg:
        return BytesArg(address(x, memory), type_, memory, guard, length(x, memory))

    return read


def _read_int(incoming: Incoming) -> Reader:
    (type_,), index = incoming.operands, incoming.register()
    if index is None or type_.kind is Kind.BOOL:
        return _read_value(incoming, int)
    mask, half = (1 << type_.bits) - 1, 1 << (type_.bits - 1)
    if type_.signed:
        return lambda x, memory, guard: ((x[index] & mask) ^ half) - half
    if incoming.fills_register:
        return lambda x, memory, guard: x[index]
    return lambda x, memory, guard: x[index] & mask


def _read_value(incoming: Incoming, convert: Callable[[int | float], object]) -> Reader:
    (fetch,) = incoming.fetches()
    decode = decoder(incoming.operands[0], incoming.label)
    return lambda x, memory, guard: convert(decode(fetch(x, memory)))


def _read_float(incoming: Incoming) -> Reader:
    return _read_value(incoming, float)


def _read_bool(incoming: Incoming) -> Reader:
    as_bool = evolve(incoming.operands[0], kind=Kind.BOOL)
    return _read_value(evolve(incoming, operands=(as_bool,)), bool)


def _read_str(incoming: Incoming) -> Reader:
    if incoming.kind is Kind.BYTES:
        return _read_counted(incoming, lambda view: str(view, "utf-8"))
    return _read_pointed(incoming, lambda memory, address: memory.cstr(address))


def _read_bytes(incoming: Incoming) -> Reader:
    if incoming.kind is Kind.BYTES:
        return _read_counted(incoming, bytes)
    return _read_pointed(incoming, lambda memory, address: memory.cstr_bytes(address))


def _read_memoryview(incoming: Incoming) -> Reader:
    return _read_counted(incoming, lambda view: view)


def _read_pointed(incoming: Incoming, follow: Callable[[GuestMemory, int], object]) -> Reader:
    """A reader of what lies at an address; its faults name the parameter."""
    (fetch,), label = incoming.fetches(), incoming.label

    def read(x: Registers, memory: GuestMemory, guard: Guard) -> object:
        try:
            return follow(memory, fetch(x, memory))
        except MemoryFault as fault:
            raise _blamed(fault, label) from None

    return read


def _read_counted(incoming: Incoming, convert: Callable[[memoryview[int]], object]) -> Reader:
    """A reader of the bytes at an address with a length; its faults name the parameter."""
    (address, length), label = incoming.fetches(), incoming.label

    def read(x: Registers, memory: GuestMemory, guard: Guard) -> object:
        start = address(x, memory)
        try:
            return convert(memory.slice(start, length(x, memory)))
        except MemoryFault as fault:
            raise _blamed(fault, label) from None
        except UnicodeDecodeError as error:
            raise MemoryFault(
                f"{label} is not UTF-8: {error.reason} at byte {error.start}",
                address=start + error.start,
                advice="a parameter annotated bytes receives any",
            ) from None

    return read


def _blamed(fault: MemoryFault, label: str) -> MemoryFault:
    fault.cause = f"{label}: {fault.cause}"
    return fault


def _accepts(*kinds: Kind) -> Callable[[Incoming], bool]:
    return lambda incoming: incoming.kind in kinds


RECEIVERS: Mapping[object, Receiver] = MappingProxyType(
    {
        OutcallArg: Receiver(lambda incoming: True, _read_operand),
        int: Receiver(_accepts(Kind.INTEGER, Kind.BOOL, Kind.POINTER, Kind.TEXT), _read_int),
        bool: Receiver(lambda it: it.kind is Kind.BOOL or it.is_untyped, _read_bool),
        float: Receiver(_accepts(Kind.FLOAT), _read_float),
        str: Receiver(
            lambda it: (
                is_text(it.declared)
                or it.kind is Kind.BYTES
                or (it.is_untyped and it.fills_register)
            ),
            _read_str,
        ),
        bytes: Receiver(_accepts(Kind.BYTES, Kind.TEXT), _read_bytes),
        memoryview: Receiver(_accepts(Kind.BYTES), _read_memoryview),
    }
)
"""Annotations, in the order in which messages offer them."""
