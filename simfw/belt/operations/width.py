"""Widths: twice as wide, half as wide. `b` has no half, `q` no double: NaR(mismatched sizes)."""

from __future__ import annotations

from collections.abc import Callable

from simfw.belt.kinds import NaRKind
from simfw.belt.operations.overflow import RULES, Behaviour, Rule, signed_limit
from simfw.belt.record import Operations, Strict
from simfw.ir.builder import Word, const

width = Operations("width")


@width.op("widens value", latency="width", sizes="bhwd")
def widens(s: Strict, a: Word) -> Word:
    """Double the width, filling with copies of the sign."""
    del s
    return a.sext(2 * a.type.bits)


@width.op("widenu value", latency="width", sizes="bhwd")
def widenu(s: Strict, a: Word) -> Word:
    """Double the width, filling with zeros."""
    del s
    return a.zext(2 * a.type.bits)


def _narrow(rule: Rule) -> Callable[[Strict, Word], Word]:
    def semantics(s: Strict, a: Word) -> Word:
        half = a.type.bits // 2
        low = a.trunc(half)
        carry, overflow = low.zext(2 * half).ne(a), low.sext(2 * half).ne(a)
        s.codes(carry=carry, overflow=overflow)
        misfit = overflow if rule.is_signed else carry
        if rule.behaviour is Behaviour.EXCEPT:
            s.nar(NaRKind.OVERFLOW, when=misfit)
        if rule.behaviour is not Behaviour.SATURATE:
            return low
        greatest = const(low.type, low.type.mask)
        return misfit.select(signed_limit(a.slt(0), low) if rule.is_signed else greatest, low)

    semantics.__doc__ = f"Halve the width, {rule.domain}{rule.behaviour.value}."
    return semantics


NARROW_RULES = {
    **{suffix: rule for suffix, rule in RULES.items() if rule.behaviour is not Behaviour.WIDEN},
    "s": RULES[""],
}
"""Suffixes of `narrow`: what makes a result wider has no place; `s`, as `u`, is modulo."""

for _suffix, _rule in NARROW_RULES.items():
    width.op(f"narrow{_suffix} value", latency="width", sizes="hwdq", codes=True)(_narrow(_rule))
