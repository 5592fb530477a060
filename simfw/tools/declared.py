"""What several declaration files declare together: the input of the stub and header writers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Protocol, TypeVar

from conasm import fingerprint
from conasm.nodes import BackcallDeclaration, OutcallDeclaration, Position
from simfw.declarations import Declarations, name_of
from simfw.errors import SpecError

Declared = TypeVar("Declared", OutcallDeclaration, BackcallDeclaration)


class Declaring(Protocol):
    """Anything with declarations: a unit of conasm, or `Declarations`."""

    @property
    def outcalls(self) -> tuple[OutcallDeclaration, ...]:
        """Functions of the guest whose bodies are in the host."""
        ...

    @property
    def backcalls(self) -> tuple[BackcallDeclaration, ...]:
        """Functions of the guest that the host can call."""
        ...


class Complaints:
    """Collects what keeps declarations from being written out, to report all of it at once."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, position: Position, message: str) -> None:
        """Note a mistake and its place."""
        self._lines.append(f"{position}: error: {message}")

    def raise_if_any(self) -> None:
        """Raise SpecError with everything noted."""
        if self._lines:
            raise SpecError("\n".join(self._lines))


def collect(units: Iterable[Declaring]) -> Declarations:
    """Return the declarations of all units, each once; SpecError where two files disagree."""
    every = list(units)
    complaints = Complaints()
    outcalls = _once((found for unit in every for found in unit.outcalls), complaints)
    backcalls = _once((found for unit in every for found in unit.backcalls), complaints)
    both = outcalls.keys() & backcalls.keys()
    for name in sorted(both):
        complaints.add(backcalls[name].position, f"{name} is an outcall as well; rename one")
    complaints.raise_if_any()
    return Declarations(tuple(outcalls.values()), tuple(backcalls.values()))


def _once(found: Iterable[Declared], complaints: Complaints) -> dict[str, Declared]:
    first: dict[str, Declared] = {}
    for declaration in found:
        name = name_of(declaration)
        earlier = first.setdefault(name, declaration)
        if fingerprint(earlier) != fingerprint(declaration):
            why = f"{name} is declared otherwise at {earlier.position}; keep one of the two"
            complaints.add(declaration.position, why)
    return first


def file_names(declarations: Declarations) -> str:
    """Return the names of the files that declare, without directories, for a heading."""
    every = [*declarations.outcalls, *declarations.backcalls]
    return ", ".join(sorted({PurePath(found.position.file).name for found in every}))
