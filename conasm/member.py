"""A member of the family of belt machines: what differs from one to another."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import Attribute, field, frozen
from attrs.validators import ge, instance_of, le

LONGEST_BELT = 32
"""Positions that can be named: b0 to b31."""

LONGEST_LATENCY = 1 << 10


def _copied(latencies: Mapping[str, int]) -> Mapping[str, int]:
    return dict(latencies)


def _check(
    member: object, attribute: Attribute[Mapping[str, int]], value: Mapping[str, int]
) -> None:
    del member
    for name, latency in value.items():
        if type(latency) is not int or not 1 <= latency <= LONGEST_LATENCY:
            rule = f"from 1 to {LONGEST_LATENCY} instructions"
            raise ValueError(f"{attribute.name}: {name!r} takes {latency!r}; latencies are {rule}")


@frozen
class Member:
    """Belt length in operands, scratchpad in bytes, and latencies in instructions.

    `latencies` maps latency classes of operations to instructions; classes that it leaves out
    take one. A result of latency 1 is there for the call, pick and writer phases of its own
    instruction and for the next instruction.

    >>> Member("Copper", belt=8, scratchpad=128, latencies={"mul": 3}).latency("mul")
    3
    """

    name: str = field(validator=instance_of(str))
    belt: int = field(validator=[instance_of(int), ge(1), le(LONGEST_BELT)])
    scratchpad: int = field(validator=[instance_of(int), ge(0), le(1 << 16)])
    latencies: Mapping[str, int] = field(
        factory=dict[str, int], converter=_copied, validator=_check, hash=False
    )

    def latency(self, kind: str) -> int:
        """Return the latency of a class of operations, in instructions."""
        return self.latencies.get(kind, 1)
