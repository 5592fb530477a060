"""Comparisons, and condition codes: 0 or 1 of width b.

With one operand a comparison is with zero. Without any it is a condition code: it stands right
after the operation whose result it compares with zero, in the same instruction, and drops right
after it. `lss leq gtr geq` exist as condition codes only, and read the result as signed.
"""

from __future__ import annotations

from collections.abc import Callable

from simfw.belt.record import Operations, Strict
from simfw.ir.builder import Word, const

compare = Operations("compare")

Relation = Callable[[Word, Word | int], Word]

_RELATIONS: dict[str, tuple[str, Relation]] = {
    "eql": ("equals", lambda a, b: a.eq(b)),
    "neq": ("differs from", lambda a, b: a.ne(b)),
    "lsss": ("is less than, signed,", lambda a, b: a.slt(b)),
    "leqs": ("is not greater than, signed,", lambda a, b: ~_greater_signed(a, b)),
    "gtrs": ("is greater than, signed,", lambda a, b: _greater_signed(a, b)),
    "geqs": ("is not less than, signed,", lambda a, b: a.sge(b)),
    "lssu": ("is less than, unsigned,", lambda a, b: a.ult(b)),
    "lequ": ("is not greater than, unsigned,", lambda a, b: ~_greater_unsigned(a, b)),
    "gtru": ("is greater than, unsigned,", lambda a, b: _greater_unsigned(a, b)),
    "gequ": ("is not less than, unsigned,", lambda a, b: a.uge(b)),
}
_GANGED_TOO = ("eql", "neq")
_GANGED_ONLY = {"lss": "lsss", "leq": "leqs", "gtr": "gtrs", "geq": "geqs"}


def _greater_signed(a: Word, b: Word | int) -> Word:
    return _word(b, a).slt(a)


def _greater_unsigned(a: Word, b: Word | int) -> Word:
    return _word(b, a).ult(a)


def _word(value: Word | int, like: Word) -> Word:
    return value if isinstance(value, Word) else const(like.type, value)


def _relation(name: str, sentence: str) -> Callable[..., Word]:
    relate = _RELATIONS[name][1]

    def semantics(s: Strict, a: Word, b: Word | int = 0) -> Word:
        del s
        return relate(a, b)

    semantics.__doc__ = sentence
    return semantics


for _name, (_verb, _) in _RELATIONS.items():
    _text = f"Tell whether the first operand {_verb} the second, or zero."
    compare.op(f"{_name} value operand / value", latency="compare", ganged=_name in _GANGED_TOO)(
        _relation(_name, _text)
    )

for _name, _like in _GANGED_ONLY.items():
    _text = f"Tell whether the result before {_RELATIONS[_like][0]} zero."
    compare.op(_name, latency="compare", ganged=True)(_relation(_like, _text))


@compare.op("carry", latency="compare", ganged=True)
def carry(s: Strict, result: Word) -> Word:
    """Tell whether the operation before, taken as unsigned, overflowed; for `sub`, borrowed."""
    del result
    return s.carry


@compare.op("overflow", latency="compare", ganged=True)
def overflow(s: Strict, result: Word) -> Word:
    """Tell whether the operation before, taken as signed, overflowed."""
    del result
    return s.overflow


@compare.op("fault", latency="compare", ganged=True)
def fault(s: Strict, result: Word) -> Word:
    """Tell whether the operation before made a NaR."""
    del result
    return s.fault
