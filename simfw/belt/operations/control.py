"""Control: branches, calls and returns, and operations that only arrange the belt.

A predicate is the lowest bit of its operand: `tr` transfers on 1, `fl` on 0. A None predicate
transfers in neither, a NaR faults. A call not taken drops as many Nones as it has results.
"""

from __future__ import annotations

from conasm.operation import Phase, Results, Transfer
from simfw.belt.record import Operations, Semantics

belt = Operations("belt")
control = Operations("control")


@belt.op("rescue value value*", phase=Phase.PICK, widths="any", raw=True, results=Results.COPIES)
def rescue() -> None:
    """Drop copies of operands, so that they stay on the belt; names go over to the copies."""


@belt.op("conform value*", phase=Phase.WRITER, widths="any", raw=True, results=Results.COPIES)
def conform() -> None:
    """Replace the belt by the operands, the first listed newest; names go over to them."""


@belt.op("nop", raw=True, results=0)
def nop() -> None:
    """Take the time of an instruction and do nothing."""


def _declaration(sentence: str) -> Semantics:
    def semantics() -> None:
        pass

    semantics.__doc__ = sentence
    return semantics


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
    )(_declaration(f"Go to a block{_when}, carrying the operands that its label names."))
    control.op(
        f"retn{_suffix} {_predicate}value*",
        phase=Phase.WRITER,
        widths="any",
        raw=True,
        results=0,
        transfer=Transfer.RETURN,
        condition=_condition,
    )(_declaration(f"Return the operands to the caller{_when}; the first listed is newest there."))
    for _letter, (_count, _results, _what) in _COUNTS.items():
        control.op(
            f"call{_suffix}{_letter} {_predicate}{_count}target value*",
            phase=Phase.CALL,
            widths="any",
            raw=True,
            results=_results,
            transfer=Transfer.CALL,
            condition=_condition,
        )(_declaration(f"Call a function that gives {_what}{_when}."))

control.op(
    "call count target value* / target value*",
    phase=Phase.CALL,
    widths="any",
    raw=True,
    results=Results.COUNTED,
    transfer=Transfer.CALL,
)(_declaration("Call a function; without a count it has as many results as are named."))
