"""The product as a belt machine to be compared with the literal one: same operands, same outcomes.

    product = Product(text, member, host={"mix": function of operands})
    outcome = product.run("f", *operands)

What crosses the border are operands of `tests.belt_machine`, specials among them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conasm.nodes import Position
from simfw import (
    NONE,
    BudgetExhausted,
    GuestFault,
    Machine,
    MemoryFault,
    NaR,
    NaRFault,
    NaRKind,
    OutcallArg,
    Outcalls,
    Permissions,
    Process,
)
from simfw.backcall import GuestFunction, PendingCall
from simfw.belt.metadata import Operand as Carried
from simfw.belt.metadata import operands_of, passed_of
from simfw.belt.micro import OPERANDS
from simfw.belt.state import BeltFrame, frames, innermost
from simfw.run import drive
from simfw.thread import Activation
from tests.belt_machine import Fault, Member, Operand, Outcome, nar, none, value

Host = Mapping[str, Callable[..., Sequence[Operand]]]

KINDS = {kind.text: kind for kind in NaRKind}


def carried(operand: Operand) -> Carried:
    """An operand of the literal machine as one of the product."""
    if operand.is_value:
        return Carried(operand.payload, operand.width)
    assert operand.special is not None
    kind = 0x80 if operand.is_none else KINDS[operand.special.kind].value
    return Carried(kind, operand.width, special=True)


def plain(operand: Carried) -> Operand:
    """The way back; that the product's shows a payload of its width is checked on the way."""
    if operand.is_none:
        return none(operand.width)
    if operand.kind is not None:
        return nar(operand.kind.text, operand.width)
    assert 0 <= operand.payload < 1 << 8 * operand.width
    return value(operand.payload, operand.width)


def given(operand: Operand) -> object:
    """What a host function of the product returns for a result of the literal machine's."""
    if operand.is_value:
        return operand.payload
    assert operand.special is not None
    return NONE if operand.is_none else NaR(KINDS[operand.special.kind])


class Product:
    """A machine with one unit. `host` has the functions that serve its outcalls."""

    def __init__(
        self, text: str, member: Member, host: Host | None = None, *, traced: bool = True
    ) -> None:
        self.trace = io.StringIO()
        calls = Outcalls("host", optional=True)
        for name, function in (host or {}).items():
            calls.outcall(name)(_served(function))
        self.machine = Machine(text.encode(), plugins=[calls], member=member.name)
        self.machine.trace(traced, to=self.trace)
        memory = self.machine.memory
        self._initial = [
            (part.address, memory.read(part.address, part.size)) for part in memory.regions
        ]

    @property
    def process(self) -> Process:
        return self.machine.processes[0]

    @property
    def program(self) -> Any:
        return self.process.architecture.program

    @property
    def symbols(self) -> dict[str, int]:
        return {symbol.name: symbol.address for symbol in self.machine.symbols}

    def function(self, name: str) -> GuestFunction:
        """A function that takes and gives operands as they are."""

        def pack(x: list[Any], _memory: Any, sp: int, args: Sequence[Any], *_: Any) -> int:
            x[OPERANDS] = passed_of(map(carried, args))
            return sp

        address = self.machine.address_of(name)
        return GuestFunction(
            self.process,
            name,
            address,
            None,
            pack,
            lambda x: tuple(map(plain, operands_of(x[OPERANDS]))),
        )

    def run(self, name: str, *operands: Operand, budget: int | None = None) -> Outcome:
        """Call a function and say what happened, as the literal machine's `run` does."""
        call = Activation(self.function(name), operands)
        return self._outcome(lambda: drive(self.process, call, budget))

    def run_sliced(
        self, name: str, operands: Sequence[Operand], slice: int, pause: Callable[[], None]
    ) -> Outcome:
        """The same in portions of some instructions; `pause` is called between them."""
        pending = PendingCall(self.process, Activation(self.function(name), operands))
        pending.enter()

        def advance() -> Any:
            while not pending.advance(slice):
                pause()
            return pending.result

        return self._outcome(advance)

    def last_line(self) -> str:
        """What was traced last."""
        lines = self.trace.getvalue().splitlines()
        return lines[-1].strip() if lines else ""

    def restart(self) -> None:
        """Have the memory as it was, and forget the trace."""
        for address, content in self._initial:
            self.machine.memory.write(address, content)
        self.trace.seek(0)
        self.trace.truncate()

    def frame(self) -> BeltFrame:
        """The innermost frame."""
        return innermost(self.program, self.process.engine.x, self.process.thread.pc)

    def frames(self) -> list[BeltFrame]:
        """All frames down to the host's entry."""
        return list(frames(self.program, self.process.engine.x, self.process.thread.pc))

    def map_low(self) -> None:
        """Have the kilobyte of memory that samples expect."""
        self.machine.memory.map(256, 1024, Permissions.READ | Permissions.WRITE, "low")

    def _outcome(self, run: Callable[[], Any]) -> Outcome:
        before = self.machine.instructions
        results: tuple[Operand, ...] = ()
        fault: Fault | None = None
        try:
            results = run()
        except (GuestFault, BudgetExhausted) as error:
            fault = self._fault(error)
        count = self.machine.instructions - before
        lines = tuple(self.trace.getvalue().splitlines())
        return Outcome(results, fault, count, lines, {})

    def _fault(self, error: GuestFault | BudgetExhausted) -> Fault:
        if isinstance(error, BudgetExhausted):
            return Fault("budget", None)
        place = self.program.versions.place(error.pc)
        position = place.micro.blame.position if place is not None else None
        if position is not None:
            assert str(position) in str(error), "the message says where"
        return Fault(_cause(error), position, _origin(str(error)))


def _served(function: Callable[..., Sequence[Operand]]) -> Callable[..., object]:
    def served(_focus: object, *args: OutcallArg) -> object:
        results = [given(one) for one in function(*(plain(arg.operand) for arg in args))]
        return tuple(results) if len(results) > 1 else results[0] if results else None

    return served


_CAUSES = {
    "data stack full": "stack",
    "belt frame stack full": "depth",
    "call of ": "target",
}


def _cause(error: GuestFault) -> str:
    if isinstance(error, NaRFault):
        found = re.search(r"NaR\([^)]*\)", str(error))
        assert found is not None
        return found[0]
    if isinstance(error, MemoryFault):
        return "memory"
    return next(name for text, name in _CAUSES.items() if error.cause.startswith(text))


def _origin(message: str) -> Position | None:
    found = re.search(r"made by \w+ at (.*?):(\d+):(\d+)", message)
    return Position(found[1], int(found[2]), int(found[3])) if found else None
