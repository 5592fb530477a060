"""Families of integer operations that differ in what becomes of a result that does not fit.

The suffix says which: nothing or `u` for modulo arithmetic, else the domain, `s` or `u`, and one
of `s` (saturate), `x` (except: NaR) and `w` (widen). `x` alone is `sx`. Other spellings, such as
`adds`, do not exist: that one might mean `add` or `addss`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from types import MappingProxyType

from attrs import frozen

from simfw.belt.kinds import NaRKind
from simfw.belt.record import Operations, Strict
from simfw.ir.builder import Word, const

Prepare = Callable[[Strict, Word, Word], Word]
Compute = Callable[[Word, Word], Word]


class Behaviour(enum.Enum):
    """What becomes of a result that does not fit; the values end the operation's sentence."""

    MODULO = "modulo the width"
    SATURATE = "giving the nearest value that fits when the result does not"
    EXCEPT = "giving NaR(overflow) when the result does not fit"
    WIDEN = "giving a result twice as wide"


@frozen
class Rule:
    """A suffix: signed or unsigned, and the behaviour."""

    is_signed: bool
    behaviour: Behaviour
    domain: str


RULES = MappingProxyType({
    "": Rule(True, Behaviour.MODULO, ""),
    "u": Rule(False, Behaviour.MODULO, ""),
    "x": Rule(True, Behaviour.EXCEPT, "signed, "),
    "us": Rule(False, Behaviour.SATURATE, "unsigned, "),
    "ux": Rule(False, Behaviour.EXCEPT, "unsigned, "),
    "uw": Rule(False, Behaviour.WIDEN, "unsigned, "),
    "ss": Rule(True, Behaviour.SATURATE, "signed, "),
    "sx": Rule(True, Behaviour.EXCEPT, "signed, "),
    "sw": Rule(True, Behaviour.WIDEN, "signed, "),
})  # fmt: skip
"""All suffixes of a family."""


@frozen(eq=False)
class Arithmetic:
    """An operation on integers: the result modulo the width, misfits, what is nearest.

    Each function takes both operands; of one with a single operand the second is 0. `prepare`
    may check the second operand and make it as wide as the first; `refuses` tells which second
    operands have no result: there is neither carry nor overflow then.
    """

    header: str
    sentence: str
    latency: str
    modulo: Compute
    carries: Compute
    overflows: Compute
    nearest_unsigned: Compute
    nearest_signed: Compute
    widths: str = "same"
    prepare: Prepare | None = None
    refuses: Compute | None = None


def declare_family(group: Operations, arithmetic: Arithmetic) -> None:
    """Add the operations of a family to a group, one for each suffix."""
    name, _, kinds = arithmetic.header.partition(" ")
    for suffix, rule in RULES.items():
        widens = rule.behaviour is Behaviour.WIDEN
        add = group.op(
            f"{name}{suffix} {kinds}",
            latency=arithmetic.latency,
            widths=arithmetic.widths,
            sizes="bhwd" if widens else "bhwdq",
            codes=True,
        )
        add(_semantics(arithmetic, rule))


def _semantics(arithmetic: Arithmetic, rule: Rule) -> Callable[..., Word]:
    def semantics(s: Strict, a: Word, *rest: Word) -> Word:
        b = _second(arithmetic, s, a, rest)
        carry, overflow = arithmetic.carries(a, b), arithmetic.overflows(a, b)
        if arithmetic.refuses is None:
            s.codes(carry=carry, overflow=overflow)
        else:
            fine = ~arithmetic.refuses(a, rest[0])
            s.codes(carry=carry & fine, overflow=overflow & fine)
        misfit = overflow if rule.is_signed else carry
        if rule.behaviour is Behaviour.WIDEN:
            return arithmetic.modulo(_doubled(a, rule), _doubled(b, rule))
        if rule.behaviour is Behaviour.SATURATE:
            nearest = arithmetic.nearest_signed if rule.is_signed else arithmetic.nearest_unsigned
            return misfit.select(nearest(a, b), arithmetic.modulo(a, b))
        if rule.behaviour is Behaviour.EXCEPT:
            s.nar(NaRKind.OVERFLOW, when=misfit)
        return arithmetic.modulo(a, b)

    ending = f"{rule.domain}{rule.behaviour.value}"
    semantics.__doc__ = f"{arithmetic.sentence}, {ending}."
    return semantics


def _second(arithmetic: Arithmetic, s: Strict, a: Word, rest: Sequence[Word]) -> Word:
    if not rest:
        return const(a.type, 0)
    return arithmetic.prepare(s, a, rest[0]) if arithmetic.prepare else rest[0]


def _doubled(word: Word, rule: Rule) -> Word:
    bits = 2 * word.type.bits
    return word.sext(bits) if rule.is_signed else word.zext(bits)


# --- limits of a width


def greatest_unsigned(a: Word, b: Word) -> Word:
    """All ones."""
    del b
    return const(a.type, a.type.mask)


def zero(a: Word, b: Word) -> Word:
    """Zero, the least unsigned value."""
    del b
    return const(a.type, 0)


def signed_limit(is_negative: Word, like: Word) -> Word:
    """The least signed value where the bit is 1, else the greatest."""
    return is_negative.select(like.type.sign, const(like.type, like.type.sign - 1))


def limit_of_first(a: Word, b: Word) -> Word:
    """The signed limit on the side of the first operand."""
    del b
    return signed_limit(a.slt(0), a)
