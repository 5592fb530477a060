"""The border of outcalls: guest operands to Python values, and a Python result back.

Both functions here run once, when a plugin is bound, and return the closure that runs in every
call. Everything that can be wrong with a declaration or an annotation is found when binding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from simfw.border.places import imager, register_numbers
from simfw.border.receivers import RECEIVERS, Incoming, Reader, Receiver
from simfw.convention import Convention, GuestMemory, Registers
from simfw.errors import ResultError, ResultRangeError
from simfw.operand import UNGUARDED, Guard, OutcallArg
from simfw.signature import Signature
from simfw.types import operand_types
from simfw.values import Mistakes, show

PackResult = Callable[[Registers, GuestMemory, object], None]


class UnpackArguments(Protocol):
    """From registers and memory at an outcall's entry to the values its function gets."""

    def __call__(
        self, x: Registers, memory: GuestMemory, guard: Guard = UNGUARDED, /
    ) -> tuple[object, ...]:
        """Raise MemoryFault for bad pointers, GuestFault for values that a type cannot have."""
        ...


def unpack_arguments(
    signature: Signature, convention: Convention, receivers: Sequence[object] | None = None
) -> UnpackArguments:
    """Make the function that reads an outcall's arguments.

    `receivers` has an annotation for each parameter, None meaning `OutcallArg`; without it all
    are OutcallArg. Operands get the `guard` of the call, which outlives it.

    Raises BindError when their number differs from that of the parameters, or when one cannot
    receive what is declared.
    """
    return _joined(argument_readers(signature, convention, receivers))


def argument_readers(
    signature: Signature, convention: Convention, receivers: Sequence[object] | None
) -> list[Reader]:
    """The function that reads each argument; see `unpack_arguments`."""
    wanted = (None,) * len(signature.parameters) if receivers is None else tuple(receivers)
    if len(wanted) != len(signature.parameters):
        raise signature.mistake(
            f"declared with {len(signature.parameters)} parameters, but the function takes "
            f"{len(wanted)} (a focus parameter not counted)"
        )
    parameters = zip(_incoming(signature, convention), wanted, strict=True)
    return [_reader(signature, *parameter) for parameter in parameters]


def _incoming(signature: Signature, convention: Convention) -> list[Incoming]:
    """The parameters with their share of the placement each."""
    parts = iter(convention.place(signature).arguments)
    found: list[Incoming] = []
    for position, parameter in enumerate(signature.parameters, 1):
        operands = operand_types(parameter.type, signature.model)
        places = tuple(next(parts) for _ in operands)
        label = signature.parameter_label(position)
        found.append(Incoming(parameter.type, operands, places, convention, label))
    return found


def _reader(signature: Signature, incoming: Incoming, annotation: object) -> Reader:
    receiver = _receiver(OutcallArg if annotation is None else annotation)
    if receiver is not None and receiver.accepts(incoming):
        return receiver.reader(incoming)
    fitting = [_name(kind) for kind, row in RECEIVERS.items() if row.accepts(incoming)]
    raise signature.mistake(
        f"{incoming.label} is declared {incoming.declared.spelling}, which cannot be received as "
        f"{_name(annotation)}; annotate the parameter with {' or '.join(fitting)}"
    )


def _receiver(annotation: object) -> Receiver | None:
    try:
        return RECEIVERS.get(annotation)
    except TypeError:  # not hashable, so no annotation of ours
        return None


def _name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else show(annotation)


def _joined(readers: Sequence[Reader]) -> UnpackArguments:
    """One function that runs all readers; the frequent counts without a loop."""
    if not readers:
        return lambda x, memory, guard=UNGUARDED: ()
    if len(readers) == 1:
        (one,) = readers
        return lambda x, memory, guard=UNGUARDED: (one(x, memory, guard),)
    if len(readers) == 2:
        first, second = readers
        return lambda x, memory, guard=UNGUARDED: (
            first(x, memory, guard),
            second(x, memory, guard),
        )
    every = tuple(readers)
    return lambda x, memory, guard=UNGUARDED: tuple([read(x, memory, guard) for read in every])


def pack_result(signature: Signature, convention: Convention) -> PackResult:
    """Make the function that checks what an outcall returned and puts it where it belongs.

    It raises ResultError for a value of the wrong type (only None is void's), and
    ResultRangeError for one out of range; the guest's registers are then untouched.
    """
    parts = convention.place(signature).results
    if not parts:
        return _no_result(signature)
    (type_,), (places,) = signature.returned, parts
    indices, xlen = list(register_numbers(places) or ()), convention.xlen
    subject = f"the result of {signature.name}()"
    advice = "return one, or declare the outcall void"
    image = imager(type_, convention, Mistakes(subject, ResultError, ResultRangeError, advice))
    if len(indices) == 1:
        (index,) = indices

        def pack(x: Registers, memory: GuestMemory, value: object) -> None:
            x[index] = image(value)

        return pack

    low, high = indices
    mask = (1 << xlen) - 1

    def pack_pair(x: Registers, memory: GuestMemory, value: object) -> None:
        bits = image(value)
        x[low] = bits & mask  # nothing is called in between: an interrupt finds both or none
        x[high] = bits >> xlen

    return pack_pair


def _no_result(signature: Signature) -> PackResult:
    def pack(x: Registers, memory: GuestMemory, value: object) -> None:
        if value is not None:
            raise ResultError(
                f"{signature.name}() is declared void but returned {show(value)}; return None, or "
                "declare the result's type"
            )

    return pack
