"""Versions: blocks translated for what is known of their operands, and the pcs that they have.

A *version* is a block, or the rest of one, for the metas with which its operands arrive. A
`Point` names it. It has a range of pcs, one for each micro operation; these are made when
somebody first asks for them, and again if they were dropped to save memory: the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import Factory, define, evolve, field, frozen

from simfw.belt.micro import Micro
from simfw.errors import GuestFault

FIRST_PC = 1 << 48
PC_BITS = 12
GIVE_PC = FIRST_PC - 2
"""Where an outcall returns to; the micro operation there gives its results to its caller."""

MOST_VERSIONS = 1 << 16
"""Points that a program may reach; each is a block met with other widths or specials."""

MOST_KEPT = 1 << 17
"""Micro operations kept at a time, at some 500 bytes each."""


@frozen
class Point:
    """A place in a program with what is known there.

    `phase` is "" at the beginning of a step; otherwise it names how far into the step this is,
    and the instruction has been counted. `metas` has one byte for each of the block's values that
    live there.
    """

    function: int
    block: int
    step: int
    phase: str
    metas: bytes


@frozen(eq=False)
class Code:
    """What a version consists of.

    For each micro operation `known` has the metas of what lives at its step. Where it is the first
    of an instruction `before` has those of what lives when that begins, else nothing.
    """

    micros: Sequence[Micro]
    known: Sequence[bytes]
    before: Sequence[bytes]


@define(eq=False)
class Version:
    """A point, its first pc, and its code unless that is still to be made."""

    point: Point
    base: int
    code: Code | None = None


@frozen
class Place:
    """A micro operation: its version's point, itself, and the metas of what lives; see `Code`."""

    point: Point
    micro: Micro
    known: bytes
    before: bytes


class Versions:
    """The versions of one program."""

    def __init__(self, translate: Callable[[Version], Code]) -> None:
        self._translate = translate
        self._versions: list[Version] = []
        self._points: dict[Point, int] = {}
        self._kept = 0

    def pc(self, point: Point) -> int:
        """Where the version of a point begins. Raises GuestFault when there are too many."""
        found = self._points.get(point)
        if found is None:
            if len(self._versions) >= MOST_VERSIONS:
                raise GuestFault(
                    f"the program meets its blocks in more than {MOST_VERSIONS} ways",
                    advice="operands of ever other widths are carried; say them with con()",
                )
            found = FIRST_PC + (len(self._versions) << PC_BITS)
            self._versions.append(Version(point, found))
            self._points[point] = found
        return found

    def at(self, pc: int) -> Version | None:
        """The version that a pc lies in; None for a pc of something else."""
        number = (pc - FIRST_PC) >> PC_BITS
        return self._versions[number] if 0 <= number < len(self._versions) else None

    def place(self, pc: int) -> Place | None:
        """The micro operation at a pc; None where there is none."""
        version = self.at(pc)
        if version is None:
            return None
        code, index = self.code(version), pc - version.base
        if index >= len(code.micros):
            return None
        return Place(version.point, code.micros[index], code.known[index], code.before[index])

    def code(self, version: Version) -> Code:
        """The micro operations of a version."""
        if version.code is None:
            made = self._translate(version)
            if self._kept > MOST_KEPT:
                self._drop_all()
            version.code = made
            self._kept += len(made.micros)
        return version.code

    def _drop_all(self) -> None:
        for version in self._versions:
            version.code = None
        self._kept = 0


@define(eq=False)
class Switch:
    """A point that goes on in one phase or another, by what a cell of the frame holds."""

    versions: Versions
    point: Point
    pcs: dict[int, int] = field(default=Factory(dict[int, int]), init=False)


def switch(site: Switch, content: int) -> int:
    """Where to go on: the phase's name is the content in digits."""
    found = site.pcs.get(content)
    if found is None:
        point = evolve(site.point, phase=str(content))
        found = site.pcs[content] = site.versions.pc(point)
    return found
