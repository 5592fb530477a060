"""From program headers to segments: the checks that make them safe to place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from simfw.image.elf_bytes import ElfBytes
from simfw.image.elf_header import PF_EXECUTE, PF_READ, PF_WRITE, PT_LOAD, ProgramHeader
from simfw.image.image import Segment
from simfw.permissions import Permissions

_PERMISSIONS = {
    PF_READ: Permissions.READ,
    PF_WRITE: Permissions.WRITE,
    PF_EXECUTE: Permissions.EXECUTE,
}


def read_segments(
    file: ElfBytes, headers: Iterable[ProgramHeader], xlen: int, limit: int
) -> list[Segment]:
    """The segments by ascending address, checked against file, address space and each other.

    `headers` have their addresses at run time; `limit` bounds the bytes of memory in all.
    Segments without memory are left out. Permissions are taken as they are, writable code
    included. Nothing is copied out of the file before all of it is checked.
    """
    loads = [item for item in headers if item.type == PT_LOAD and (item.size or item.stored)]
    if not loads:
        raise file.refusal("has no segment to load", "link it as an executable")
    for item in loads:
        _check(file, item, xlen)
    loads.sort(key=_address)
    _refuse_overlap(file, loads)
    loads = sorted(loads + _initial_data(loads, xlen), key=_address)
    total = sum(item.size for item in loads)
    if total > limit:
        raise file.refusal(
            f"its segments take {total:#x} bytes of memory, the limit is {limit:#x}",
            "raise the limit if the file is to be trusted",
        )
    return [_segment(file, item) for item in loads]


def _check(file: ElfBytes, item: ProgramHeader, xlen: int) -> None:
    what = f"the segment at {item.address:#x}"
    if item.stored > item.size:
        raise file.damage(f"{what} has {item.stored:#x} bytes in the file for {item.size:#x}")
    if item.address + item.size > 1 << xlen:
        raise file.damage(f"{what} with {item.size:#x} bytes leaves the {xlen}-bit address space")
    file.require(item.offset, item.stored, what)


def _refuse_overlap(file: ElfBytes, loads: Sequence[ProgramHeader]) -> None:
    for lower, upper in pairwise(loads):
        if lower.address + lower.size > upper.address:
            raise file.refusal(
                f"the segments at {lower.address:#x} ({lower.size:#x} bytes) and at "
                f"{upper.address:#x} overlap",
                "mend the addresses in the linker script",
            )


def _initial_data(loads: Sequence[ProgramHeader], xlen: int) -> list[ProgramHeader]:
    """Initial data a second time, read-only at its physical address, where that is another one.

    Start-up code of firmware copies `.data` from there to its place in RAM. A physical address
    where something else lies, or 0, means nothing on a machine without such code.
    """
    copies: list[ProgramHeader] = []
    for item in loads:
        copy = item._replace(address=item.physical, size=item.stored, flags=PF_READ)
        if item.flags & PF_WRITE and item.physical and _is_free(copy, [*loads, *copies], xlen):
            copies.append(copy)
    return copies


def _is_free(item: ProgramHeader, others: Iterable[ProgramHeader], xlen: int) -> bool:
    end = item.address + item.size
    apart = all(
        end <= other.address or other.address + other.size <= item.address for other in others
    )
    return apart and item.size > 0 and end <= 1 << xlen


def _segment(file: ElfBytes, item: ProgramHeader) -> Segment:
    permissions = Permissions.NONE
    for bit, permission in _PERMISSIONS.items():
        if item.flags & bit:
            permissions |= permission
    data = file.data[item.offset : item.offset + item.stored]
    return Segment(item.address, data, item.size, permissions)


def _address(item: ProgramHeader) -> int:
    return item.address
