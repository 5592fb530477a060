"""The border of backcalls: Python values to guest operands, and the guest's result back.

`pack_arguments` and `unpack_result` run once, when a function is bound, and return the closure
that runs in every call. What a parameter takes:

    declared         the host may give
    integer types    an integer in range (anything with `__index__`)
    bool             bool, 0 or 1
    float, double    a number; an integer only where that loses nothing
    const char*      str (UTF-8) or bytes, a NUL is added; or an address
    char*            the same, but bytes may contain NULs
    T*               bytes or another buffer, passed by pointer; or an address
    bytes            bytes or another buffer, passed by pointer and length
    untyped          an integer in the range of either sign

Pushed data lives below the callee's frame and vanishes with it. What the callee writes there goes
back into a writable buffer (bytearray, array, writable memoryview) that was given for a `T*`,
when the function has returned and only then: not when the call raises. `bytes`, read-only
buffers, and what is given for a `const T*` or for `bytes` are passed one way.

An address is an int; NULL is 0, and None is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from simfw.border.loans import Borrower
from simfw.border.outgoing import Outgoing, plan
from simfw.border.places import gatherer, register_numbers
from simfw.border.pushes import Pushes
from simfw.convention import Convention, GuestMemory, Register, Registers, StackSlot
from simfw.errors import ArgumentError
from simfw.signature import Signature
from simfw.values import Encoder, decoder

UnpackResult = Callable[[Registers], int | float | None]

_MOST_PACKERS = 64  # combinations of argument types of one function that nothing declares


class PackArguments(Protocol):
    """From a call's arguments to registers and memory as the callee expects them."""

    def __call__(
        self,
        x: Registers,
        memory: GuestMemory,
        sp: int,
        args: Sequence[object],
        borrower: Borrower | None = None,
        /,
    ) -> int:
        """Put them below `sp`; gives the callee's stack pointer, for the caller to set.

        `borrower` gets the loans, if there are any: buffers to bring back after the call.

        Raises ArgumentError (count, types, text that cannot be passed), RangeError, or
        MemoryFault ("stack overflow"); then no register and no byte of memory has changed.
        """
        ...


def pack_arguments(signature: Signature, convention: Convention) -> PackArguments:
    """Make the function that puts a call's arguments where the callee looks for them.

    Raises BindError for what the convention does not pass.
    """
    outgoing = plan(signature, convention)
    plain = [
        (argument.register, argument.image)
        for argument in outgoing
        if argument.register is not None and argument.image is not None
    ]
    if len(plain) == len(outgoing):
        return _register_packer(signature, convention, plain)
    return _general_packer(signature, convention, outgoing)


def _register_packer(
    signature: Signature, convention: Convention, plain: Sequence[tuple[int, Encoder]]
) -> PackArguments:
    """Arguments that are numbers, in a register each: nothing is pushed. Two are spelled out."""
    align, count = -convention.stack_alignment, len(plain)

    def pack(
        x: Registers,
        memory: GuestMemory,
        sp: int,
        args: Sequence[object],
        borrower: Borrower | None = None,
        /,
    ) -> int:
        if len(args) != count:
            raise _wrong_count(signature, args)
        images = [image(value) for (_, image), value in zip(plain, args, strict=True)]
        for (index, _), content in zip(plain, images, strict=True):
            x[index] = content
        return sp & align

    if count != 2:
        return pack
    (first_index, first), (second_index, second) = plain

    def pack_two(
        x: Registers,
        memory: GuestMemory,
        sp: int,
        args: Sequence[object],
        borrower: Borrower | None = None,
        /,
    ) -> int:
        if len(args) != 2:
            raise _wrong_count(signature, args)
        low, high = first(args[0]), second(args[1])
        x[first_index] = low
        x[second_index] = high
        return sp & align

    return pack_two


def _general_packer(
    signature: Signature, convention: Convention, outgoing: Sequence[Outgoing]
) -> PackArguments:
    """Arguments of all sorts: every value is checked and converted before anything changes."""
    parts = [part for argument in outgoing for part in argument.parts]
    registers = [(n, part.index) for n, part in enumerate(parts) if isinstance(part, Register)]
    slots = [(n, part.offset) for n, part in enumerate(parts) if isinstance(part, StackSlot)]
    size, align = convention.place(signature).stack_size, convention.stack_alignment
    slot, subject = convention.xlen // 8, f"the call of {signature.name}()"
    converts, count = [argument.convert for argument in outgoing], len(outgoing)

    def pack(
        x: Registers,
        memory: GuestMemory,
        sp: int,
        args: Sequence[object],
        borrower: Borrower | None = None,
        /,
    ) -> int:
        if len(args) != count:
            raise _wrong_count(signature, args)
        pushes, images = Pushes(sp), list[int]()
        for convert, value in zip(converts, args, strict=True):
            images += convert(value, pushes)
        stack = ((offset, images[n].to_bytes(slot, "little")) for n, offset in slots)
        frame = pushes.settle(memory, stack, size, align, subject)
        for n, index in registers:
            x[index] = images[n]
        if pushes.loans and borrower is not None:
            borrower.loans = pushes.loans
        return frame

    return pack


def _wrong_count(signature: Signature, args: Sequence[object]) -> ArgumentError:
    count = len(signature.parameters)
    return ArgumentError(
        f"{signature} takes {count} argument{'' if count == 1 else 's'}, not {len(args)}"
    )


def unpack_result(signature: Signature, convention: Convention) -> UnpackResult:
    """Make the function that reads what the callee returned.

    It gives None for void, an address for pointers, and otherwise the value in the declared
    type. Raises GuestFault for a `bool` that is neither 0 nor 1.
    """
    parts = convention.place(signature).results
    if not parts:
        return lambda x: None
    (type_,), (places,) = signature.returned, parts
    gather = gatherer(register_numbers(places) or (), type_, convention)
    decode = decoder(type_, f"the result of {signature.name}()")
    return lambda x: decode(gather(x))


def undeclared_call(
    name: str, convention: Convention, result: str | None = None
) -> tuple[PackArguments, UnpackResult]:
    """Make both functions for a guest function that nothing declares.

    The Python types of the arguments decide how they are passed: integers as signed or unsigned
    registers, a float as a `double`, text and bytes pushed and passed by pointer. The result is
    a signed register, or of the C type `result`. Raises ArgumentError for a `result` that is no
    C type, and BindError for a type that the convention does not pass.
    """
    returns = Signature.of_values(name, (), convention.model, result)
    packers: dict[tuple[type, ...], PackArguments] = {}

    def pack(
        x: Registers,
        memory: GuestMemory,
        sp: int,
        args: Sequence[object],
        borrower: Borrower | None = None,
        /,
    ) -> int:
        types = tuple(map(type, args))
        if types not in packers:
            if len(packers) >= _MOST_PACKERS:
                packers.clear()
            signature = Signature.of_values(name, args, convention.model, result)
            packers[types] = pack_arguments(signature, convention)
        return packers[types](x, memory, sp, args, borrower)

    return pack, unpack_result(returns, convention)
