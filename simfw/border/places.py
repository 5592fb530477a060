"""Moving operands between Python integers and the places that a convention gives them.

A `Fetch` collects the parts of one operand into an integer as wide as the operand, ignoring the
bits of a register above it: a guest that leaves rubbish there does no harm. An image is the
reverse: the bits that fill an operand's registers or stack slots, widened as the convention asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simfw.convention import Convention, GuestMemory, Part, Register, Registers
from simfw.types import OperandType
from simfw.values import Encoder, Mistakes, encoder

Fetch = Callable[[Registers, GuestMemory], int]
Gather = Callable[[Registers], int]


def register_numbers(parts: Sequence[Part]) -> tuple[int, ...] | None:
    """The registers of an operand that lies in registers alone; otherwise None."""
    indices = tuple(part.index for part in parts if isinstance(part, Register))
    return indices if len(indices) == len(parts) else None


def gatherer(indices: Sequence[int], type_: OperandType, convention: Convention) -> Gather:
    """The function that reads an operand of `type_` from these registers, low bits first."""
    xlen = convention.xlen
    if len(indices) == 2:
        low, high = indices
        return lambda x: x[low] | x[high] << xlen
    (index,) = indices
    if type_.bits == xlen:
        return lambda x: x[index]
    mask = (1 << type_.bits) - 1
    return lambda x: x[index] & mask


def fetcher(parts: Sequence[Part], type_: OperandType, convention: Convention) -> Fetch:
    """The function that reads an operand of `type_` wherever its parts are."""
    indices = register_numbers(parts)
    if indices is not None:
        gather = gatherer(indices, type_, convention)
        return lambda x, memory: gather(x)
    every = tuple(_part_fetcher(part, convention) for part in parts)
    xlen, mask = convention.xlen, (1 << type_.bits) - 1

    def fetch(x: Registers, memory: GuestMemory) -> int:
        bits = 0
        for number, part in enumerate(every):
            bits |= part(x, memory) << (xlen * number)
        return bits & mask

    return fetch


def _part_fetcher(part: Part, convention: Convention) -> Fetch:
    if isinstance(part, Register):
        index = part.index
        return lambda x, memory: x[index]
    offset, size, sp = part.offset, convention.xlen // 8, convention.stack_pointer
    mask = (1 << convention.xlen) - 1
    return lambda x, memory: int.from_bytes(memory.read(x[sp] + offset & mask, size), "little")


def imager(type_: OperandType, convention: Convention, mistakes: Mistakes) -> Encoder:
    """The function from a value of the host to the image that fills the operand's places.

    The image of an operand of several parts has the first part in its low bits. Raises what
    `mistakes` says.
    """
    narrow, width = convention.widening_bits, max(convention.xlen, type_.bits)
    encode = encoder(type_, mistakes, width)
    if type_.bits > narrow or narrow == width or type_.high < 1 << (narrow - 1):
        return encode
    low, half, mask = (1 << narrow) - 1, 1 << (narrow - 1), (1 << width) - 1
    return lambda value: ((encode(value) & low) ^ half) - half & mask


def image_parts(image: int, count: int, xlen: int) -> tuple[int, ...]:
    """The register-wide parts of an image, lowest first."""
    mask = (1 << xlen) - 1
    return tuple(image >> (xlen * part) & mask for part in range(count))
