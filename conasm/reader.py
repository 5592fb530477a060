"""From text to statements, going on after mistakes.

The tokens of a statement are fed to the LALR parser one by one. One that it cannot take is
reported with what could have stood there, and reading goes on behind the next `;`, or at a
`F( L( D( include` that begins a line, since then only the semicolon is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from conasm.comments import comment_text
from conasm.errors import quote
from conasm.nodes import Position
from conasm.problems import Problems
from conasm.statements import Lost, MistakenLiteral, Statement, build_statement
from conasm.tables import parser

if TYPE_CHECKING:
    from lark import Token, Tree

_COMMENTS = frozenset({"LINE_COMMENT", "BLOCK_COMMENT"})
_LABELS = frozenset({"FUNCTION", "LABEL"})
_BEGINNINGS = _LABELS | {"DATA", "INCLUDE"}

_MALFORMED = {
    "OPEN_COMMENT": "this comment is never closed: */ is missing",
    "OPEN_STRING": "this string is not closed on its line",
    "OPEN_CHARACTER": "this character is not closed on its line",
    "BAD_NUMBER": "{found} is no number",
    "STRAY": "{found} has no meaning here",
}
_ARGUMENTS = frozenset({"BELT", "CHARACTER", "FLOAT", "INTEGER", "WORD"})
_EXPECTED = {
    "SEMICOLON": "';'",
    "COMMA": "','",
    "LPAR": "'('",
    "RPAR": "')'",
    "STRING": "a string",
    "WORD": "an operation",
}


class _Read(NamedTuple):
    """A token, the comments right before it, and whether it is the first of its line."""

    token: Token
    comments: tuple[Token, ...]
    begins_line: bool


def read_statements(text: str, file: str, problems: Problems) -> Iterator[Statement | Lost]:
    """Yield the statements of a file in order, and report what is none."""
    return _Reader(text, file, problems).statements()


class _Reader:
    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.tokens = _significant(parser().lex(text, True))
        self.next: _Read | None = next(self.tokens, None)
        self.last: Token | None = None

    def statements(self) -> Iterator[Statement | Lost]:
        while self.next is not None and not self.problems.full:
            yield self.statement(self.next)

    def statement(self, first: _Read) -> Statement | Lost:
        """Read one statement, or report why there is none and get behind it."""
        from lark import UnexpectedToken

        machine = parser().parse_interactive()
        lost = Lost(str(first.token) if first.token.type in _LABELS else None)
        while self.next is not None:
            token = self.next.token
            try:
                machine.feed_token(token)
            except UnexpectedToken:
                self.report(self.next, machine.accepts())
                self.skip(self.next is not first)
                return lost
            self.take()
            if token.type == "SEMICOLON":
                tree = machine.feed_eof(token)
                return self.build(tree, first) or lost
        place = self.after_last()
        self.problems.add(place, f"expected {_listed(machine.accepts())} before the file's end")
        return lost

    def build(self, tree: Tree[Token], first: _Read) -> Statement | None:
        comment = comment_text(first.comments, first.token)
        try:
            return build_statement(tree, self.file, comment)
        except MistakenLiteral as mistake:
            self.problems.add(mistake.position, mistake.message)
            return None

    def take(self) -> None:
        self.last = self.next.token if self.next else None
        self.next = next(self.tokens, None)

    def report(self, found: _Read, accepted: Iterable[str]) -> None:
        """Say what is wrong with a token; what lacks before a new line lacks at the old one."""
        token = found.token
        place = Position(self.file, token.line or 1, token.column or 1)
        if token.type in _MALFORMED:
            self.problems.add(place, _MALFORMED[token.type].format(found=quote(token)))
        elif token.type == "SEMICOLON" and self.begins_statement():
            why = "nothing stands before this ';'; an empty instruction is written nop()"
            self.problems.add(place, why)
        else:
            if found.begins_line and self.last is not None:
                place = self.after_last()
            self.problems.add(place, f"expected {_listed(accepted)} before {quote(token)}")

    def begins_statement(self) -> bool:
        return self.last is None or self.last.type == "SEMICOLON"

    def after_last(self) -> Position:
        """Return the place behind the last token taken, where something is missing."""
        last = self.last
        if last is None:
            return Position(self.file, 1, 1)
        return Position(self.file, last.end_line or 1, last.end_column or 1)

    def skip(self, started: bool) -> None:
        """Go on behind the next semicolon, or before what plainly begins another statement."""
        while self.next is not None:
            if started and self.next.begins_line and self.next.token.type in _BEGINNINGS:
                return
            started = True
            token = self.next.token
            self.take()
            if token.type == "SEMICOLON" or (token.type in _MALFORMED and ";" in token):
                return


def _listed(accepted: Iterable[str]) -> str:
    """Return in words what the parser could have taken."""
    terminals = set(accepted)
    words = [_EXPECTED[terminal] for terminal in _EXPECTED if terminal in terminals]
    if terminals >= _ARGUMENTS:
        words = [word for word in words if word not in ("a string", "an operation")]
        words.append("an argument")
    return " or ".join(words)


def _significant(tokens: Iterable[Token]) -> Iterator[_Read]:
    """Yield the tokens that the grammar knows, each with the comments above it."""
    comments: list[Token] = []
    line_in_use = 0
    for token in tokens:
        line, end_line = token.line or 1, token.end_line or 1
        if token.type in _COMMENTS:
            own_line = line != line_in_use
            if comments and line > (comments[-1].end_line or 1) + 1:
                comments.clear()
            if own_line:
                comments.append(token)
        elif token.type != "WHITESPACE":
            yield _Read(token, tuple(comments), line != line_in_use)
            comments.clear()
            line_in_use = end_line
