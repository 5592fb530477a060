"""What a program did, in lines: for `simfw run --stats`."""

from __future__ import annotations

from collections.abc import Iterator

from simfw.machine import Machine


def statistics(machine: Machine) -> Iterator[str]:
    """Instructions as budgets count them, and cycles.

    A cycle is an issued instruction. In belt programs calls take no time of the caller, and so
    an outcall, which is an instruction of its own, takes none.
    """
    yield f"{machine.instructions:>16,} instructions"
    yield f"{machine.cycles:>16,} cycles"
