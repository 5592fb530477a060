"""The trace of RISC-V code: a line for each instruction, with the registers that it changed.

    0x00010094  main+0x8            addi    sp,sp,-16               sp=0x8fff0

Calls of the host are lines of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simfw.riscv.disassemble import disassemble
from simfw.riscv.isa import Instruction

if TYPE_CHECKING:
    from simfw.process import Process


class RiscvTrace:
    """Writes the trace of one process."""

    def __init__(self, process: Process, write: Callable[[str], None]) -> None:
        self._process, self._write = process, write
        self._before: list[int] = []
        self._text = ""

    def starts(self, pc: int) -> None:
        """Note what is there before it changes."""
        engine, xlen = self._process.engine, self._process.architecture.xlen
        instruction = engine.front.fetch(pc)
        assert isinstance(instruction, Instruction)
        self._text = disassemble(instruction, pc, xlen=xlen)
        self._before = engine.x[:]

    def passed(self, pc: int, following: int) -> None:
        """Write the line of what was done, and that of an outcall that it led to."""
        process = self._process
        digits = process.architecture.xlen // 4
        line = f"{pc:#0{digits + 2}x}  {self._place(pc):<19} {self._text:<31} {self._changes()}"
        self._write(line.rstrip())
        outcall = process.outcalls.get(following)
        if outcall is not None:
            self._write(f"{'':{digits + 2}}  outcall {outcall.name}")

    def _changes(self) -> str:
        before, after = self._before, self._process.engine.x
        names = self._process.architecture.registers.items()
        changed = (f"{name}={after[n]:#x}" for name, n in names if before[n] != after[n])
        return " ".join(changed)

    def _place(self, pc: int) -> str:
        found = self._process.symbol_at(pc)
        if found is None:
            return ""
        symbol, offset = found
        return symbol.name + (f"+{offset:#x}" if offset else "")
