"""Members: what a belt machine of a given size is like. Users can make more with `Member`.

Belt lengths and Tin's scratchpad are the Mill's. Latencies are what its family has in common
where that is public, else chosen: those of this table, and 1 for all other operations.
"""

from __future__ import annotations

from conasm.member import Member

LATENCIES = {
    "mul": 3,
    "div": 8,
}
"""Latency classes that take more than one instruction, in instructions."""

TIN = Member("Tin", belt=8, scratchpad=128, latencies=LATENCIES)
SILVER = Member("Silver", belt=16, scratchpad=256, latencies=LATENCIES)
GOLD = Member("Gold", belt=32, scratchpad=512, latencies=LATENCIES)

DEFAULT = SILVER
"""The member that code is for if nobody says otherwise."""

MEMBERS = {member.name: member for member in (TIN, SILVER, GOLD)}
"""The members that come with simfw, by name."""
