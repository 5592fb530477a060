"""The comment that documents a declaration: the one that stands directly above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Token


def comment_text(comments: Sequence[Token], declared: Token) -> str:
    """Return the text of the comments if they end on the line above `declared`, or on its own.

    Comment marks, the space behind them, and empty lines around the text are left out.
    """
    if not comments or (declared.line or 1) - (comments[-1].end_line or 1) > 1:
        return ""
    lines = [line for comment in comments for line in _lines(str(comment))]
    return "\n".join(lines).strip("\n")


def _lines(comment: str) -> list[str]:
    if comment.startswith("//"):
        return [_without_space(comment.lstrip("/").removeprefix("!")).rstrip()]
    body = comment.removeprefix("/*").removesuffix("*/").removeprefix("*")
    first, *rest = body.split("\n")
    starred = [_without_space(line.lstrip().removeprefix("*")).rstrip() for line in rest]
    return [_without_space(first).rstrip(), *starred]


def _without_space(line: str) -> str:
    return line.removeprefix(" ")
