"""RISC-V as the machine sees it: RV32 or RV64, registers, conventions, CSR accesses."""

from __future__ import annotations

import time
from collections.abc import Iterator

from simfw.architecture import Counters
from simfw.errors import IllegalInstruction
from simfw.image import Image
from simfw.ir.frontend import Decoded
from simfw.memory import Memory
from simfw.riscv.csr import access_of, counter_part, csr_name
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import isa
from simfw.riscv.psabi import IntegerConvention, SyscallConvention
from simfw.riscv.registers import ABI_NAMES, A7, RA, SP
from simfw.riscv.unwind import unwind

_FLOAT_BITS = {"soft": 0, "single": 32, "double": 64, "quad": 64}
TIME_FREQUENCY = 1_000_000
"""Ticks of the `time` CSR in a second: microseconds."""


class RiscvArchitecture:
    """The RISC-V of one image."""

    registers = {name: number for number, name in enumerate(ABI_NAMES)}
    stack_pointer = SP
    link = RA
    syscall_number = A7

    def __init__(self, image: Image) -> None:
        self.xlen: int = image.xlen
        self.isa = isa(image.xlen)
        self.convention = IntegerConvention(image.xlen, _FLOAT_BITS[image.float_abi])
        self.syscall_convention = SyscallConvention(image.xlen)

    def front_end(self, memory: Memory) -> RiscvFrontEnd:
        """Decoding from a process's memory."""
        return RiscvFrontEnd(self.isa, memory)

    def serve(self, reason: str, instruction: Decoded, x: list[int], counters: Counters) -> bool:
        """Perform `csr…` and `fence.i`; True for the latter, which makes stores to code seen."""
        if reason == "fence.i":
            return True
        self._access_csr(instruction, x, counters)
        return False

    def _access_csr(self, instruction: Decoded, x: list[int], counters: Counters) -> None:
        """Read a counter; all else is illegal, as the manual has it for absent CSRs."""
        rd, access = access_of(instruction.record.name, instruction.operands)
        part = counter_part(access.number, self.xlen)
        if part is None or access.writes:
            what = "is read-only" if part else "does not exist in this machine"
            raise IllegalInstruction(
                f"{instruction.record.name} of CSR {csr_name(access.number)}, which {what}",
                advice="user-mode programs may read cycle, time and instret",
            )
        if rd:
            name, shift = part
            value = _microseconds() if name == "time" else counters.instructions - 1
            x[rd] = value >> shift & (1 << self.xlen) - 1

    def unwind(
        self, image: Image, memory: Memory, x: list[int], pc: int, sentinel: int
    ) -> Iterator[tuple[int, int]]:
        """Guest frames by their prologues; see `simfw.riscv.unwind`."""
        return unwind(self.isa, image.symbols, memory, x, pc, sentinel)


def _microseconds() -> int:
    return time.monotonic_ns() * TIME_FREQUENCY // 1_000_000_000
