"""The registers of a thread as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simfw.process import Process


class Registers(Mapping[str, int]):
    """Names to unsigned values, in the usual order, `pc` last. It shows the present state."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def __getitem__(self, name: str) -> int:
        process = self._process
        if name == "pc":
            return process.thread.pc & process.memory.mask
        return process.engine.x[process.architecture.register_number(name)]

    def __iter__(self) -> Iterator[str]:
        yield from self._process.architecture.registers
        yield "pc"

    def __len__(self) -> int:
        return len(self._process.architecture.registers) + 1

    def __repr__(self) -> str:
        return "\n".join(f"{name:5}{value:#x}" for name, value in self.items())
