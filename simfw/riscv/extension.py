"""What is checked of extensions that users bring, so that no instruction of theirs surprises.

Our own records are checked by the tests in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simfw.errors import ArgumentError
from simfw.ir.ops import walk
from simfw.riscv.record import Compressed, Encoding, Extension, Record
from simfw.riscv.state import layout


def check_extension(extension: Extension, others: Sequence[Extension], xlen: int) -> None:
    """Raise ArgumentError unless its instructions can be had beside those of the others."""
    taken = [one for other in others for one in _instructions(other, xlen)]
    for one in _instructions(extension, xlen):
        _check_place(one, extension, taken)
        taken.append(one)
        if isinstance(one, Record):
            _check_semantics(one, xlen)


def _instructions(extension: Extension, xlen: int) -> Iterator[Record | Compressed]:
    for one in (*extension.records, *extension.compressed):
        if xlen in one.xlens:
            yield one


def _check_place(
    one: Record | Compressed, extension: Extension, taken: Sequence[Record | Compressed]
) -> None:
    """An encoding of its own, and a name that no other extension has."""
    for other in taken:
        if other.name == one.name and other.extension != extension.name:
            raise ArgumentError(
                f"instruction {one.name!r} of {extension.name!r} exists in {other.extension!r} "
                f"already; name it otherwise, as in 'my.{one.name}'"
            )
        if _overlap(one.encoding, other.encoding):
            raise ArgumentError(
                f"instruction {one.name!r} of {extension.name!r} has words that are "
                f"{other.name!r} already; choose other fixed bits: the opcodes custom-0 "
                "(6..2=0x02) and custom-1 (6..2=0x0a) are for users"
            )


def _overlap(one: Encoding, other: Encoding) -> bool:
    """Whether some word has the fixed bits of both."""
    both = one.mask & other.mask
    return one.length == other.length and not (one.match ^ other.match) & both


def _check_semantics(record: Record, xlen: int) -> None:
    """Trace it, as the first execution would, and hold the trace against the IR's rules."""
    from simfw.ir.spec import verify  # needed for the records of users alone

    try:
        block = record.template(xlen)
        verify(block, layout(xlen))
        if any(node.op == "helper" for effect in block.effects for node in walk(effect.args)):
            raise ValueError("there are no helpers for RISC-V")
    except Exception as error:
        raise ArgumentError(
            f"the semantics of {record.name!r} in {record.extension!r} is refused for RV{xlen}: "
            f"{type(error).__name__}: {error}"
        ) from error
