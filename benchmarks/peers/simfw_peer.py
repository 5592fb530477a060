"""simfw itself: an ELF file, declarations, a plugin, and a stub written from the declarations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import conasm
import simfw
from benchmarks import toolchain
from benchmarks.peer import Call, SizedCall
from simfw import Focus, Machine, outcall
from simfw.tools.stubs import write_stubs


class Host:
    """The plugin: the functions that the guest calls."""

    @outcall("host_add")
    def host_add(self, focus: Focus, a: int, b: int) -> int:
        return a + b

    @outcall("host_descend")
    def host_descend(self, focus: Focus, depth: int) -> Any:
        return focus.call("descend", depth)


def stubs() -> dict[str, Any]:
    """The names of the module with the stubs of what the guests offer."""
    names: dict[str, Any] = {}
    exec(write_stubs([conasm.load(toolchain.SPEC)]), names)
    return names


class SimfwPeer:
    """See `benchmarks.peer.Peer` and `InstructionCounter`."""

    module = "simfw"

    def __init__(self) -> None:
        self._elf = toolchain.riscv().read_bytes()
        self._machine = self._load()

    def _load(self) -> Machine:
        return Machine(self._elf, spec=toolchain.SPEC, plugins=[Host()])

    def version(self) -> str:
        return simfw.__version__

    def function(self, name: str) -> SizedCall:
        return self._machine.function(name)  # type: ignore[return-value]

    def instructions(self, name: str, size: int) -> int:
        before = self._machine.instructions
        self._machine.call(name, size)
        return self._machine.instructions - before

    def bound_add(self) -> Call:
        add: Any = self._machine.function("add")
        return lambda: add(2, 3)

    def named_add(self) -> Call:
        call: Any = self._machine.call
        return lambda: call("add", 2, 3)

    def stub_add(self) -> Call:
        add, machine = stubs()["bench"].add, self._machine
        return lambda: add(machine, 2, 3)

    def load(self) -> Callable[[], object]:
        return self._load

    def fresh(self) -> SizedCall:
        return self._load().function("straight")  # type: ignore[return-value]
