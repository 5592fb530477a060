"""Constants: any number by `con`, popular ones by `rd`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conasm.assembly import FloatArg, ImmediateArg, RegisterArg, Step, WidthArg
from conasm.operation import Phase
from simfw.belt.floats import encode_32, encode_64
from simfw.belt.metadata import meta
from simfw.belt.popcons import POPCONS
from simfw.belt.record import Operations

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

constants = Operations("constants")


@constants.op("con number width", phase=Phase.READER, raw=True)
def con(t: Translation, step: Step) -> None:
    """Drop a number of the given width; a float takes width w or d."""
    number, width = step.arguments
    assert isinstance(width, WidthArg)
    if isinstance(number, FloatArg):
        payload = (encode_32 if width.bytes == 4 else encode_64)(number.value)
    else:
        assert isinstance(number, ImmediateArg)
        payload = number.value & (1 << 8 * width.bytes) - 1
    t.set_constant(step.drops[0], payload, meta(width.bytes))


@constants.op(
    "rd register",
    phase=Phase.READER,
    raw=True,
    registers={p.name: None if p.special else p.width for p in POPCONS.values()},
)
def rd(t: Translation, step: Step) -> None:
    """Drop a popular constant, such as `zerow`, `maxsd`, `pid` or `nonew`."""
    (register,) = step.arguments
    assert isinstance(register, RegisterArg)
    popcon = POPCONS[register.name]
    if popcon.special:
        t.set_special(step.drops[0], popcon.bits, popcon.width)
    else:
        t.set_constant(step.drops[0], popcon.bits, meta(popcon.width))
