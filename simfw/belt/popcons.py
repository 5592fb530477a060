"""Popular constants: what `rd` can drop without an immediate, None among it.

Each name ends in its width's letter.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from conasm.operation import WIDTHS
from simfw.belt.kinds import NONE_FLAG

_FLOATS = {"w": "<f", "d": "<d"}
_NUMBERS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}


@frozen
class PopCon:
    """A constant: its bits, its width in bytes, and whether it is special (a None)."""

    name: str
    bits: int
    width: int
    special: bool = False


def _popcons() -> Iterator[PopCon]:
    for letter, size in WIDTHS.items():
        top = 1 << (8 * size - 1)
        yield PopCon(f"zero{letter}", 0, size)
        yield PopCon(f"one{letter}", 1, size)
        yield PopCon(f"ones{letter}", 2 * top - 1, size)
        yield PopCon(f"mins{letter}", top, size)
        yield PopCon(f"maxs{letter}", top - 1, size)
        yield PopCon(f"none{letter}", NONE_FLAG, size, special=True)
    for letter, layout in _FLOATS.items():
        for name, value in _NUMBERS.items():
            bits = int.from_bytes(struct.pack(layout, value), "little")
            yield PopCon(f"{name}{letter}", bits, WIDTHS[letter])


POPCONS = MappingProxyType({popcon.name: popcon for popcon in _popcons()})
"""All constants of `rd`, by name."""
