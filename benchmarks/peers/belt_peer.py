"""simfw with a guest for the belt: the same declarations and plugin, and the kernels in conAsm."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from typing import Any

import simfw
from benchmarks import toolchain
from benchmarks.peer import Call, SizedCall
from benchmarks.peers.simfw_peer import Host, stubs
from simfw import Image, Machine, open_image

_INSTRUCTION = re.compile(r"^ *\S+\.\d+ (?P<operations>[^:]+): \[", re.MULTILINE)
"""A line of a trace that tells of an instruction."""


class BeltPeer:
    """See `benchmarks.peer.Peer` and `BeltCode`."""

    module = "simfw.belt.image"

    def __init__(self) -> None:
        toolchain.BUILT.mkdir(exist_ok=True)
        self._path = toolchain.BUILT / "belt.cas"
        written = self._path.with_suffix(f".{os.getpid()}")  # another process may read the file
        written.write_text(f'include "../guests/bench_belt.cas";\n{straight()}')
        written.replace(self._path)
        self._machine = self._load()

    def _load(self) -> Machine:
        return Machine(self._path, plugins=[Host()])

    def version(self) -> str:
        return simfw.__version__

    def function(self, name: str) -> SizedCall:
        return self._machine.function(name)  # type: ignore[return-value]

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

    def operations(self, name: str, size: int) -> int:
        machine, trace = self._load(), io.StringIO()
        machine.trace(to=trace)
        machine.call(name, size)
        instructions = _INSTRUCTION.finditer(trace.getvalue())
        return sum(found["operations"].count(",") + 1 for found in instructions)

    def assembly(self) -> Callable[[], Image]:
        text = long_text().encode()
        return lambda: open_image(text)


def long_text() -> str:
    """Ten functions of 1000 instructions of one operation each."""
    adds = "    add(b0, 1);\n" * 999
    return "".join(f'F("f{n}") %x;\n{adds}    retn(b0);\n' for n in range(10))


def straight() -> str:
    """The function of `straight.c`, each of its steps four instructions."""
    lines = ['F("straight") %x0;', "    add(%x0, 1) %y0;"]
    shifts, n = ((3, 7), (5, 2), (9, 4), (1, 11)), 0
    for block in (1, 31, 61, 91, 121):
        for place in range(24):
            a, b = shifts[place % 4]
            lines += _step(n, a, b, block + place)
            n += 1
    return "\n".join([*lines, f"    xorl(%x{n}, %y{n}) %all, retn(%all);", ""])


def _step(n: int, a: int, b: int, c: int) -> list[str]:
    x, y, x2, y2, mask = f"%x{n}", f"%y{n}", f"%x{n + 1}", f"%y{n + 1}", 0x00FF00FF * a % 2**32
    return [
        f"    shiftl({x}, {a}) %s{n}, andl({y}, {mask}) %m{n};",
        f"    add(%s{n}, {0x9E37 * c}) %t{n};",
        f"    xorl({x}, %t{n}) {x2};",
        f"    shiftru({x2}, {b}) %u{n};",
        f"    xorl(%u{n}, %m{n}) %v{n};",
        f"    add({y}, %v{n}) {y2};",
    ]
