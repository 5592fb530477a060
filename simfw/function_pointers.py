"""Function pointers that a guest hands over: parameters annotated `GuestFunction`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simfw.backcall import GuestFunction
from simfw.errors import ArgumentError, GuestFault
from simfw.outcall import HostFunction

if TYPE_CHECKING:
    from simfw.focus import Focus


def with_functions(
    function: HostFunction, receivers: Sequence[object] | None
) -> tuple[HostFunction, tuple[object, ...] | None]:
    """Let parameters annotated `GuestFunction` receive one; the border passes them as addresses.

    Gives the function to call and what the border is to pass it.
    """
    if receivers is None:
        return function, None
    positions = [place for place, wanted in enumerate(receivers) if wanted is GuestFunction]
    if not positions:
        return function, tuple(receivers)

    def call(focus: Focus, *args: Any) -> object:
        values = list(args)
        for place in positions:
            values[place] = _function_at(focus, args[place])
        return function(focus, *values)

    return call, tuple(int if wanted is GuestFunction else wanted for wanted in receivers)


def _function_at(focus: Focus, address: int) -> GuestFunction:
    if not address:
        raise GuestFault(
            "the guest passed a null function pointer",
            address=address,
            advice="annotate the parameter int if the guest may pass NULL",
        )
    try:
        return focus.function(address)
    except ArgumentError as error:
        raise GuestFault(f"the guest passed no function: {error}", address=address) from None
