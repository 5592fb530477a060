"""Translating strict operations: specials pass through, widths agree, the rest is traced.

Of specials among the operands a None wins, else the first listed; then values of different widths
give NaR(mismatched sizes), and so does a width that the operation does not have. The width of
such a result is what the operation makes of its first operand that is a value, else of its first;
amounts and bit numbers, whose widths need not agree, have no say.

A condition code reads an operation that computed: of specials among that one's operands it is the
special itself. `carry`, `overflow` and `fault` tell of the operation, the others of its result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from conasm.assembly import ImmediateArg, Step, StepArgument, ValueArg
from conasm.operation import WIDTHS, OperationSpec, Widths
from simfw.belt.joins import join
from simfw.belt.kinds import NaRKind
from simfw.belt.metadata import SPECIAL, meta, state_of
from simfw.belt.micro import Pattern
from simfw.belt.record import Record
from simfw.belt.traced import effects_of, result_meta, trace
from simfw.ir.builder import Word
from simfw.ir.ops import INTEGERS

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

_OF_OPERATION = frozenset({"carry", "overflow", "fault"})
_WIDEST = 16

Shape = tuple[tuple[bool, int], ...]
"""How each argument is known: whether it is a value, and the value's meta or the number's width."""


def translate_strict(t: Translation, step: Step) -> None:
    """Emit what a strict operation does."""
    if step.gang is not None:
        _condition_code(t, step, t.plan.block.steps[step.gang])
        return
    values = t.values(step)
    t.settle(*values)
    if _has_special(t, values):
        for drop, width in zip(step.drops, _result_widths(t, step), strict=True):
            join(t, values, drop, width)
    elif _is_mismatched(t, step):
        for drop, width in zip(step.drops, _result_widths(t, step), strict=True):
            t.set_special(drop, NaRKind.MISMATCHED_SIZES.value, width)
    else:
        _compute(t, step, _inputs(t, step), None)


def _condition_code(t: Translation, step: Step, producer: Step) -> None:
    (drop,), result, name = step.drops, producer.drops[0], step.operation.name
    values = t.values(producer)
    t.settle(*values)
    if _has_special(t, values):
        t.copy(result, drop, width=1)
    elif _is_mismatched(t, producer):
        if name == "fault":
            t.set_constant(drop, 1, meta(1))
        else:
            t.copy(result, drop, width=1)
    else:
        if name not in _OF_OPERATION:
            t.settle(result)
            if state_of(t.meta(result)) == SPECIAL:
                t.copy(result, drop, width=1)
                return
        own = _Inputs((ValueArg(result),), ((True, t.meta(result)),))
        _compute(t, step, own, (producer, _inputs(t, producer)))


# --- operands that keep an operation from computing


def _has_special(t: Translation, values: Sequence[int]) -> bool:
    return not all(map(t.is_plain, values))


def _agreeing(t: Translation, step: Step) -> list[int]:
    """The operands whose widths must agree."""
    values = t.values(step)
    return values[:1] if step.operation.widths is Widths.ANY else values


def _is_mismatched(t: Translation, step: Step) -> bool:
    widths = {t.width(value) for value in _agreeing(t, step)}
    return len(widths) > 1 or not widths <= _sizes(step.operation)


def _sizes(spec: OperationSpec) -> set[int]:
    return {WIDTHS[letter] for letter in spec.sizes}


def _result_widths(t: Translation, step: Step) -> list[int]:
    """The widths of the results when there is nothing to compute."""
    agreeing = _agreeing(t, step)
    plain = [value for value in agreeing if t.is_plain(value)]
    first = (plain or agreeing)[:1]
    width = t.width(first[0]) if first else 1
    like = max(_sizes(step.operation))
    return [_scaled(width, like, made or 1) for made in step.operation.result_widths(like)]


def _scaled(width: int, like: int, made: int) -> int:
    """The width that a result has for one of `width`, if it is `made` for one of `like`."""
    if made == 2 * like:
        return min(_WIDEST, 2 * width)
    if 2 * made == like:
        return max(1, width // 2)
    return width if made == like else made


# --- operations that compute


@frozen(eq=False)
class _Inputs:
    """The arguments of an operation that reach its semantics, and how they are known."""

    arguments: Sequence[StepArgument]
    shape: Shape

    def operands(self, t: Translation, letter: str) -> dict[str, int]:
        """The operands of the micro operation: cells and numbers."""
        return {f"{letter}{n}": _operand(t, arg) for n, arg in enumerate(self.arguments)}

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
    if isinstance(argument, ValueArg):
        return t.cell(argument.id)
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
    key = ("strict", record, own.shape, producer, inner.shape)
    made: list[int] = []

    def write(p: Pattern) -> None:
        made.extend(_write(p, record, own, producer, inner))

    operands: dict[str, Any] = {**own.operands(t, "a"), **inner.operands(t, "g")}
    operands |= {f"d{n}": t.cell(drop) for n, drop in enumerate(step.drops)}
    operands["where"] = t.program.where(step)
    t.emit(key, operands, write)
    metas = _metas.setdefault(key, tuple(made))
    for drop, known in zip(step.drops, metas, strict=True):
        t.define(drop, known)


_metas: dict[object, tuple[int, ...]] = {}
"""The metas of the results of each pattern."""


def _write(
    p: Pattern, record: Record, own: _Inputs, producer: Record | None, inner: _Inputs
) -> list[int]:
    words, inside = own.words(p, "a"), inner.words(p, "g")
    traced, results = trace(record, words, (producer, inside) if producer else None)
    for effect in effects_of(traced, results, [f"d{n}" for n in range(len(results))]):
        p.add(effect)
    return [result_meta(word, traced) for word in results]
