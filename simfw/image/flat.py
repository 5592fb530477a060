"""Flat binaries: bytes that are loaded as they are, with nothing that says where.

Address, entry and width come from the platform or the user. Such an image has no symbols and one
segment, readable, writable and executable, as code, data and stack lie in it together.
"""

from __future__ import annotations

from typing import Literal

from simfw.errors import LoadError
from simfw.image.image import Image, Segment
from simfw.image.symbols import NoSymbols, SymbolTable
from simfw.permissions import Permissions


def load_flat(
    data: bytes,
    name: str,
    *,
    xlen: Literal[32, 64],
    base: int,
    entry: int | None = None,
    size: int | None = None,
    limit: int,
) -> Image:
    """The image of `data` placed at address `base` and started at `entry` (default: `base`).

    `size` is the memory that it has in bytes, counted from `base` (default: just the data); the
    rest is zero. Raises `LoadError` when data, memory and address space do not fit together.
    """
    size = len(data) if size is None else size
    if not data or not len(data) <= size <= limit:
        raise LoadError(
            f"{name}: {len(data)} bytes do not fit a memory of {size:#x} bytes (limit {limit:#x}); "
            "give a file with content, and a size that holds it"
        )
    if not 0 <= base <= (1 << xlen) - size:
        raise LoadError(
            f"{name}: {size:#x} bytes at {base:#x} leave the {xlen}-bit address space; "
            "choose another base"
        )
    entry = base if entry is None else entry
    if not base <= entry < base + len(data) or entry % 2:
        raise LoadError(
            f"{name}: the entry {entry:#x} is no even address between {base:#x} and "
            f"{base + len(data):#x}; give an address within the code"
        )
    everything = Permissions.READ | Permissions.WRITE | Permissions.EXECUTE
    return Image(
        name=name,
        kind="flat",
        xlen=xlen,
        entry=entry,
        segments=(Segment(base, data, size, everything),),
        symbols=SymbolTable(NoSymbols(), name),
        file=data,
    )
