"""The guest of core.c with a host whose answers a test gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from simfw import Focus, Machine, outcall

HERE = Path(__file__).parent
SOURCE = HERE / "core.c"
SPEC = HERE / "core.cas"

Answer = Callable[[Focus, int], Any]


class Host:
    """Serves `host` by `answer`, and counts `notify`."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.notified = 0

    @outcall("host")
    def host(self, focus: Focus, n: int) -> int:
        return self.answer(focus, n)

    @outcall("notify")
    def notify(self, focus: Focus) -> None:
        self.notified += 1


def core(elf: Path, answer: Answer = lambda focus, n: n, **options: Any) -> Machine:
    """A machine with that guest."""
    return Machine(elf, spec=SPEC, plugins=[Host(answer)], **options)


def stack(machine: Machine) -> bytes:
    """The stack from sp up to where it began."""
    (region,) = (one for one in machine.memory.regions if one.name == "stack")
    sp = machine.registers["sp"]
    return machine.memory.read(sp, region.end - sp)


def state(machine: Machine) -> tuple[object, ...]:
    """What a call must leave as it was."""
    return dict(machine.registers), stack(machine), [thread.depth for thread in machine.threads]
