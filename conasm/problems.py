"""The collector of a run's problems: all of them are reported at once, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conasm.errors import ConasmError, Problem
from conasm.nearby import suggest
from conasm.nodes import Position

MOST_PROBLEMS = 1000
"""After so many the rest are counted out: a file of noise has one at every `;`."""


MOST_SUGGESTED = 100
"""Problems beyond so many get no near names, which take a millisecond each to find."""


class Problems:
    """What is wrong in a unit, and the lines of its files to show it in."""

    def __init__(self) -> None:
        self.sources: dict[str, tuple[str, ...]] = {}
        self._files: dict[str, int] = {}
        self._added = 0
        self._found: dict[tuple[Position, str], Problem] = {}

    def __len__(self) -> int:
        """Return how often something was added, also when it was not kept."""
        return self._added

    @property
    def full(self) -> bool:
        """Whether more would not be kept, so that looking for more is vain."""
        return len(self._found) > MOST_PROBLEMS

    def add_source(self, file: str, text: str) -> None:
        """Take in the lines of a file before anything is found in it."""
        self._files.setdefault(file, len(self._files))
        self.sources[file] = tuple(line.removesuffix("\r") for line in text.split("\n"))

    def add_lines(self, sources: Mapping[str, tuple[str, ...]]) -> None:
        """Take in files that were read before."""
        for file, lines in sources.items():
            self._files.setdefault(file, len(self._files))
            self.sources[file] = lines

    def line(self, position: Position) -> str:
        """Return the line of a position, or nothing if its file is not known."""
        lines = self.sources.get(position.file, ())
        return lines[position.line - 1] if position.line <= len(lines) else ""

    def add(self, position: Position, message: str) -> None:
        """Note a mistake; one sentence in lower case, with how to mend it where that is known."""
        self._added += 1
        if self.full:
            return
        if len(self._found) == MOST_PROBLEMS:
            message = f"more than {MOST_PROBLEMS} errors; the rest is not shown"
        line = self.line(position)
        self._found.setdefault((position, message), Problem(position, message, line))

    def raise_if_any(self) -> None:
        """Raise `ConasmError` with everything found, in the order of the text."""
        if not self._found:
            return
        raise ConasmError(
            sorted(self._found.values(), key=lambda found: self.place(found.position))
        )

    def suggest(self, name: str, known: Iterable[str]) -> str:
        """Return near names for a message, as long as somebody may still read them."""
        return suggest(name, known) if len(self._found) < MOST_SUGGESTED else ""

    def place(self, position: Position) -> tuple[int, int, int]:
        """Return what sorts positions: files as they were opened, then by line and column."""
        return self._files.get(position.file, len(self._files)), position.line, position.column
