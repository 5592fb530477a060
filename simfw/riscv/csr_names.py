"""The names of control and status registers (privileged manual, "CSR Listing").

They are for disassembly and messages; which of them exist here, `csr` says.
"""

from __future__ import annotations

from itertools import count

_RUNS: tuple[tuple[int, str], ...] = (
    (0x001, "fflags frm fcsr"),
    (0x008, "vstart vxsat vxrm"),
    (0x00F, "vcsr"),
    (0x015, "seed"),
    (0x017, "jvt"),
    (0x100, "sstatus"),
    (0x104, "sie stvec scounteren"),
    (0x10A, "senvcfg"),
    (0x140, "sscratch sepc scause stval sip"),
    (0x180, "satp"),
    (0x300, "mstatus misa medeleg mideleg mie mtvec mcounteren"),
    (0x30A, "menvcfg"),
    (0x310, "mstatush"),
    (0x31A, "menvcfgh"),
    (0x320, "mcountinhibit"),
    (0x340, "mscratch mepc mcause mtval mip"),
    (0x34A, "mtinst mtval2"),
    (0x5A8, "scontext"),
    (0x747, "mseccfg"),
    (0x757, "mseccfgh"),
    (0x7A0, "tselect tdata1 tdata2 tdata3 tinfo"),
    (0x7A8, "mcontext"),
    (0x7B0, "dcsr dpc dscratch0 dscratch1"),
    (0xB00, "mcycle"),
    (0xB02, "minstret"),
    (0xB80, "mcycleh"),
    (0xB82, "minstreth"),
    (0xC00, "cycle time instret"),
    (0xC20, "vl vtype vlenb"),
    (0xC80, "cycleh timeh instreth"),
    (0xF11, "mvendorid marchid mimpid mhartid mconfigptr"),
)
"""Registers with numbers one after the other."""

_NUMBERED: tuple[tuple[int, str, range], ...] = (
    (0x323, "mhpmevent{}", range(3, 32)),
    (0x3A0, "pmpcfg{}", range(16)),
    (0x3B0, "pmpaddr{}", range(64)),
    (0xB03, "mhpmcounter{}", range(3, 32)),
    (0xB83, "mhpmcounter{}h", range(3, 32)),
    (0xC03, "hpmcounter{}", range(3, 32)),
    (0xC83, "hpmcounter{}h", range(3, 32)),
)
"""Registers that differ in a number in their name."""

CSR_NAMES: dict[int, str] = {
    **{n: name for first, names in _RUNS for n, name in zip(count(first), names.split())},
    **{n: name.format(k) for first, name, ks in _NUMBERED for n, k in zip(count(first), ks)},
}
"""The name of each register, by its number."""
