"""Ranges of addresses that may nest and overlap, searched by address in logarithmic time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeAlias

Span: TypeAlias = tuple[int, int, int, int]
"""Start, end (exclusive), preference and owner."""


class Ranges:
    """An index from address to the owner of the innermost span that covers it.

    Innermost is the span that starts last; of those the shorter one; of equal ones that with the
    higher preference. Empty spans cover nothing.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self._cuts: list[int] = []
        self._owners: list[int | None] = []
        open_spans: list[tuple[int, int]] = []
        for start, end, _, owner in sorted(spans, key=_outermost_first):
            if end > start:
                self._close(open_spans, start)
                self._cut(start, owner)
                open_spans.append((end, owner))
        self._close(open_spans, None)

    def find(self, address: int) -> int | None:
        """The owner of `address`, or None."""
        index = bisect_right(self._cuts, address) - 1
        return self._owners[index] if index >= 0 else None

    def _close(self, open_spans: list[tuple[int, int]], limit: int | None) -> None:
        """End the innermost spans that reach no further than `limit` (None: all of them)."""
        while open_spans and (limit is None or open_spans[-1][0] <= limit):
            end = open_spans.pop()[0]
            while open_spans and open_spans[-1][0] <= end:
                open_spans.pop()
            self._cut(end, open_spans[-1][1] if open_spans else None)

    def _cut(self, address: int, owner: int | None) -> None:
        if self._cuts and self._cuts[-1] == address:
            self._owners[-1] = owner
        else:
            self._cuts.append(address)
            self._owners.append(owner)


def _outermost_first(span: Span) -> tuple[int, int, int, int]:
    start, end, preference, owner = span
    return start, -end, preference, -owner
