"""What an outcall of a belt guest returns where it has no value: `NaR(kind)` and `NONE`."""

from __future__ import annotations

from attrs import frozen

from simfw.belt.kinds import NaRKind


@frozen
class NaR:
    """A NaR for an outcall to return: why there is no result.

    >>> NaR(NaRKind.OVERFLOW)
    NaR(kind=<NaRKind.OVERFLOW: 3>)
    """

    kind: NaRKind = NaRKind.USER


class NoneOperand:
    """The type of `NONE`."""

    def __repr__(self) -> str:
        return "NONE"


NONE = NoneOperand()
"""A None for an outcall to return: an operand with which nothing happens. Not Python's None."""
