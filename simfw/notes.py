"""Notes on exceptions that cross guest frames: which frames, for each level that they leave."""

from __future__ import annotations

import re
from collections.abc import Iterable

from simfw.errors import folded

_HEAD = "called from the guest"
_MOST = 8  # notes of ours on one exception


def note_crossed(error: Exception, rows: Iterable[object]) -> None:
    """Note that an exception crosses these frames. Equal notes become one, with a count.

    Beyond the first few levels only their number is noted.
    """
    notes: list[str] = getattr(error, "__notes__", [])
    path = " ← ".join(folded(rows))
    if _counted_up(notes, _HEAD, " ({} times)", f": {path}", 2):
        return
    if sum(text.startswith(_HEAD) for text in notes) < _MOST:
        BaseException.add_note(error, f"{_HEAD}: {path}")
    elif not _counted_up(notes, f"{_HEAD}: …", " ({} more)", "", 2):
        BaseException.add_note(error, f"{_HEAD}: … (1 more)")


def _counted_up(notes: list[str], head: str, count: str, tail: str, first: int) -> bool:
    """Count the last note up if it is `head` and `tail`, with a count between or without."""
    if not notes:
        return False
    number = re.escape(count).replace(r"\{\}", r"(\d+)")
    found = re.fullmatch(f"{re.escape(head)}(?:{number})?{re.escape(tail)}", notes[-1])
    if found is not None:
        notes[-1] = head + count.format(int(found[1]) + 1 if found[1] else first) + tail
    return found is not None
