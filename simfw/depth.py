"""How much of Python's stack is left, asked before a call changes any state."""

from __future__ import annotations

import sys

HEADROOM = 50
"""Frames that must be free: those of one nesting level, of a plugin's own calls, and of cleanup."""


PLENTY = 200
"""Frames up to which there is room for more under every limit that Python has."""


def _nested(levels: int) -> list[object]:
    inner: list[object] = []
    for _ in range(levels):
        inner = [inner]
    return inner


_LEFT, _RIGHT = _nested(HEADROOM), _nested(HEADROOM)


def has_headroom() -> bool:
    """Whether `HEADROOM` more calls fit under the recursion limit, those in Python and in C.

    Calls by way of C (`map`, a `Mock`, a callable object) count as well, on some versions of
    Python against a limit of their own, and nothing tells how much is left; so where there is
    not plenty it is tried. The limit is never changed: it belongs to the user.
    """
    try:
        sys._getframe(min(sys.getrecursionlimit() // 4, PLENTY))  # pyright: ignore[reportPrivateUsage]
    except ValueError:
        return True
    try:
        return _descends(HEADROOM) and _LEFT == _RIGHT
    except RecursionError:
        return False


def _descends(frames: int) -> bool:
    return frames == 0 or _descends(frames - 1)
