"""What is checked of operations that users bring, so that none of theirs surprises at run time.

Our own records are checked by the tests in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from conasm.operation import WIDTHS, Kind
from simfw.belt.floats import FUNCTIONS
from simfw.belt.operations import GROUPS
from simfw.belt.record import Operations, Record, by_name
from simfw.belt.traced import StrictTrace, trace
from simfw.errors import ArgumentError
from simfw.ir.builder import Word
from simfw.ir.ops import I1, INTEGERS, Type, walk

_WORDS = (Kind.VALUE, Kind.OPERAND, Kind.INTEGER)
"""Arguments that reach the semantics of a strict operation."""


def groups_of(extensions: Sequence[object]) -> list[Operations]:
    """The groups among what extends a machine, checked.

    Raises ArgumentError for what is of no use to a belt, for names that are taken, and for
    semantics that is no operation's.
    """
    taken = by_name(GROUPS)
    found: list[Operations] = []
    for group in extensions:
        if not isinstance(group, Operations):
            raise ArgumentError(f"{group!r} does not extend a belt machine; give Operations")
        for record in group.records:
            if record.name in taken:
                raise ArgumentError(
                    f"operation {record.name!r} of {group.name!r} exists already; name it otherwise"
                )
            taken[record.name] = record
            if not record.raw:
                _check_semantics(record)
        found.append(group)
    return found


def _check_semantics(record: Record) -> None:
    """Trace it for every width that it says to have, as the assembler and the engine will."""
    for letter in record.spec.sizes:
        try:
            _check_trace(record, INTEGERS[8 * WIDTHS[letter]])
        except Exception as error:
            raise ArgumentError(
                f"the semantics of {record.name!r} in {record.spec.group!r} is refused for width "
                f"{letter}: {type(error).__name__}: {error}; if it is not for that width, leave it "
                "out of sizes="
            ) from error


def _check_trace(record: Record, type_: Type) -> None:
    from simfw.ir.spec import verify_value  # needed for the records of users alone

    count = max(sum(kind in _WORDS for kind in form.kinds) for form in record.spec.forms)
    operands = [
        Word("field", type_, (), (f"a{n}", False)) for n in range(max(count, record.spec.ganged))
    ]
    _check_made(record.semantics(StrictTrace(), *operands))
    traced, results = trace(record, operands)
    if len(results) != record.spec.results:
        raise ValueError(f"it gives {len(results)} results, and results={record.spec.results}")
    conditions = [when for _, when in traced.nars.values()]
    if any(when.type is not I1 for when in conditions):
        raise TypeError("what makes a NaR is a bit, as comparisons give it")
    for node in walk([*results, *conditions, traced.made_carry, traced.made_overflow]):
        verify_value(node)
        if node.op == "helper" and node.attr not in FUNCTIONS:
            raise ValueError(f"there is no helper {node.attr!r}")


def _check_made(made: object) -> None:
    for one in cast("tuple[object, ...]", made) if isinstance(made, tuple) else (made,):
        if not isinstance(one, Word):
            raise TypeError(f"it returns {one!r}; results are made from the operands")
