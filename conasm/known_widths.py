"""Widths that are known before anything runs, and the mistakes that they show.

The width of a value is what it has unless it is a None or a NaR. So where two widths that must
agree are known and differ, an operation can never give a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import islice

from attrs import frozen

from conasm.nodes import Argument, BeltReference, Float, Integer, Name
from conasm.operation import WIDTH_LETTERS, WIDTHS, OperationSpec, Widths
from conasm.problems import Problems

LARGEST_32 = float.fromhex("0x1.ffffffp127")
"""What is this large or larger is nearer to infinity than to the greatest binary32."""


@frozen(eq=False)
class Read:
    """A value that an operation reads: how it is written, and its width in bytes, if known."""

    argument: Argument
    width: int | None


def operand_width(spec: OperationSpec, reads: Sequence[Read], problems: Problems) -> int | None:
    """Return the width that an operation works at, and report what cannot be its width."""
    if spec.chooses is not None:
        chosen = {read.width for read in islice(reads, spec.chooses, None)}
        return chosen.pop() if len(chosen) == 1 else None
    judged = reads[:1] if spec.widths is Widths.ANY else reads
    first: Read | None = None
    for read in judged:
        if read.width is None:
            continue
        if first is None:
            first = read
            _check_size(spec, read, problems)
        elif first.width != read.width:
            _report_mismatch(spec, first, read, problems)
            return None
    return first.width if first else None


def result_widths(spec: OperationSpec, width: int | None) -> tuple[int | None, ...]:
    """Return the widths of an operation's results, as far as the operands' width tells."""
    if spec.chooses is not None:
        return (width,)
    if width is not None and WIDTH_LETTERS[width] in spec.sizes:
        return spec.result_widths(width)
    return _common_widths(spec)


@cache
def _common_widths(spec: OperationSpec) -> tuple[int | None, ...]:
    """Return the widths of the results if they are the same for all operands."""
    possible = {spec.result_widths(WIDTHS[letter]) for letter in spec.sizes}
    return possible.pop() if len(possible) == 1 else ()


def check_integer(literal: Integer, width: int | None, what: str, problems: Problems) -> None:
    """Report an integer that a width cannot hold, neither as signed nor as unsigned."""
    if width is None:
        return
    bits = 8 * width
    if not -(1 << (bits - 1)) <= literal.value < 1 << bits:
        span = f"{-(1 << (bits - 1))} to {(1 << bits) - 1}"
        why = f"{literal.value} does not fit {what} of width {WIDTH_LETTERS[width]}: {span}"
        problems.add(literal.position, why)


def check_float(literal: Float, width: int, problems: Problems) -> None:
    """Report a float of a width that has none, or beyond its range."""
    if width not in (4, 8):
        why = f"a float is of width w or d, not {WIDTH_LETTERS[width]}"
        problems.add(literal.position, why)
    elif width == 4 and abs(literal.value) >= LARGEST_32:
        problems.add(literal.position, f"{literal.value} is beyond the range of width w")


def _check_size(spec: OperationSpec, read: Read, problems: Problems) -> None:
    if read.width is None or WIDTH_LETTERS[read.width] in spec.sizes:
        return
    letter, listed = WIDTH_LETTERS[read.width], " ".join(spec.sizes)
    why = f"{spec.name} takes no operand of width {letter}, only {listed}"
    problems.add(read.argument.position, f"{why}; {_written(read)} is {letter}")


def _report_mismatch(spec: OperationSpec, first: Read, other: Read, problems: Problems) -> None:
    one, two = WIDTH_LETTERS[first.width or 1], WIDTH_LETTERS[other.width or 1]
    what = f"{_written(first)} is {one} and {_written(other)} is {two}"
    why = f"{spec.name} takes operands of one width, but {what}"
    problems.add(other.argument.position, why)


def _written(read: Read) -> str:
    argument = read.argument
    if isinstance(argument, Name):
        return f"%{argument.name}"
    return f"b{argument.index}" if isinstance(argument, BeltReference) else "this"
