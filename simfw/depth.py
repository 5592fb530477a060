"""How much of Python's stack is left, asked before a call changes any state."""

from __future__ import annotations

import sys

HEADROOM = 50
"""Frames that must be free: those of one nesting level, of a plugin's own calls, and of cleanup."""


def has_headroom() -> bool:
    """Whether `HEADROOM` more Python frames fit under the recursion limit.

    Counting frames tells only that there are plenty: calls by way of C (`map`, a `Mock`, a
    callable object) use the limit up as well on some versions of Python, so beyond a quarter of
    it the frames are tried. The limit is never changed: it belongs to the user.
    """
    try:
        sys._getframe(sys.getrecursionlimit() // 4)  # pyright: ignore[reportPrivateUsage]
    except ValueError:
        return True
    try:
        return _descends(HEADROOM)
    except RecursionError:
        return False


def _descends(frames: int) -> bool:
    return frames == 0 or _descends(frames - 1)
