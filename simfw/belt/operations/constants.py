"""Constants: any number by `con`, popular ones by `rd`."""

from __future__ import annotations

from conasm.operation import Phase
from simfw.belt.popcons import POPCONS
from simfw.belt.record import Operations

constants = Operations("constants")


@constants.op("con number width", phase=Phase.READER, raw=True)
def con() -> None:
    """Drop a number of the given width; a float takes width w or d."""


@constants.op(
    "rd register",
    phase=Phase.READER,
    raw=True,
    registers={popcon.name: popcon.width for popcon in POPCONS.values()},
)
def rd() -> None:
    """Drop a popular constant, such as `zerow`, `maxsd`, `pid` or `nonew`."""
