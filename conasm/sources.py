"""Files of source text: read with care, and included at most once.

A source is a regular file of UTF-8 text, at most `LARGEST_SOURCE` bytes long and free of NULs.
An included file is looked for beside the file that includes it, then along the search path. To
include a file twice, or one that is being read already, is a mistake whose message shows both
chains of includes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePath

from attrs import frozen

from conasm.errors import printable, quote
from conasm.nodes import Position
from conasm.problems import Problems
from conasm.reader import read_statements
from conasm.statements import Boundary, Include, Item, Statement

LARGEST_SOURCE = 1 << 20
"""The longest source, in bytes of UTF-8."""

LARGEST_UNIT = 4 << 20
"""The most that a source and all that it includes may come to, in bytes."""

DEEPEST_INCLUDE = 32
"""How many includes may lie inside each other."""


class SourceError(Exception):
    """A file that cannot be used, reported and never raised to a caller.

    `line` and `column` are the place in the file itself, or 0 when the file could not be read;
    `text` is what there is to show of it.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0, text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.text = text


_TOO_LARGE = SourceError(f"the file is larger than {LARGEST_SOURCE} bytes", 1, 1)


@frozen
class _Opened:
    """A file being read: its name, its identity, and the places of the includes that led here."""

    file: str
    identity: str
    chain: tuple[Position, ...]

    def route(self) -> str:
        """Return the chain in words, outermost first."""
        places = [f"{place.file}:{place.line}" for place in self.chain]
        return printable(" -> ".join([*places, self.file]))


class Sources:
    """Reads one unit: a text and all the files that it includes."""

    def __init__(self, search: Sequence[str | os.PathLike[str]], problems: Problems) -> None:
        self.search = [Path(directory) for directory in search]
        self.problems = problems
        self.bytes_left = LARGEST_UNIT
        self.opened: dict[str, _Opened] = {}

    def read(self, file: str, text: str | None = None) -> list[Item]:
        """Return the statements of a file, of `text` instead if given, includes in their place."""
        items: list[Item] = []
        opened = _Opened(file, os.path.realpath(file.replace("\0", "")), ())
        self._read(opened, text, items, Position(file, 1, 1))
        return items

    def _read(self, opened: _Opened, text: str | None, items: list[Item], place: Position) -> None:
        """Read a file, or report at `place` that it cannot be read, and in it what is wrong."""
        try:
            text = self._take(Path(opened.file), text)
        except SourceError as error:
            if error.line:
                self.problems.add_source(opened.file, error.text)
                place = Position(opened.file, error.line, error.column)
            self.problems.add(place, error.message)
            return
        self.opened[opened.identity] = opened
        self.problems.add_source(opened.file, text)
        before = len(items)
        for item in read_statements(text, opened.file, self.problems):
            items.append(item)
            if isinstance(item, Statement) and isinstance(item.body, Include):
                self._include(item.body, opened, items)
        if len(items) == before:
            self.problems.add(Position(opened.file, 1, 1), "the file is empty: it declares nothing")

    def _take(self, path: Path, text: str | None) -> str:
        """Return the text, counted against what the unit may come to."""
        text = read_text(path) if text is None else text
        self.bytes_left -= check_text(text)
        if self.bytes_left < 0:
            raise SourceError(f"the unit is larger than {LARGEST_UNIT} bytes with its includes")
        return text

    def _include(self, include: Include, by: _Opened, items: list[Item]) -> None:
        """Read an included file, or report why it is not."""
        items.append(Boundary())
        place = include.path.position
        try:
            path = self._find(include.path.text, by)
            opened = _Opened(str(path), os.path.realpath(path), (*by.chain, include.position))
            self._check_route(opened)
        except SourceError as error:
            self.problems.add(place, error.message)
        else:
            self._read(opened, None, items, place)
        items.append(Boundary())

    def _check_route(self, opened: _Opened) -> None:
        if len(opened.chain) > DEEPEST_INCLUDE:
            raise SourceError(f"includes nest deeper than {DEEPEST_INCLUDE}: {opened.route()}")
        earlier = self.opened.get(opened.identity)
        if earlier is None:
            return
        if any(place.file == earlier.file for place in opened.chain):
            raise SourceError(f"this include is a cycle: {opened.route()}")
        first, here = earlier.route(), opened.route()
        raise SourceError(f"this file is included already: first by {first}, here by {here}")

    def _find(self, name: str, by: _Opened) -> Path:
        if not name or not name.isprintable() or PurePath(name).is_absolute():
            raise SourceError("an include names a file by a relative path")
        places = [Path(by.file).parent, *self.search]
        for directory in places:
            if os.path.exists(directory / name):  # noqa: PTH110 - Path.exists raises on long names
                return directory / name
        listed = ", ".join(str(place) for place in places)
        raise SourceError(f"{quote(name)} is in none of the directories {printable(listed)}")


def check_text(text: str) -> int:
    """Return the size of a source text in bytes. Raises `SourceError` if it cannot be one."""
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise _at("the text has a lone surrogate", text, error.start) from None
    if size > LARGEST_SOURCE:
        raise _TOO_LARGE
    if "\0" in text:
        raise _at("a NUL character: this is no text", text, text.index("\0"))
    return size


def read_text(path: Path) -> str:
    """Return the text of a file. Raises `SourceError` if it is not a fitting regular file."""
    try:
        data = _content(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"the file cannot be read: {why}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = f"the file is not UTF-8: byte {data[error.start]:#04x}"
        before = data[: error.start].decode("utf-8-sig")
        shown = before + data[error.start : error.start + 80].decode("utf-8", "replace")
        raise _at(wrong, shown, len(before)) from None


def _content(path: Path) -> bytes:
    """Return the content of a regular file that is not too large."""
    if not stat.S_ISREG(path.stat().st_mode):  # before opening: a pipe would wait for its writer
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        data = file.read(LARGEST_SOURCE + 1)
    if len(data) > LARGEST_SOURCE:
        raise _TOO_LARGE
    return data


def _at(message: str, text: str, index: int) -> SourceError:
    """Return the error for a mistake at an index of a text."""
    line = text.count("\n", 0, index) + 1
    return SourceError(message, line, index - text.rfind("\n", 0, index), text)
