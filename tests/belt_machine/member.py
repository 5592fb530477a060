"""Members: how long the belt is, and how long operations take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_SUFFIXES = ("", "u", "x", "us", "ux", "uw", "ss", "sx", "sw")

LATENCIES: Mapping[str, int] = {
    **dict.fromkeys(("mul" + suffix for suffix in _SUFFIXES), 3),
    **dict.fromkeys(("divs", "divu", "rems", "remu"), 8),
}
"""Instructions that an operation takes, by its name; what is not here takes one."""


@dataclass(frozen=True)
class Member:
    """What differs between members of the family."""

    name: str
    belt: int
    latencies: Mapping[str, int] = field(default_factory=lambda: LATENCIES)

    def latency(self, operation: str) -> int:
        return self.latencies.get(operation, 1)


TIN = Member("tin", 8)
SILVER = Member("silver", 16)
GOLD = Member("gold", 32)
MEMBERS = {member.name: member for member in (TIN, SILVER, GOLD)}
