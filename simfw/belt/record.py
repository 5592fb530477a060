"""One record an operation of the belt: header, semantics and a sentence of documentation.

    integer = Operations("integer")

    @integer.op("add value operand", latency="add", codes=True)
    def add(s: Strict, a: Word, b: Word) -> Word:
        \"\"\"Add, modulo the width.\"\"\"
        return a + b

The header is the name and the kinds of the arguments (see `conasm.operation.Kind`), several forms
separated by ` / `. Users make an `Operations` of their own and hand it to the machine.

A *strict* operation, as most are, computes on plain values: its semantics takes IR words as wide
as the operands and gives one or several. That None and NaR pass through, which of two wins, and
that widths agree, is the frame's business, not the record's:

* an immediate arrives as a constant as wide as the first value, modulo that width;
* a result of one bit becomes 0 or 1 of width b;
* `s.nar(kind, when=bit)` makes the result a NaR where the bit is 1; the first that holds wins;
* `s.codes(carry=bit, overflow=bit)` is what condition codes ganged to the operation read;
* the form without arguments of a `ganged` operation gets the result of the operation before it
  as its first argument, and that one's codes in `s.carry`, `s.overflow` and `s.fault`.

A *raw* operation (memory, frame, control, selects, tests of specials) handles operands itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Protocol, TypeVar, cast

from attrs import define, field, frozen

from conasm.operation import (
    WIDTHS,
    Kind,
    OperationSpec,
    Phase,
    Results,
    Transfer,
    Widths,
    parse_header,
)
from simfw.belt.kinds import NaRKind
from simfw.ir.builder import Word, const
from simfw.ir.ops import I1, INTEGERS

Result = Word | tuple[Word, ...]
Semantics = Callable[..., object]
Declared = TypeVar("Declared", bound=Semantics)
WidthRule = Callable[[int], tuple[int | None, ...]]

NO_REGISTERS: Mapping[str, int | None] = MappingProxyType({})

SIZES = {Widths.SAME: "bhwdq", Widths.ANY: "bhwdq", Widths.FLOAT: "wd"}
"""The widths that a first value may have, unless a record says otherwise."""


class Strict(Protocol):
    """What the semantics of a strict operation may ask and say beside its operands."""

    carry: Word
    overflow: Word
    fault: Word

    def nar(self, kind: NaRKind, *, when: Word) -> None:
        """Make the result a NaR of this kind where the bit is 1."""
        ...

    def codes(self, *, carry: Word, overflow: Word) -> None:
        """Say what condition codes ganged to this operation read."""
        ...


@frozen(eq=False)
class Record:
    """An operation: what the assembler must know of it, and what it does."""

    spec: OperationSpec
    semantics: Semantics
    raw: bool

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.spec.name


@define
class Operations:
    """A group of records under one name, e.g. `integer`."""

    name: str
    records: list[Record] = field(factory=list[Record], repr=False)

    def op(
        self,
        header: str,
        *,
        phase: Phase = Phase.COMPUTE,
        latency: str = "",
        widths: str = "same",
        sizes: str = "",
        results: int | Results = 1,
        gives: str = "",
        chooses: int | None = None,
        codes: bool = False,
        ganged: bool = False,
        raw: bool = False,
        transfer: Transfer | None = None,
        condition: bool | None = None,
        registers: Mapping[str, int | None] = NO_REGISTERS,
    ) -> Callable[[Declared], Declared]:
        """Add a record; used as a decorator of its semantics.

        `gives` is the width letter of a raw operation's result; without it, a width among the
        arguments decides. That of a strict one is traced. One that `chooses` gives one of its
        values, those from that place on. `registers` are the words that it takes, and their
        widths in bytes.
        Raises ValueError for a malformed header, a missing sentence, and a name that is taken.
        """
        name, forms = parse_header(header)
        rule = Widths(widths)
        if not set(sizes) <= WIDTHS.keys():
            raise ValueError(f"{name}: sizes={sizes!r} are not all widths: b, h, w, d and q")

        def add(semantics: Declared) -> Declared:
            if any(record.name == name for record in self.records):
                raise ValueError(f"{self.name} has an operation {name} already")
            values = max(sum(kind in _WORDS for kind in form.kinds) for form in forms)
            spec = OperationSpec(
                name=name,
                forms=forms,
                phase=phase,
                latency=latency or name,
                results=results,
                widths=rule,
                sizes=sizes or SIZES[rule],
                group=self.name,
                description=_sentence(name, semantics),
                codes=codes,
                ganged=ganged,
                transfer=transfer,
                condition=condition,
                chooses=chooses,
                registers=registers,
                result_widths=_given(gives) if raw else _traced(semantics, max(values, ganged)),
            )
            self.records.append(Record(spec, semantics, raw))
            return semantics

        return add

    def __getitem__(self, name: str) -> Record:
        for record in self.records:
            if record.name == name:
                return record
        raise KeyError(f"{self.name} has no operation {name}")


_WORDS = (Kind.VALUE, Kind.OPERAND, Kind.INTEGER)
"""Arguments that reach the semantics of a strict operation as words."""


def by_name(groups: Iterable[Operations]) -> dict[str, Record]:
    """Return all records of several groups; of two with one name the later one counts."""
    return {record.name: record for group in groups for record in group.records}


def specs(groups: Iterable[Operations]) -> dict[str, OperationSpec]:
    """Return what the assembler must know of the operations of several groups."""
    return {name: record.spec for name, record in by_name(groups).items()}


def _sentence(name: str, semantics: Semantics) -> str:
    text = " ".join((semantics.__doc__ or "").split())
    if not text:
        raise ValueError(f"{name}: its semantics needs a docstring of one sentence")
    return text


# --- widths of results


def _given(letter: str) -> WidthRule:
    """Return the rule of a raw operation."""
    result = (WIDTHS[letter],) if letter else ()
    return lambda _: result


@define
class _Trace:
    """Lets semantics run without a machine, to see how wide its results are."""

    carry: Word = field(factory=lambda: const(I1, 0))
    overflow: Word = field(factory=lambda: const(I1, 0))
    fault: Word = field(factory=lambda: const(I1, 0))

    def nar(self, kind: NaRKind, *, when: Word) -> None:
        """Take no note of it."""

    def codes(self, *, carry: Word, overflow: Word) -> None:
        """Take no note of them."""


def _traced(semantics: Semantics, values: int) -> WidthRule:
    """Return the rule of a strict operation: what its semantics makes of operands that wide."""

    @cache
    def widths(size: int) -> tuple[int | None, ...]:
        type = INTEGERS[8 * size]
        operands = [Word("field", type, (), (f"operand{i}", False)) for i in range(values)]
        made = semantics(_Trace(), *operands)
        words = cast("Result", made)
        listed = words if isinstance(words, tuple) else (words,)
        return tuple(max(1, word.type.bits // 8) for word in listed)

    return widths
