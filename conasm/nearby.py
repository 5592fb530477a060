"""Near names: what somebody may have meant who wrote a name that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

MOST_CANDIDATES = 1000
_LONGEST_NAME = 64
_SHORTEST_GUESSED = 7
_C_INTEGER = re.compile(r"u?int[0-9]*_t")


def near_names(name: str, known: Iterable[str], limit: int = 5) -> list[str]:
    """Return at most `limit` of the known names that resemble `name`, the nearest first.

    The search is bounded: it is for people, and names may be many and long.
    """
    if len(name) > _LONGEST_NAME:
        return []
    from difflib import get_close_matches  # takes 2 ms, and is for mistakes only

    candidates = [word for word in islice(known, MOST_CANDIDATES) if len(word) <= _LONGEST_NAME]
    return get_close_matches(name, candidates, n=limit, cutoff=0.7)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'a' or 'b'?` for the names near to `name`, or nothing."""
    near = [f"'{found}'" for found in near_names(name, known)]
    if not near:
        return ""
    listed = " or ".join(filter(None, [", ".join(near[:-1]), near[-1]]))
    return f"; did you mean {listed}?"


def is_typo_of(name: str, known: Iterable[str]) -> bool:
    """Whether `name` is more likely a slip of the pen than a name of somebody's own.

    True for names that C keeps for itself (`uint23_t`), for known names with letters swapped,
    and for those one letter away from a known name that is long enough to tell.
    """
    if _C_INTEGER.fullmatch(name):
        return True
    letters = sorted(name)
    return any(
        sorted(word) == letters or (len(word) >= _SHORTEST_GUESSED and _one_apart(name, word))
        for word in known
        if abs(len(word) - len(name)) <= 1
    )


def _one_apart(first: str, second: str) -> bool:
    """Whether one letter put in, left out or changed makes one word of the other."""
    if len(first) > len(second):
        first, second = second, first
    same = 0
    while same < len(first) and first[same] == second[same]:
        same += 1
    changed = first[same + 1 :] == second[same + 1 :]
    return changed if len(first) == len(second) else first[same:] == second[same + 1 :]
