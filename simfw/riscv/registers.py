"""Names of the integer registers (psABI, "Integer Register Convention")."""

from __future__ import annotations

ABI_NAMES = (
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1",
    *(f"a{n}" for n in range(8)), *(f"s{n}" for n in range(2, 12)), *(f"t{n}" for n in range(3, 7)),
)  # fmt: skip
"""The ABI name of each x register, by number."""

NUMBERS = {
    **{name: number for number, name in enumerate(ABI_NAMES)},
    **{f"x{number}": number for number in range(32)},
    "fp": 8,
}
"""The number of each register, by every name it goes by."""

RA, SP, GP, TP, A0, A7 = 1, 2, 3, 4, 10, 17
