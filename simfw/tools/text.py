"""Text for terminals: names come from images, which may be hostile."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with every character that could control a terminal replaced by `·`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else "·" for c in text)
