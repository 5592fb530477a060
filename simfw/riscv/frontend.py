"""The RISC-V front end of a process: fetching instructions from its memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from simfw.errors import IllegalInstruction, MisalignedAccess
from simfw.ir.frontend import Record
from simfw.riscv.isa import EXTENSIONS, Instruction, Isa

_OWN = frozenset(record for extension in EXTENSIONS for record in extension.records)


class Fetching(Protocol):
    """The memory that code lies in."""

    @property
    def mask(self) -> int:
        """The highest address."""
        ...

    def fetch(self, address: int, size: int, /) -> int:
        """`size` bytes of code; raises MemoryFault where execution is not permitted."""
        ...


class RiscvFrontEnd:
    """Decodes the instructions of one process."""

    shipped: str | None = "simfw.engine.shipped.riscv"
    in_memory = True
    functions: Mapping[str, Callable[..., object]] = MappingProxyType({})

    def __init__(self, isa: Isa, memory: Fetching) -> None:
        self.isa = isa
        self.xlen = isa.xlen
        self.layout = isa.layout
        self._memory = memory

    def fetch(self, pc: int) -> Instruction:
        """The instruction at `pc`.

        Raises MemoryFault for addresses that may not be executed, MisalignedAccess for odd ones
        and IllegalInstruction for words that no record matches.
        """
        if pc & 1:
            raise MisalignedAccess("jump to an odd address", pc=pc, address=pc)
        memory = self._memory
        word = memory.fetch(pc, 2)
        if word & 3 == 3:
            word |= memory.fetch(pc + 2 & memory.mask, 2) << 16
        instruction = self.isa.decode(word)
        if instruction is None:
            raise IllegalInstruction(
                f"illegal instruction {word:#0{10 if word & 3 == 3 else 6}x}",
                pc=pc,
                advice=f"the machine has {self.isa.name}; was the guest built for more?",
            )
        return instruction

    def attach(self, x: list[int]) -> None:
        """There are no functions that would work on registers."""

    def fault(self, cause: str, value: int) -> MisalignedAccess:
        """The only check is that of an atomic's address."""
        return MisalignedAccess(cause, address=value)

    def is_own(self, record: Record) -> bool:
        """Whether the record is one of the package's own."""
        return record in _OWN
