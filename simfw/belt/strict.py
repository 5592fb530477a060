"""Translating strict operations: specials pass through, widths agree, the rest is traced.

Of specials among the operands a None wins, else the first listed; it gets the width of the first
operand that is a value, else of the first. Then values of different widths, unless their widths
need not agree, give NaR(mismatched sizes), and so does a width that the operation does not have.

A condition code reads an operation that computed; where that had nothing to compute, it is what
became of it. `carry`, `overflow` and `fault` tell of the operation, the others of its result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from conasm.assembly import ImmediateArg, Step, StepArgument, ValueArg
from conasm.operation import WIDTHS, Widths
from simfw.belt.joins import join, test_special
from simfw.belt.kinds import NaRKind
from simfw.belt.metadata import width_of
from simfw.belt.micro import Pattern
from simfw.belt.record import Record
from simfw.belt.traced import effects_of, possible_nars, result_meta, trace
from simfw.ir.builder import Word, const, field
from simfw.ir.ops import INTEGERS

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

_OF_OPERATION = frozenset({"carry", "overflow", "fault"})

Shape = tuple[tuple[bool, int], ...]
"""How each argument is known: whether it is a value, and the value's meta or the number's width."""


def translate_strict(t: Translation, step: Step) -> None:
    """Emit what a strict operation does."""
    if step.gang is not None:
        _condition_code(t, step, t.plan.block.steps[step.gang])
        return
    values = t.values(step)
    t.settle(*values)
    if not all(map(t.is_plain, values)):
        width = t.width(next(filter(t.is_plain, values), values[0]))
        for drop in step.drops:
            join(t, values, drop, width)
    elif _is_mismatched(t, step):
        for drop in step.drops:
            t.set_special(drop, NaRKind.MISMATCHED_SIZES.value, t.width(values[0]))
    else:
        _compute(t, step, _inputs(t, step), None)


def _condition_code(t: Translation, step: Step, producer: Step) -> None:
    (drop,), result, name = step.drops, producer.drops[0], step.operation.name
    values = t.values(producer)
    t.settle(*values)
    if not all(map(t.is_plain, values)) or _is_mismatched(t, producer):
        if name == "fault":
            test_special(t, result, drop, wants_none=False)
        else:
            t.copy(result, drop)
        return
    if name not in _OF_OPERATION:
        t.settle(result)
        if not t.is_plain(result):
            t.copy(result, drop)
            return
    own = _Inputs((ValueArg(result),), ((True, t.meta(result)),))
    _compute(t, step, own, (producer, _inputs(t, producer)))


def _is_mismatched(t: Translation, step: Step) -> bool:
    """Whether plain operands are of widths that do not agree, or that the operation has not."""
    values = t.values(step)
    agreeing = values[:1] if step.operation.widths is Widths.ANY else values
    widths = {t.width(value) for value in agreeing}
    return len(widths) > 1 or not widths <= {WIDTHS[letter] for letter in step.operation.sizes}


# --- operations that compute


@frozen(eq=False)
class _Inputs:
    """The arguments of an operation that reach its semantics, and how they are known."""

    arguments: Sequence[StepArgument]
    shape: Shape

    def operands(self, t: Translation, letter: str) -> dict[str, int]:
        """The operands of the micro operation: cells and numbers."""
        return {f"{letter}{n}": _operand(t, arg) for n, arg in enumerate(self.arguments)}

    def possible_nars(self, record: Record) -> frozenset[int] | None:
        """Which NaRs its numbers leave possible; None where no number has a say."""
        if all(is_value for is_value, _ in self.shape):
            return None
        words = [
            field(INTEGERS[8 * width_of(known)], f"a{n}", is_signed=False)
            if is_value
            else const(INTEGERS[8 * known], _value(arg))
            for n, (arg, (is_value, known)) in enumerate(
                zip(self.arguments, self.shape, strict=True)
            )
        ]
        return possible_nars(record, words)

    def words(self, p: Pattern, letter: str) -> list[Word]:
        """The words that the semantics gets."""
        return [_word(p, f"{letter}{n}", *known) for n, known in enumerate(self.shape)]


_Gang = tuple[Step, _Inputs]


def _inputs(t: Translation, step: Step) -> _Inputs:
    arguments = [arg for arg in step.arguments if isinstance(arg, ValueArg | ImmediateArg)]
    values = t.values(step)
    width = t.width(values[0]) if values else 1
    shape = tuple(
        (True, t.meta(arg.id)) if isinstance(arg, ValueArg) else (False, width) for arg in arguments
    )
    return _Inputs(arguments, shape)


def _operand(t: Translation, argument: StepArgument) -> int:
    return t.cell(argument.id) if isinstance(argument, ValueArg) else _value(argument)


def _value(argument: StepArgument) -> int:
    assert isinstance(argument, ImmediateArg)
    return argument.value


def _word(p: Pattern, name: str, is_value: bool, known: int) -> Word:
    return p.get(name, known) if is_value else p.number(name, INTEGERS[8 * known], is_signed=True)


def _compute(t: Translation, step: Step, own: _Inputs, gang: _Gang | None) -> None:
    """Trace the semantics for the widths at hand, and put the results into their slots."""
    records = t.program.records
    record = records[step.operation.name]
    producer = records[gang[0].operation.name] if gang else None
    inner = gang[1] if gang else _Inputs((), ())
    possible = None if gang else own.possible_nars(record)
    key = ("strict", record, own.shape, producer, inner.shape, possible)

    def write(p: Pattern) -> None:
        words, inside = own.words(p, "a"), inner.words(p, "g")
        traced, results = trace(record, words, producer and (producer, inside), possible)
        for effect in effects_of(traced, results, [f"d{n}" for n in range(len(results))]):
            p.add(effect)
        p.results = tuple(result_meta(word, traced) for word in results)

    operands: dict[str, Any] = {**own.operands(t, "a"), **inner.operands(t, "g")}
    operands |= {f"d{n}": t.cell(drop) for n, drop in enumerate(step.drops)}
    operands["where"] = t.program.where(step)
    made = t.emit(key, operands, write)
    for drop, known in zip(step.drops, made.results, strict=True):
        t.define(drop, known)
