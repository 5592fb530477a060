"""The reference page of all operations, written from the records.

`python -m simfw.belt.reference` writes `docs/operations.md` anew; a test tells when it is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from conasm.forms import GANGED
from conasm.operation import KIND_NAMES, Kind, OperationSpec, Widths
from simfw.belt.kinds import NaRKind
from simfw.belt.members import MEMBERS
from simfw.belt.operations import GROUPS
from simfw.belt.popcons import POPCONS
from simfw.belt.record import Operations

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"

_HEAD = """\
# Operations of the belt

<!-- Written by `python -m simfw.belt.reference` from the records in `simfw/belt/operations`. -->

Every operation that [belt code](language.md#belt-code) may have, one row each. An operation of
your own gets into this table by [its record](language.md#operations-of-your-own).

* **written**: the forms that it has, by the [kinds](#arguments) of their arguments; a trailing
  `value…` stands for any number. `name()` behind other forms is the condition code, which stands
  right after the operation that it reads.
* **phase**: when in its instruction it happens; `compute 3` has its result at the end of the
  compute phase of the second instruction after its own (on all members that come with simfw).
* **widths**: those that its first value may have; `=` if all values must agree. Values that do
  not fit give NaR(mismatched sizes).
* **codes**: whether condition codes can be ganged to it.

None and NaR pass through all operations that do not say otherwise: a None wins, then the first
listed NaR, then what the operation itself has to complain of.
"""

_OVERFLOW = """\
## Overflow

`add sub mul neg shiftl` exist with these suffixes, and with no others; `narrow` has those that do
not widen, and `s`. `adds` does not exist, since it might mean `add` or `addss`.

| suffix | operands | what does not fit |
| --- | --- | --- |
| none, `u` | any | is cut off: modulo the width |
| `ss`, `us` | signed, unsigned | becomes the nearest value that fits |
| `sx` or `x`, `ux` | signed, unsigned | gives NaR(overflow) |
| `sw`, `uw` | signed, unsigned | cannot be: the result is twice as wide |

`carry()` tells whether the unsigned result did not fit, `overflow()` whether the signed one did
not, whatever the suffix; `fault()` whether a NaR was made. An integer in the place of an operand
is as wide as the first value, and taken modulo that width.
"""

_ABOUT = {
    "constants": "What is not computed.",
    "integer": "Arithmetic modulo the width, and with other ways to [overflow](#overflow).",
    "bits": "Bit 0 is the lowest. An amount or a number may have any width.",
    "compare": "Results are 0 or 1 of width b. With one operand the comparison is with zero.",
    "width": "`q` cannot be widened, `b` not narrowed.",
    "floating": "IEEE 754 binary32 (w) and binary64 (d), rounded to nearest, ties to even. "
    "Every NaN that arithmetic makes is the canonical one.",
    "select": "Chosen in the pick phase, in no time.",
    "tests": "The only operations that see that an operand is no value, and go on.",
    "memory": "Little-endian, in any alignment. Addresses are a base and a signed offset.",
    "frame": "The memory and the scratchpad that a call has to itself.",
    "belt": "What goes where on the belt.",
    "control": "A predicate is the lowest bit of its operand. A None predicate transfers in "
    "neither case, a NaR faults.",
}
"""A line on each group."""


def page(groups: Iterable[Operations] = GROUPS) -> str:
    """Return the whole page, in Markdown."""
    sections = [_HEAD, *map(_section, groups), _OVERFLOW, _kinds(), _members(), _nars(), _popcons()]
    return "\n".join(sections)


def _section(group: Operations) -> str:
    about = _ABOUT.get(group.name)
    head = f"## {group.name.capitalize()}\n\n" + (f"{about}\n\n" if about else "")
    rows = (_row(record.spec) for record in group.records)
    return head + _table(("written", "phase", "widths", "codes", "what it does"), rows)


def _row(spec: OperationSpec) -> Sequence[str]:
    forms = [*spec.forms, *([GANGED] if spec.ganged and GANGED not in spec.forms else ())]
    written = "<br>".join(f"`{spec.name}({form})`" for form in forms)
    latency = next(iter(MEMBERS.values())).latency(spec.latency)
    time = f" {latency}" if latency > 1 else ""
    agree = "" if spec.widths is Widths.ANY or _values(spec) < 2 else " ="
    widths = spec.sizes + agree if _values(spec) and spec.transfer is None else ""
    codes = "yes" if spec.codes else ""
    return written, spec.phase.name.lower() + time, widths, codes, spec.description


def _values(spec: OperationSpec) -> int:
    """How many values the longest form takes."""
    kinds = (Kind.VALUE, Kind.OPERAND)
    return max(sum(kind in kinds for kind in form.kinds) + form.rest for form in spec.forms)


def _kinds() -> str:
    rows = ((f"`{kind.value}`", KIND_NAMES[kind]) for kind in Kind)
    return "## Arguments\n\n" + _table(("kind", "what it is"), rows)


def _members() -> str:
    rows = (
        (
            member.name,
            str(member.belt),
            str(member.scratchpad),
            _latencies(member.latencies.items()),
        )
        for member in MEMBERS.values()
    )
    head = ("member", "belt", "scratchpad in bytes", "instructions, 1 for others")
    return "## Members\n\n" + _table(head, rows)


def _latencies(pairs: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"`{name}` {count}" for name, count in pairs)


def _nars() -> str:
    made = {
        NaRKind.INVALID_OPERAND: "a position that nothing filled, or no such operand in the "
        "scratchpad",
        NaRKind.MISMATCHED_SIZES: "operands of different widths, or of one that the operation "
        "does not have",
        NaRKind.OVERFLOW: "what does not fit, where the operation says so",
        NaRKind.DIVISION_BY_ZERO: "a divisor of zero",
        NaRKind.BIT_NUMBER_TOO_BIG: "a shift or a bit number beyond the operand",
        NaRKind.FLOATING_POINT_INVALID: "a NaN, or too large a number, where an integer is wanted",
    }
    rows = ((f"`{kind}`", what) for kind, what in made.items())
    return "## NaR\n\n" + _table(("printed", "made by"), rows)


def _popcons() -> str:
    rows = (
        (f"`{popcon.name}`", "None" if popcon.special else f"{popcon.bits:#x}", str(popcon.width))
        for popcon in POPCONS.values()
    )
    return "## Popular constants\n\n" + _table(("name", "bits", "bytes"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n"
    yield f"| {' | '.join('---' for _ in head)} |\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
