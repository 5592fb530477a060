"""The collector of a run's problems: all of them are reported at once, in the order of the text."""

from __future__ import annotations

from conasm.errors import ConasmError, Problem
from conasm.nodes import Position

MOST_PROBLEMS = 1000
"""After so many the rest are counted out: a file of noise has one at every `;`."""


class Problems:
    """What is wrong in a unit, and the lines of its files to show it in."""

    def __init__(self) -> None:
        self.sources: dict[str, tuple[str, ...]] = {}
        self._found: dict[tuple[Position, str], Problem] = {}

    def add_source(self, file: str, text: str) -> None:
        """Take in the lines of a file before anything is found in it."""
        self.sources[file] = tuple(line.removesuffix("\r") for line in text.split("\n"))

    def add(self, position: Position, message: str) -> None:
        """Note a mistake; one sentence in lower case, with how to mend it where that is known."""
        if len(self._found) > MOST_PROBLEMS:
            return
        if len(self._found) == MOST_PROBLEMS:
            message = f"more than {MOST_PROBLEMS} errors; the rest is not shown"
        lines = self.sources.get(position.file, ())
        line = lines[position.line - 1] if position.line <= len(lines) else ""
        self._found.setdefault((position, message), Problem(position, message, line))

    def raise_if_any(self) -> None:
        """Raise `ConasmError` with everything found: files as they were opened, then by place."""
        if not self._found:
            return
        files = {file: index for index, file in enumerate(self.sources)}

        def place(problem: Problem) -> tuple[int, int, int]:
            position = problem.position
            return files.get(position.file, len(files)), position.line, position.column

        raise ConasmError(sorted(self._found.values(), key=place))
