"""How much of Python's stack is left, asked before a call changes any state."""

from __future__ import annotations

import sys

HEADROOM = 50
"""Frames that must be free: those of one nesting level, of a plugin's own calls, and of cleanup."""


def has_headroom() -> bool:
    """Whether `HEADROOM` more Python frames fit under the recursion limit.

    The limit is never changed: it belongs to the user.
    """
    try:
        sys._getframe(sys.getrecursionlimit() - HEADROOM)  # pyright: ignore[reportPrivateUsage]
    except ValueError:
        return True
    return False
