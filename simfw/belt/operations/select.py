"""Selects, which choose between operands, and tests for operands that are no values."""

from __future__ import annotations

from conasm.operation import Phase
from simfw.belt.record import Operations

select = Operations("select")
tests = Operations("tests")


@select.op(
    "pick value value value / value value", phase=Phase.PICK, widths="any", raw=True, gives="picked"
)
def pick() -> None:
    """Drop the second operand if the first one's lowest bit is 1, else the third.

    Without a third it is a None as wide as the second. A special selector gives that special;
    otherwise only the chosen operand matters.
    """


@select.op("recur value value", phase=Phase.PICK, widths="any", raw=True, gives="picked")
def recur() -> None:
    """Drop the first operand, or the second where the first is a None."""


@tests.op("isNaR value", latency="compare", widths="any", raw=True, gives="b")
def is_nar() -> None:
    """Tell whether the operand is a NaR, as 0 or 1 of width b."""


@tests.op("isNone value", latency="compare", widths="any", raw=True, gives="b")
def is_none() -> None:
    """Tell whether the operand is a None, as 0 or 1 of width b."""
