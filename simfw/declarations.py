"""The declarations of one guest: read from `.cas` files, compared with what it was built for."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from typing import TypeVar, cast

from attrs import frozen

from conasm import ConasmError, fingerprint, load
from conasm.nodes import BackcallDeclaration, OutcallDeclaration, Position, Unit
from simfw.errors import ArgumentError, BindError, LoadError, SpecError
from simfw.image import Image
from simfw.library import SEARCH
from simfw.shipped_declarations import SHIPPED, Row

SECTION = ".simfw.declarations"
"""The section in which `simfw headers` leaves the fingerprints of the declarations it saw."""

Path = str | PathLike[str]
Declaration = OutcallDeclaration | BackcallDeclaration
D = TypeVar("D", OutcallDeclaration, BackcallDeclaration)


@frozen(eq=False)
class Declarations:
    """What crosses the border: outcalls by name and backcalls by label, each once."""

    outcalls: tuple[OutcallDeclaration, ...] = ()
    backcalls: tuple[BackcallDeclaration, ...] = ()

    def joined(self, others: Declarations) -> Declarations:
        """These and others; an identical declaration may stand in both."""
        return Declarations(
            _merged((*self.outcalls, *others.outcalls)),
            _merged((*self.backcalls, *others.backcalls)),
        )

    @property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each, by `outcall NAME` or `backcall LABEL`."""
        outcalls = {f"outcall {one.name}": fingerprint(one) for one in self.outcalls}
        return outcalls | {f"backcall {one.label}": fingerprint(one) for one in self.backcalls}


def read(spec: Path | Sequence[Path] | None) -> Declarations:
    """Read one declaration file or several; an identical declaration may repeat.

    Raises SpecError with every mistake of a file, and BindError when two files declare one name
    differently.
    """
    if spec is None:
        return Declarations()
    paths = _checked([spec] if isinstance(spec, str | PathLike) else spec)
    units = [_load(path) for path in paths]
    return Declarations(
        _merged([one for unit in units for one in unit.outcalls]),
        _merged([one for unit in units for one in unit.backcalls]),
    )


def read_shipped(path: Path) -> Declarations:
    """As `read`, for a file of a platform: those that are shipped parsed are not parsed again."""
    file = fspath(path)
    rows = SHIPPED.get(pathlib.Path(file).read_text(encoding="utf-8"))
    if rows is None:  # a platform of somebody else's, or a file that was edited since
        return read(path)
    return Declarations(tuple(_outcall(file, row) for row in rows))


def _outcall(file: str, row: Row) -> OutcallDeclaration:
    name, count, widths, types, syscall, comment, line, column = row
    position = Position(file, line, column)
    return OutcallDeclaration(name, count, widths, types, syscall, comment, position)


def _checked(paths: object) -> list[Path]:
    if isinstance(paths, Sequence):
        each = list(cast(Sequence[object], paths))
        if all(isinstance(path, str | PathLike) for path in each):
            return cast(list[Path], each)
    raise ArgumentError(f"spec={paths!r:.80}: give the path of a declaration file, or several")


def _load(path: Path) -> Unit:
    try:
        return load(fspath(path), SEARCH)
    except ConasmError as error:
        raise SpecError(str(error)) from None


def name_of(declaration: Declaration) -> str:
    """The guest function that a declaration is about."""
    is_outcall = isinstance(declaration, OutcallDeclaration)
    return declaration.name if is_outcall else declaration.label


def _merged(found: Iterable[D]) -> tuple[D, ...]:
    kept: dict[str, D] = {}
    for declaration in found:
        first = kept.setdefault(name_of(declaration), declaration)
        if first is not declaration and fingerprint(first) != fingerprint(declaration):
            raise BindError(
                f"{declaration.position}: {name_of(declaration)!r} is declared otherwise at "
                f"{first.position}; keep one of the two"
            )
    return tuple(kept.values())


def declared_in(image: Image) -> Declarations:
    """What the image itself declares: a belt unit does, an ELF file does not."""
    return Declarations(image.outcalls, image.backcalls)


def check_built_for(image: Image, declarations: Declarations) -> None:
    """Refuse an image that was built with another version of the declarations.

    Images without the section (built without the generated assembly file) pass.
    """
    section = image.section(SECTION)
    if section is None:
        return
    ours = declarations.fingerprints
    changed = [name for name, mark in _marks(image, section.data) if ours.get(name, mark) != mark]
    if changed:
        raise BindError(
            f"{image.name} was built when {', '.join(changed)} was declared differently; "
            "run `simfw headers` on the declaration file and build the guest again"
        )


def declared_when_built(image: Image) -> list[str]:
    """The names of the outcalls that the image was built for, if it tells."""
    section = image.section(SECTION)
    if section is None:
        return []
    marks = _marks(image, section.data)
    return [name.removeprefix("outcall ") for name, _ in marks if name.startswith("outcall ")]


def _marks(image: Image, data: bytes) -> Iterable[tuple[str, str]]:
    for line in data.split(b"\n"):
        if not line.strip(b"\0 "):
            continue
        words = line.decode("ascii", "replace").split()
        if len(words) != 3:
            raise LoadError(f"{image.name}: section {SECTION} is damaged at {line[:60]!r}")
        yield f"{words[0]} {words[1]}", words[2]
