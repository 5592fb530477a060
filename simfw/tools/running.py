"""Running a program to its end, with everything else that may happen as an error."""

from __future__ import annotations

from simfw.errors import BudgetExhausted, WallTimeout
from simfw.machine import Machine, StopKind


def run_to_end(machine: Machine, budget: int | None, timeout: float | None) -> int:
    """Run until the program ends; its exit status, 0 if a host function stopped the machine.

    Raises BudgetExhausted and WallTimeout, which say where the guest stands.
    """
    try:
        stop = machine.run(budget, timeout)
    except KeyboardInterrupt as error:
        error.add_note(f"the guest was {_standing(machine)}")
        raise
    match stop.kind:
        case StopKind.BUDGET:
            raise BudgetExhausted(
                f"the guest did not end within {budget:,} instructions; it is "
                f"{_standing(machine)}. Give it a larger --budget, or none"
            )
        case StopKind.TIMEOUT:
            raise WallTimeout(
                f"the guest did not end within {timeout:g} seconds; it is {_standing(machine)}. "
                "Give it a longer --timeout, or none"
            )
        case _:
            return stop.status or 0


def _standing(machine: Machine) -> str:
    """Where the guest is, for a sentence."""
    return f"{_place(machine)}, after {machine.instructions:,} instructions"


def _place(machine: Machine) -> str:
    pc = machine.registers["pc"]
    location = machine.processes[0].architecture.location(pc)
    if location is not None:
        return f"in {location[1]}"
    found = machine.symbol_at(pc)
    offset = f"+{found[1]:#x}" if found and found[1] else ""
    return f"at pc {pc:#x}" + (f" in {found[0].name}{offset}" if found else "")
