"""RISC-V as the machine sees it: RV32 or RV64, registers, conventions, CSR accesses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from simfw.architecture import Counters
from simfw.errors import IllegalInstruction
from simfw.image import Image
from simfw.ir.frontend import Decoded
from simfw.memory import Memory
from simfw.riscv.csr import READ_ONLY_ZERO, Access, access_of, counter_part, csr_name
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import Isa
from simfw.riscv.psabi import IntegerConvention, SyscallConvention
from simfw.riscv.registers import A0, A7, ABI_NAMES, GP, NUMBERS, RA, SP, TP
from simfw.riscv.semihosting import is_request
from simfw.riscv.state import NOT_RESERVED
from simfw.riscv.trace import RiscvTrace

if TYPE_CHECKING:
    from simfw.binding import BoundOutcall
    from simfw.process import Process

_FLOAT_BITS = {"soft": 0, "single": 32, "double": 64, "quad": 64}
TIME_FREQUENCY = 1_000_000
"""Ticks of the `time` CSR in a second: microseconds."""


class RiscvArchitecture:
    """The RISC-V of one image."""

    registers: Mapping[str, int] = MappingProxyType({n: i for i, n in enumerate(ABI_NAMES)})
    stack_pointer = SP
    link = RA
    syscall_number = A7

    def __init__(self, image: Image, isa: Isa) -> None:
        self.xlen: int = image.xlen
        self.isa = isa
        reservation = self.isa.layout.files["reservation"].offset
        self.reservation = reservation, NOT_RESERVED & (1 << image.xlen) - 1
        self.outcall_takes_time = True
        self.convention = IntegerConvention(image.xlen, _FLOAT_BITS[image.float_abi])
        self.syscall_convention = SyscallConvention(image.xlen)

    def register_number(self, name: str) -> int:
        """The number of a register by its ABI name, `fp`, or `x0` … `x31`."""
        return NUMBERS[name]

    def start(self, image: Image, x: list[int], sp: int, argc: int) -> None:
        """Stack pointer, argc and argv, and the pointers that code is linked against.

        Start-up code sets `gp` and `tp` itself; functions called before it ran need them, too.
        """
        x[SP], x[A0], x[A0 + 1] = sp, argc, sp + self.xlen // 8
        for register, symbol in ((GP, "__global_pointer$"), (TP, "__tls_base")):
            if symbol in image.symbols:
                x[register] = image.symbols.find(symbol).address

    def result_letters(self, name: str) -> tuple[str, ...]:
        """One register."""
        del name
        return ("w",) if self.xlen == 32 else ("d",)

    def own_outcalls(self) -> dict[int, BoundOutcall]:
        """None: RISC-V programs end by system calls."""
        return {}

    def location(self, pc: int) -> None:
        """Symbols tell."""
        del pc

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
        """Read a counter or a constant; the rest is illegal, as absent CSRs are in the manual."""
        rd, access = access_of(instruction)
        value = 0
        if access.number not in READ_ONLY_ZERO:
            value = self._counter(instruction.record.name, access, counters)
        if rd:
            x[rd] = value

    def _counter(self, mnemonic: str, access: Access, counters: Counters) -> int:
        part = counter_part(access.number, self.xlen)
        if part is None or access.writes:
            what = "is read-only" if part else "does not exist in this machine"
            raise IllegalInstruction(
                f"{mnemonic} of CSR {csr_name(access.number)}, which {what}",
                advice="user-mode programs may read cycle, time and instret",
            )
        name, shift = part
        value = _microseconds() if name == "time" else counters.instructions - 1
        return value >> shift & (1 << self.xlen) - 1

    def is_semihosting(self, memory: Memory, pc: int) -> bool:
        """Whether the `ebreak` at `pc` is a semihosting request."""
        return is_request(memory, pc)

    def belt_frames(self, x: list[int], pc: int) -> tuple[()]:
        """None."""
        del x, pc
        return ()

    def watcher(self, process: Process, write: Callable[[str], None]) -> RiscvTrace:
        """What writes the trace: see `simfw.riscv.trace`."""
        return RiscvTrace(process, write)

    def unwind(
        self, image: Image, memory: Memory, x: list[int], pc: int, sentinel: int
    ) -> Iterator[tuple[int, int]]:
        """Guest frames by their prologues; see `simfw.riscv.unwind`."""
        from simfw.riscv.unwind import unwind  # for people, who are slower than an import

        return unwind(self.isa, image.symbols, memory, x, pc, sentinel)


def _microseconds() -> int:
    return time.monotonic_ns() * TIME_FREQUENCY // 1_000_000_000
