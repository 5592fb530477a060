"""Mistakes in conAsm source: where each is, what it is, and the line that it is in.

`Problem` is one mistake. `ConasmError` carries all mistakes of a run, in order. Everything shown
is made printable first, since sources may come from elsewhere: no control character of a file
reaches a terminal, and a line of a megabyte is cut around the caret.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from conasm.nodes import Position

SHOWN_COLUMNS = 160
"""The widest part of a source line that a problem shows."""

QUOTED_CHARACTERS = 60
"""The longest piece of source text that a message quotes."""


def quote(text: str) -> str:
    """Return `text` in quotes, printable and cut to a length that fits into a message."""
    if len(text) > QUOTED_CHARACTERS:
        text = text[: QUOTED_CHARACTERS - 1] + "…"
    return f"'{printable(text)}'"


def printable(text: str) -> str:
    """Return `text` with each character that a terminal cannot show as itself replaced by `·`."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


@frozen
class Problem:
    """One mistake: its place, one sentence on what it is and how to mend it, and its line."""

    position: Position
    message: str
    source_line: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        """Three lines: `path:line:col: error: message`, the source line, the caret.

        A warning says so in place of `error`.
        """
        place = self.position
        head = (
            f"{printable(place.file)}:{place.line}:{place.column}: {self.severity}: {self.message}"
        )
        line, caret = _excerpt(self.source_line, place.column)
        return f"{head}\n{line}\n{caret}"


def _excerpt(line: str, column: int) -> tuple[str, str]:
    """Return the shown part of a line and, below it, the caret; tabs stay, so both line up."""
    first = max(0, column - 1 - SHOWN_COLUMNS // 2) if len(line) > SHOWN_COLUMNS else 0
    shown = line[first : first + SHOWN_COLUMNS]
    text = "".join(letter if letter == "\t" else printable(letter) for letter in shown)
    before = shown[: column - 1 - first].ljust(column - 1 - first)
    caret = "".join("\t" if letter == "\t" else " " for letter in before) + "^"
    return text, caret


class ConasmError(Exception):
    """Source text that is not conAsm; `.problems` has every mistake found, in order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class TypeSpellingError(ValueError):
    """A text that names no C type that may cross the border; the message says why."""
