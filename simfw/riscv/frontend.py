"""The RISC-V front end of a process: fetching instructions from its memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simfw.errors import IllegalInstruction, MisalignedAccess
from simfw.ir.frontend import Record
from simfw.memory import Memory
from simfw.memory.pagetable import FETCH_BIT
from simfw.riscv.isa import EXTENSIONS, Instruction, Isa

_OWN = frozenset(record for extension in EXTENSIONS for record in extension.records)


class RiscvFrontEnd:
    """Decodes the instructions of one process."""

    shipped: str | None = "simfw.engine.shipped.riscv"
    in_memory = True
    functions: Mapping[str, Callable[..., object]] = MappingProxyType({})

    def __init__(self, isa: Isa, memory: Memory) -> None:
        self.isa = isa
        self.xlen = isa.xlen
        self.layout = isa.layout
        self._memory = memory

    def fetch(self, pc: int) -> Instruction:
        """The instruction at `pc`.

        Raises MemoryFault for addresses that may not be executed, MisalignedAccess for odd ones
        and IllegalInstruction for words that no record matches.
        """
        memory = self._memory
        offset = pc - memory.base
        is_simple = not pc & 1 and pc & 0xFFF != 0xFFE and 0 <= offset < memory.span
        if is_simple and memory.pages[offset >> 12] & FETCH_BIT:
            halves, half = memory.u16, offset >> 1
            word = halves[half] | halves[half + 1] << 16
        else:
            word = self._fetch_slowly(pc)
        instruction = self.isa.decode(word)
        if instruction is None:
            digits = 8 if word & 3 == 3 else 4
            raise IllegalInstruction(
                f"illegal instruction 0x{word & (1 << 4 * digits) - 1:0{digits}x}",
                pc=pc,
                advice=f"the machine has {self.isa.name}; was the guest built for more?",
            )
        return instruction

    def _fetch_slowly(self, pc: int) -> int:
        """The word at any address, checked in full: each half where it lies."""
        if pc & 1:
            raise MisalignedAccess("jump to an odd address", pc=pc, address=pc)
        memory = self._memory
        word = memory.fetch(pc, 2)
        if word & 3 == 3:
            word |= memory.fetch(pc + 2 & memory.mask, 2, pc) << 16
        return word

    def attach(self, x: list[int], hooks: set[int]) -> None:
        """There are no functions that would work on registers."""

    def issued(self, pc: int) -> int:
        """An instruction that faults has not retired, and does not count."""
        return pc

    def fault(self, cause: str, value: int) -> MisalignedAccess:
        """The only check is that of an atomic's address."""
        return MisalignedAccess(cause, address=value)

    def is_own(self, record: Record) -> bool:
        """Whether the record is one of the package's own."""
        return record in _OWN
