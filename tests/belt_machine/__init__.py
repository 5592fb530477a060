"""A belt machine taken literally: the second opinion about what conAsm programs do.

It evaluates the tree that `conasm.parse` gives and shares nothing else with the product: the belt
is a list, what is in flight is a list with times, phases are loops, frames are objects. Nothing is
resolved before it runs, so it is slow and short. `CHOICES.md` lists what it takes for granted
where the language's description is silent. Files, in the order in which to read them:

    operand    payload, width, None and NaR         strict    how specials and widths join
    integer    two's complement, overflow           floating  binary32 and binary64
    opcodes    strict operations by name            frame     belt, names, in flight, scratchpad
    member     belt length and latencies            memory    bytes, and where data lie
    reader     the reader phase                     compute   the compute phase
    picks      the pick phase                       control   calls and transfers
    machine    phases, frames, outcalls             trace     a line an instruction
    outcome    what a call did                      sample    programs with what they must do
"""

from __future__ import annotations

from tests.belt_machine.faults import Fault, Mistake
from tests.belt_machine.machine import Machine
from tests.belt_machine.member import GOLD, MEMBERS, SILVER, TIN, Member
from tests.belt_machine.memory import Memory, place
from tests.belt_machine.operand import Operand, nar, none, operand, shown, value
from tests.belt_machine.outcome import Outcome, run

__all__ = [
    "GOLD",
    "MEMBERS",
    "SILVER",
    "TIN",
    "Fault",
    "Machine",
    "Member",
    "Memory",
    "Mistake",
    "Operand",
    "Outcome",
    "nar",
    "none",
    "operand",
    "place",
    "run",
    "shown",
    "value",
]
