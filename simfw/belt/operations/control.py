"""Control: branches, calls and returns, and operations that only arrange the belt.

A predicate is the lowest bit of its operand: `tr` transfers on 1, `fl` on 0. A None predicate
transfers in neither, a NaR faults. A call not taken drops as many Nones as it has results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from conasm.assembly import BlockArg, FunctionArg, Step
from conasm.operation import Phase, Results, Transfer
from simfw.belt.frames import CallSite
from simfw.belt.kinds import NONE_FLAG
from simfw.belt.metadata import UNFILLED, meta, state_of
from simfw.belt.micro import HEADER, Pattern
from simfw.belt.program import Point
from simfw.belt.record import Operations, Semantics
from simfw.ir.builder import const
from simfw.ir.ops import I64

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

Act = Callable[["Translation", Step], None]

belt = Operations("belt")
control = Operations("control")


@belt.op("rescue value value*", phase=Phase.PICK, widths="any", raw=True, results=Results.COPIES)
def rescue(t: Translation, step: Step) -> None:
    """Drop copies of operands, so that they stay on the belt; names go over to the copies."""
    t.copy_all(t.values(step), step.drops)


@belt.op("conform value*", phase=Phase.WRITER, widths="any", raw=True, results=Results.COPIES)
def conform(t: Translation, step: Step) -> None:
    """Replace the belt by the operands, the first listed newest; names go over to them."""
    t.copy_all(t.values(step), step.drops)


@belt.op("nop", raw=True, results=0)
def nop(t: Translation, step: Step) -> None:
    """Take the time of an instruction and do nothing."""


def _transfer(sentence: str, act: Act) -> Semantics:
    """The semantics of a transfer: on its predicate, if it has one, then `act`."""

    def semantics(t: Translation, step: Step) -> None:
        wanted = step.operation.condition
        if wanted is None or t.phase == "taken":
            act(t, step)
        elif t.phase == "else":
            _make_nones(t, step)
        else:
            (predicate,) = t.values(step)[:1]
            t.settle(predicate)
            if t.realise(predicate):
                t.fork(predicate, wanted, taken="taken")
            _make_nones(t, step)

    semantics.__doc__ = sentence
    return semantics


def _branch(t: Translation, step: Step) -> None:
    target = next(arg for arg in step.arguments if isinstance(arg, BlockArg))
    t.settle(*step.passes)
    metas = tuple(map(t.meta, step.passes))
    cells = [HEADER + 2 * place for place in range(len(metas))]
    _move(t, step.passes, cells)
    plan = t.function.blocks[target.index]
    vector = tuple(metas[value] if value < len(metas) else UNFILLED for value in plan.live[0])
    t.jump(Point(t.function.index, target.index, 0, "", vector))


def _move(t: Translation, values: Sequence[int], cells: Sequence[int]) -> None:
    """Bring operands to other cells, all at once."""
    moves = [
        (t.cell(value), cell, "q" if t.meta(value) == meta(16) else "d")
        for value, cell in zip(values, cells, strict=True)
        if state_of(t.meta(value)) != UNFILLED and t.cell(value) != cell
    ]
    files = tuple(file for _, _, file in moves)

    def write(p: Pattern) -> None:
        payloads = [p.read(f"a{n}", file) for n, file in enumerate(files)]
        for n, (payload, file) in enumerate(zip(payloads, files, strict=True)):
            p.put(f"d{n}", payload, file)

    if moves:
        sources = {f"a{n}": source for n, (source, _, _) in enumerate(moves)}
        targets = {f"d{n}": cell for n, (_, cell, _) in enumerate(moves)}
        t.emit(("move", files), sources | targets, write)


def _call(t: Translation, step: Step) -> None:
    target = next((arg for arg in step.arguments if isinstance(arg, FunctionArg)), None)
    if target is not None:
        _enter(t, step, t.program.addresses[target.name], None)
    function = t.values(step)[-1]
    t.settle(function)
    if t.realise(function):
        _enter(t, step, None, function)
    _make_nones(t, step)


def _enter(t: Translation, step: Step, address: int | None, function: int | None) -> NoReturn:
    """Push a frame and go to the function at an address, or at the one that a value is."""
    t.settle(*step.passes)
    metas = tuple(map(t.meta, step.passes))
    site = CallSite(t.program, t.function, t.call_point(), metas, address, step.drops)
    known = None if function is None else t.meta(function)
    special = tuple(state_of(m) for m in metas)
    wide = tuple(m == meta(16) for m in metas)

    def write(p: Pattern) -> None:
        values = [p.get("to", known)] if known is not None else []
        values = [word.trunc(64) if word.type.bits > 64 else word for word in values]
        for n, state in enumerate(special):
            filled = state != UNFILLED
            values.append(p.read(f"a{n}", "q" if wide[n] else "d") if filled else const(I64, 0))
        p.dispatch("enter" if known is None else "enter_indirect", values)

    operands: dict[str, object] = {f"a{n}": t.cell(v) for n, v in enumerate(step.passes)
                                   if special[n] != UNFILLED}  # fmt: skip
    if function is not None:
        operands["to"] = t.cell(function)
    t.emit(("enter", special, wide, known), {**operands, "site": site}, write)
    t.end()


def _make_nones(t: Translation, step: Step) -> None:
    """What a call that is not made drops: as many Nones as it would have results."""
    target = next((arg.name for arg in step.arguments if isinstance(arg, FunctionArg)), "")
    widths = t.program.declared_widths.get(target, ())
    for place, drop in enumerate(step.drops):
        t.set_special(drop, NONE_FLAG, widths[place] if place < len(widths) else 1)


def _return(t: Translation, step: Step) -> None:
    t.settle(*step.passes)
    metas = tuple(map(t.meta, step.passes))
    filled = tuple(state_of(m) != UNFILLED for m in metas)
    wide = tuple(m == meta(16) for m in metas)

    def write(p: Pattern) -> None:
        values = [
            p.read(f"a{n}", "q" if wide[n] else "d") if there else const(I64, 0)
            for n, there in enumerate(filled)
        ]
        p.dispatch("leave", values)

    operands: dict[str, object] = {f"a{n}": t.cell(v) for n, v in enumerate(step.passes)
                                   if filled[n]}  # fmt: skip
    t.emit(("leave", filled, wide), {**operands, "site": metas}, write)
    t.end()


_CONDITIONS: dict[str, tuple[bool | None, str]] = {
    "": (None, ""),
    "tr": (True, " if the first operand is true"),
    "fl": (False, " if the first operand is false"),
}
_COUNTS: dict[str, tuple[str, int | Results, str]] = {
    "0": ("", 0, "no result"),
    "1": ("", 1, "one result"),
    "n": ("count ", Results.COUNTED, "the given number of results"),
}

for _suffix, (_condition, _when) in _CONDITIONS.items():
    _predicate = "" if _condition is None else "value "
    control.op(
        f"br{_suffix} {_predicate}label value*",
        phase=Phase.WRITER,
        widths="any",
        raw=True,
        results=0,
        transfer=Transfer.BRANCH,
        condition=_condition,
    )(_transfer(f"Go to a block{_when}, carrying the operands that its label names.", _branch))
    control.op(
        f"retn{_suffix} {_predicate}value*",
        phase=Phase.WRITER,
        widths="any",
        raw=True,
        results=0,
        transfer=Transfer.RETURN,
        condition=_condition,
    )(
        _transfer(
            f"Return the operands to the caller{_when}; the first listed is newest there.",
            _return,
        )
    )
    for _letter, (_count, _results, _what) in _COUNTS.items():
        control.op(
            f"call{_suffix}{_letter} {_predicate}{_count}target value*",
            phase=Phase.CALL,
            widths="any",
            raw=True,
            results=_results,
            transfer=Transfer.CALL,
            condition=_condition,
        )(_transfer(f"Call a function that gives {_what}{_when}.", _call))

control.op(
    "call count target value* / target value*",
    phase=Phase.CALL,
    widths="any",
    raw=True,
    results=Results.COUNTED,
    transfer=Transfer.CALL,
)(
    _transfer(
        "Call a function; without a count for as many results as are named, else as it has.", _call
    )
)
