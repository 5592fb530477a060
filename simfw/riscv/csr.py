"""Control and status registers: their numbers, names and what a user-mode program may do.

The user-level counters exist here (unprivileged manual, "Zicntr"), and machine-mode registers that
start-up code sets and that may be constant. The floating-point registers' numbers are known and
reserved until F is present.
"""

from __future__ import annotations

from typing import cast

from attrs import frozen

from simfw.ir.frontend import Decoded

FLOATING_POINT = {0x001: "fflags", 0x002: "frm", 0x003: "fcsr"}
COUNTERS = {0xC00: "cycle", 0xC01: "time", 0xC02: "instret"}
COUNTERS_HIGH = {number + 0x80: name + "h" for number, name in COUNTERS.items()}
READ_ONLY_ZERO = {0x305: "mtvec"}
"""Registers that are 0 whatever is written, as the privileged manual allows for `mtvec` ("Machine
Trap-Vector Base-Address Register"): no trap is taken here, a fault goes to the host. The start-up
code of picolibc sets it.
"""
NAMES = {**FLOATING_POINT, **COUNTERS, **COUNTERS_HIGH, **READ_ONLY_ZERO}


def csr_name(number: int) -> str:
    """The assembler's name of a CSR, or its number in hexadecimal."""
    return NAMES.get(number, f"{number:#x}")


@frozen(eq=False)
class Access:
    """What a CSR instruction asks for: which CSR, and whether it writes it."""

    number: int
    writes: bool


def access_of(instruction: Decoded) -> tuple[int, Access]:
    """The destination register and the access of a CSR instruction.

    `csrrs` and `csrrc` with x0 or a zero immediate do not write (manual, chapter "Zicsr").
    """
    rd, source, number = cast("tuple[int, int, int]", instruction.operands)
    return rd, Access(number, instruction.record.name.startswith("csrrw") or source != 0)


def counter_part(number: int, xlen: int) -> tuple[str, int] | None:
    """Which counter a CSR shows and from which bit; None if this is no counter here."""
    if number in COUNTERS:
        return COUNTERS[number], 0
    if number in COUNTERS_HIGH and xlen == 32:
        return COUNTERS_HIGH[number].removesuffix("h"), 32
    return None
