"""The names of operations: what may stand before a parenthesis.

Only the names; operand kinds and meaning of belt operations belong to the assembler.
"""

from __future__ import annotations

from collections.abc import Iterator

PSEUDO_OPERATIONS = frozenset({"outcall", "backcall", "syscall"})
"""Declarations in the form of an operation."""

DATA_DIRECTIVES = frozenset({"b", "h", "w", "d", "q", "asciz", "zero", "align"})
"""What the items of `D("name")` are."""

_OVERFLOW = "|x|u|us|ux|uw|ss|sx|sw"
_FAMILIES = {
    "add": _OVERFLOW,
    "sub": _OVERFLOW,
    "mul": _OVERFLOW,
    "neg": _OVERFLOW,
    "shiftl": _OVERFLOW,
    "narrow": "|x|s|u|ss|us|sx|ux|f",
    "widen": "s|u|f",
    "div": "s|u|f",
    "rem": "s|u|f",
    "shiftr": "s|u",
    "abs": "|f",
    "sqrt": "f",
    "fma": "f",
    "count": "lfl|ltr|rfl|rtr",
    "eql": "|f",
    "neq": "|f",
    "lss": "|s|u|f",
    "leq": "|s|u|f",
    "gtr": "|s|u|f",
    "geq": "|s|u|f",
    "ito": "f",
    "uto": "f",
    "fto": "i|u",
    "call": "|0|1|n|tr0|tr1|trn|fl0|fl1|fln",
    "br": "|tr|fl",
    "retn": "|tr|fl",
    "is": "NaR|None",
}
_FLOAT = ("addf", "subf", "mulf", "negf")
_SINGLE = (
    "addp andl carry clear con conform fault fill lea load nop notl orl overflow pick pickup rd "
    "recur refuse rescue scratchf set spill stackf store test xorl"
)


def _names() -> Iterator[str]:
    for base, suffixes in _FAMILIES.items():
        yield from (base + suffix for suffix in suffixes.split("|"))
    yield from _FLOAT
    yield from _SINGLE.split()


BELT_OPERATIONS = frozenset(_names())
"""Operations of belt code."""

FINAL_TRANSFERS = frozenset({"br", "retn"})
"""Transfers that are always taken; each block ends in one."""

BRANCHES = {"br": 0, "brtr": 1, "brfl": 1}
"""Operations with a label of the function among their arguments, and which argument that is."""
