"""Numbers on the command line: counts such as `10M`, sizes such as `64MiB`, seconds, addresses.

Each function is a type of click's: it gives the value, or raises BadParameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import click

from conasm.errors import quote

_THOUSANDS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_BINARY = {
    f"{letter}{unit}": 1 << 10 * power
    for power, letter in enumerate(("", "k", "m", "g"))
    for unit in ("", "b", "ib")
}
_SCALED = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][0-9]{1,2})?)\s*([a-zA-Z]*)")
_MOST = 1 << 62
_LONGEST = 40  # characters


def count(text: str) -> int:
    """A number of things; `k`, `M` and `G` stand for thousands."""
    return _number(text, _THOUSANDS, "number", "10000, 10k or 2.5M")


def size(text: str) -> int:
    """A number of bytes; `K`, `M` and `G` stand for powers of 1024, with or without `iB`."""
    return _number(text, _BINARY, "size", "65536, 64K or 16MiB")


def _number(text: str, units: Mapping[str, int], what: str, example: str) -> int:
    found = _integer(text)
    if found is None and len(text) <= _LONGEST and (scaled := _SCALED.fullmatch(text)) is not None:
        digits, unit = scaled[1].replace("_", ""), units.get(scaled[2].lower())
        if unit is not None:
            found = int(digits) * unit if digits.isdecimal() else round(float(digits) * unit)
    if found is None or not 0 <= found <= _MOST:
        raise click.BadParameter(f"{quote(text)} is no {what}; write it as {example}")
    return found


def _integer(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def seconds(text: str) -> float:
    """A time in seconds, more than 0."""
    try:
        found = float(text.removesuffix("s"))
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise click.BadParameter(f"{quote(text)} is no time in seconds; write it as 10 or 0.5")
    return found


def address(text: str) -> int:
    """An address in the guest."""
    found = _integer(text)
    if found is None or not 0 <= found < 1 << 64:
        raise click.BadParameter(f"{quote(text)} is no address; write it as 0x80000000")
    return found
