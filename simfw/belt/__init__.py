"""Belt guests: operands, operations, members and frames of programs written in conAsm.

kinds        why an operand is no value: the kinds of NaR
members      Tin, Silver, Gold: how long the belt, how late the results
record       one record an operation: header, semantics, sentence
operations   the records, by group
floats       IEEE 754 arithmetic on bit patterns
reference    the page of all operations, written from the records

`Operations`, with `Strict` for the semantics, is how users add operations: `Machine(…,
extensions=[mine])`. A `Member` of one's own is given likewise: `Machine(…, member=mine)`.
"""

from __future__ import annotations

from conasm.member import Member
from simfw.belt.record import Operations, Strict

__all__ = ["Member", "Operations", "Strict"]
