"""Control: branches, calls and returns, and operations that only arrange the belt.

A predicate is the lowest bit of its operand: `tr` transfers on 1, `fl` on 0. With a None as
predicate, and then as target, nothing happens; a NaR faults. A call that is not made drops as
many Nones as it has results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from conasm.assembly import BlockArg, FunctionArg, Step
from conasm.operation import Phase, Results, Transfer
from simfw.belt.joins import realise
from simfw.belt.kinds import NONE_FLAG, NaRKind
from simfw.belt.metadata import MAYBE, SPECIAL, UNFILLED, meta, state_of, width_of
from simfw.belt.micro import HEADER, Pattern
from simfw.belt.record import Operations, Semantics
from simfw.belt.sites import CallSite
from simfw.belt.versions import Point
from simfw.ir.builder import Word

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
            return
        predicate = t.values(step)[0]
        t.settle(predicate)
        if realise(t, predicate):
            t.fork(predicate, wanted, taken="taken")
        _make_nones(t, step)

    semantics.__doc__ = sentence
    return semantics


# --- handing operands over


class _Passed:
    """What is handed over, each as what micro operations read it from.

    A position that nothing filled counts as NaR(invalid operand) of this step.
    """

    def __init__(self, t: Translation, values: Sequence[int]) -> None:
        known = [t.meta(value) for value in values]
        there = [state_of(m) != UNFILLED for m in known]
        self.metas = bytes(
            m if filled else meta(1, SPECIAL) for m, filled in zip(known, there, strict=True)
        )
        self.files = tuple(
            _file(m) if filled else "" for m, filled in zip(known, there, strict=True)
        )
        missing = t.special(NaRKind.INVALID_OPERAND.value)
        self.operands: dict[str, Any] = {
            f"a{n}": t.cell(value) if filled else missing
            for n, (value, filled) in enumerate(zip(values, there, strict=True))
        }

    def words(self, p: Pattern) -> list[Word]:
        """Their payloads."""
        return [
            p.read(f"a{n}", file) if file else p.number(f"a{n}")
            for n, file in enumerate(self.files)
        ]


def _file(known: int) -> str:
    return "q" if width_of(known) == 16 and state_of(known) != SPECIAL else "d"


def _branch(t: Translation, step: Step) -> None:
    target = next(arg for arg in step.arguments if isinstance(arg, BlockArg))
    plan = t.function.blocks[target.index]
    values = step.passes
    if plan.block.named:
        t.settle(*values)
    else:  # the belt stays as it is, whatever is on it
        values = [value for value in values if state_of(t.meta(value)) != UNFILLED]
    passed = _Passed(t, values)
    flagged = tuple(state_of(m) == MAYBE for m in passed.metas)
    metas = passed.metas.ljust(plan.block.entry, bytes([UNFILLED]))
    vector = bytes(metas[value] for value in plan.live.at(0))
    point = Point(t.function.index, target.index, 0, "", vector)

    def write(p: Pattern) -> None:
        words = passed.words(p)
        flags = {n: p.read(f"a{n}", "flag") for n, flag in enumerate(flagged) if flag}
        for n, (word, file) in enumerate(zip(words, passed.files, strict=True)):
            p.put(f"d{n}", word, file or "d")
        for n, flag in flags.items():
            p.put(f"d{n}", flag, "flag")
        p.jump("to")

    cells = {f"d{n}": HEADER + 2 * n for n in range(len(values))}
    operands = {**passed.operands, **cells, "to": t.pc(point)}
    t.emit(("branch", passed.files, flagged), operands, write)
    t.end()


# --- calls and returns


def _call(t: Translation, step: Step) -> None:
    target = next((arg for arg in step.arguments if isinstance(arg, FunctionArg)), None)
    if target is not None:
        _enter(t, step, t.program.addresses[target.name], None)
    function = t.values(step)[-1]
    t.settle(function)
    if realise(t, function):
        _enter(t, step, 0, function)
    _make_nones(t, step)


def _enter(t: Translation, step: Step, address: int, function: int | None) -> NoReturn:
    """Push a frame and go to the function at an address, or at the one that a value is."""
    t.settle(*step.passes)
    passed = _Passed(t, step.passes)
    missing = t.special(NaRKind.INVALID_OPERAND.value)
    site = CallSite(
        t.program, t.function, t.next_pc(), t.after(), passed.metas, address, step.drops, missing
    )
    known = None if function is None else t.meta(function)

    def write(p: Pattern) -> None:
        if known is None:
            p.dispatch("enter", passed.words(p))
        else:
            p.dispatch("enter_indirect", [p.get("to", known), *passed.words(p)])

    operands: dict[str, Any] = {**passed.operands, "site": site}
    if function is not None:
        operands["to"] = t.cell(function)
    t.emit(("enter", passed.files, known), operands, write)
    t.end()


def _make_nones(t: Translation, step: Step) -> None:
    """What a call that is not made drops: as many Nones as it would have results."""
    target = next((arg.name for arg in step.arguments if isinstance(arg, FunctionArg)), "")
    outcall = t.program.outcalls.get(target)
    widths = outcall.widths if outcall else ()
    for place, drop in enumerate(step.drops):
        t.set_special(drop, NONE_FLAG, widths[place] if place < len(widths) else 1)


def _return(t: Translation, step: Step) -> None:
    t.settle(*step.passes)
    passed = _Passed(t, step.passes)
    operands: dict[str, Any] = {**passed.operands, "site": passed.metas}
    t.emit(("leave", passed.files), operands, lambda p: p.dispatch("leave", passed.words(p)))
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
