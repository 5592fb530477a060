"""Memory: loads that retire when they are told to, and stores.

Addresses are a base and a signed offset, modulo 2**64. Memory has bytes only, lowest first: a
store strips what an operand's metadata says, a load takes its width from the instruction.
"""

from __future__ import annotations

from conasm.operation import Phase
from simfw.belt.record import Operations

memory = Operations("memory")


@memory.op("load value operand width delay / value operand width tag", widths="any", raw=True)
def load() -> None:
    """Drop what is in memory when the load retires, the given number of instructions later.

    The address is evaluated at once, and the number 0 means the same instruction. With a tag it
    retires when the tag is picked up. A None address gives None, a NaR address that NaR.
    """


@memory.op("pickup tagged", widths="any", raw=True)
def pickup() -> None:
    """Retire the load with this tag, and drop what is in memory now."""


@memory.op("refuse tagged", widths="any", raw=True, results=0)
def refuse() -> None:
    """Give up the load with this tag."""


@memory.op("store value operand value", phase=Phase.WRITER, widths="any", raw=True, results=0)
def store() -> None:
    """Write the last operand to memory, in as many bytes as it is wide.

    Nothing is written if the address or the operand is a None; a NaR among them faults.
    """
