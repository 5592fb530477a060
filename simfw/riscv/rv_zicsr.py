"""Control and status registers, and the instruction-fetch fence (Zicsr, Zifencei).

Counters are kept by the run loop, not by the IR, so an access to a CSR leaves to it; `csr` holds
what each number means.
"""

from __future__ import annotations

from simfw.riscv.record import Extension
from simfw.riscv.state import Fields, State

ZICSR = Extension("Zicsr")
ZIFENCEI = Extension("Zifencei")

_OPERATIONS = (
    ("csrrw", 1, "rs1", "Exchange a CSR and a register."),
    ("csrrs", 2, "rs1", "Read a CSR and set bits in it."),
    ("csrrc", 3, "rs1", "Read a CSR and clear bits in it."),
    ("csrrwi", 5, "zimm5", "Read a CSR and write an immediate."),
    ("csrrsi", 6, "zimm5", "Read a CSR and set the bits of an immediate."),
    ("csrrci", 7, "zimm5", "Read a CSR and clear the bits of an immediate."),
)


def _access(name: str, funct3: int, source: str, sentence: str) -> None:
    def semantics(s: State, i: Fields) -> None:
        s.exit("csr")

    semantics.__doc__ = sentence
    encoding = f"{name} rd {source} csr 14..12={funct3} 6..2=0x1C 1..0=3"
    ZICSR.insn(encoding, f"{name} {{rd}}, {{csr}}, {{{source}}}")(semantics)


for _row in _OPERATIONS:
    _access(*_row)


@ZIFENCEI.insn("fence.i rd rs1 imm12 14..12=1 6..2=0x03 1..0=3", "fence.i")
def fence_i(s: State, i: Fields) -> None:
    """Make stores to instruction memory visible to fetches."""
    s.exit("fence.i")
