"""Function pointers that a guest hands over: parameters annotated `GuestFunction`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conasm.ctypes import CType
from simfw.backcall import GuestFunction
from simfw.errors import ArgumentError, GuestFault
from simfw.outcall import HostFunction
from simfw.signature import Signature

if TYPE_CHECKING:
    from simfw.focus import Focus


def with_functions(
    function: HostFunction, receivers: Sequence[object] | None, signature: Signature
) -> tuple[HostFunction, tuple[object, ...] | None]:
    """Let parameters annotated `GuestFunction` receive one; the border passes them as addresses.

    One that is declared as a pointer to a function, with its types, gets a function of these
    types. Gives the function to call and what the border is to pass it. Raises BindError for
    such types that the guest cannot pass.
    """
    if receivers is None:
        return function, None
    prototypes = {
        place: _prototype(signature, place)
        for place, wanted in enumerate(receivers)
        if wanted is GuestFunction
    }
    if not prototypes:
        return function, tuple(receivers)

    def call(focus: Focus, *args: Any) -> object:
        values = list(args)
        for place, prototype in prototypes.items():
            values[place] = _function_at(focus, args[place], prototype)
        return function(focus, *values)

    return call, tuple(int if wanted is GuestFunction else wanted for wanted in receivers)


def _prototype(signature: Signature, place: int) -> str | None:
    """The type of the function that a parameter points to; None where that is not declared."""
    if place >= len(signature.parameters):
        return None  # that there are too many is found later
    declared = signature.parameters[place].type
    if not isinstance(declared, CType) or declared.prototype is None:
        return None
    label = signature.parameter_label(place + 1)
    Signature.of_prototype(f"the function of {label}", declared.spelling, signature.model)
    return declared.spelling


def _function_at(focus: Focus, address: int, prototype: str | None) -> GuestFunction:
    if not address:
        raise GuestFault(
            "the guest passed a null function pointer",
            address=address,
            advice="annotate the parameter int if the guest may pass NULL",
        )
    try:
        return focus.function(address, prototype)
    except ArgumentError as error:
        raise GuestFault(f"the guest passed no function: {error}", address=address) from None
