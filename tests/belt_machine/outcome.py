"""What a call did, with all that shows of it: to be compared with what another machine did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.belt_machine.faults import Fault
from tests.belt_machine.machine import Machine
from tests.belt_machine.operand import Operand, shown


@dataclass(frozen=True)
class Outcome:
    """What a call did: results, or the fault in their place, and everything that shows."""

    results: tuple[Operand, ...]
    fault: Fault | None
    instructions: int
    trace: tuple[str, ...]
    memory: Mapping[int, bytes]

    def __str__(self) -> str:
        return f"=> {self.fault.cause}" if self.fault else f"=> {shown(self.results)}"


def run(machine: Machine, name: str, *arguments: Operand) -> Outcome:
    """Call a function and say what happened; a fault is part of the outcome."""
    results: tuple[Operand, ...] = ()
    fault: Fault | None = None
    try:
        results = machine.call(name, *arguments)
    except Fault as raised:
        fault = raised
    return Outcome(
        results,
        fault,
        machine.instructions,
        tuple(machine.trace.lines),
        machine.memory.copy(),
    )
