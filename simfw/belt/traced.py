"""Tracing strict operations: from a record's semantics to effects over frame slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from simfw.belt.kinds import NaRKind
from simfw.belt.metadata import MAYBE, PLAIN, file_of, meta
from simfw.belt.record import Record, Semantics
from simfw.ir.builder import Word, const, field
from simfw.ir.ops import I1, I64, INTEGERS, Effect, Slot


class StrictTrace:
    """What the semantics of a strict operation sees beside its operands; see `record.Strict`.

    With `possible`, of the NaRs that the semantics tells of only those with these numbers, counted
    from 0, can come about.
    """

    def __init__(self, possible: frozenset[int] | None = None) -> None:
        zero = const(I1, 0)
        self.carry = self.overflow = self.fault = zero
        self.made_carry, self.made_overflow = zero, zero
        self.nars: dict[int, tuple[NaRKind, Word]] = {}
        self._possible = possible
        self._told = 0

    def nar(self, kind: NaRKind, *, when: Word) -> None:
        """The result is a NaR of this kind where the bit is 1; the first that holds wins."""
        number, self._told = self._told, self._told + 1
        if when.constant != 0 and (self._possible is None or number in self._possible):
            self.nars[number] = kind, when

    def codes(self, *, carry: Word, overflow: Word) -> None:
        """What ganged condition codes read."""
        self.made_carry, self.made_overflow = carry, overflow


def trace(
    record: Record,
    operands: Sequence[Word],
    gang: tuple[Record, Sequence[Word]] | None = None,
    possible: frozenset[int] | None = None,
) -> tuple[StrictTrace, tuple[Word, ...]]:
    """Run the semantics. `gang` is the operation whose codes it reads, with its operands."""
    traced = StrictTrace(possible)
    if gang is not None:
        producer, before = gang
        inner = StrictTrace()
        _run(producer.semantics, inner, before)
        traced.carry, traced.overflow = inner.made_carry, inner.made_overflow
        for _, when in inner.nars.values():
            traced.fault = traced.fault | when
    return traced, _words(_run(record.semantics, traced, operands))


def possible_nars(record: Record, operands: Sequence[Word]) -> frozenset[int]:
    """The numbers of the NaRs that an operation can make of operands some of which are known."""
    traced = StrictTrace()
    _run(record.semantics, traced, operands)
    return frozenset(traced.nars)


def _run(semantics: Semantics, traced: StrictTrace, operands: Sequence[Word]) -> object:
    return semantics(traced, *operands)


def _words(made: object) -> tuple[Word, ...]:
    """What semantics returned, as a tuple; a bit becomes 0 or 1 of width b."""
    listed = cast("tuple[Word, ...]", made) if isinstance(made, tuple) else (cast("Word", made),)
    return tuple(word.zext(8) if word.type is I1 else word for word in listed)


def result_meta(word: Word, traced: StrictTrace) -> int:
    """The meta of a result: it may be special where the operation makes NaRs."""
    return meta(word.type.bits // 8, MAYBE if traced.nars else PLAIN)


def effects_of(traced: StrictTrace, results: Sequence[Word], drops: Sequence[str]) -> list[Effect]:
    """Put the results into their slots, each flagged if the operation can make a NaR.

    `drops` are the names of the fields that hold the slots. The operand `where` names the
    operation in the payload of a NaR.
    """
    if not traced.nars:
        return [_put(word, drop) for word, drop in zip(results, drops, strict=True)]
    bad, payload = const(I1, 0), const(I64, 0)
    for kind, when in reversed(traced.nars.values()):
        code = (field(I64, "where", is_signed=False) << 8) | kind.value
        payload = when.select(code, payload)
        bad = when | bad
    effects: list[Effect] = []
    for word, drop in zip(results, drops, strict=True):
        # a q result that can be a NaR keeps its high half: the flag says what the slot holds
        wide = INTEGERS[max(64, word.type.bits)]
        chosen = bad.select(payload.zext(wide.bits), word.zext(wide.bits))
        effects.append(_put(chosen, drop))
        effects.append(Effect("put", (bad.zext(64),), Slot("flag", drop)))
    return effects


def _put(word: Word, drop: str) -> Effect:
    return Effect("put", (word,), Slot(file_of(word.type.bits // 8), drop))
