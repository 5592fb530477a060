"""A block, phase by phase: what reads the belt when, what drops when, and in which order.

All operations of a phase read the belt as it stands when the phase begins. Results of readers,
calls and picks are there at once; what is computed waits for its time and retires at the end of
the compute phase, in order of issue. So a later phase sees what an earlier one dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, evolve, frozen

from conasm.assembly import AssembledBlock, ImmediateArg
from conasm.belt import Belt, Flight
from conasm.errors import quote
from conasm.forms import GANGED
from conasm.functions import FunctionScope
from conasm.nodes import Block, Instruction, Operation
from conasm.operation import Kind, OperationSpec, Results, Transfer
from conasm.resolve import Resolved, Resolver
from conasm.results import ResultMaker
from conasm.steps import DraftStep, DraftSteps
from conasm.transfers import carry, check_call, check_length

Issued = tuple[int, Operation, OperationSpec]
"""An operation, and its place in the instruction."""


@frozen(eq=False)
class Producer:
    """What condition codes may be ganged to; `last` is the place of it or its latest code."""

    spec: OperationSpec
    step: int
    latency: int
    last: int


@define(eq=False)
class BlockAssembler:
    """Assembles one block; `index` is its place in the function."""

    scope: FunctionScope
    block: Block
    index: int
    steps: DraftSteps
    belt: Belt
    resolver: Resolver
    results: ResultMaker

    def assemble(self) -> AssembledBlock:
        """Return the block; mistakes are reported to the scope's problems."""
        names = self.block.operands
        named = bool(names) and self.index > 0
        entry = self._enter(named)
        for number, instruction in enumerate(self.block.instructions):
            self._instruction(number, instruction)
        return AssembledBlock(
            label=self.block.label,
            index=self.index,
            entry=entry,
            named=named,
            operands=tuple(name.name for name in names),
            steps=tuple(step.finish() for step in self.steps.steps),
            starts=tuple(self.steps.starts),
            values=tuple(self.belt.values),
            position=self.block.position,
        )

    def _enter(self, named: bool) -> int:
        """Put what the block is entered with on the belt; return how much it is."""
        names, member = self.block.operands, self.scope.member
        if len(names) > member.belt:
            why = f"{member.name} has a belt of {member.belt}, here are {len(names)} names"
            self.scope.problems.add(names[member.belt].position, why)
        for name in names:
            self.results.define(name.name, name.position)
        entry = len(names) if named else max(len(names), member.belt)
        self.belt.enter(names, entry)
        return entry

    # --- phases

    def _instruction(self, number: int, instruction: Instruction) -> None:
        self.resolver.reader.instruction = number
        self.steps.begin()
        phases: list[list[Issued]] = [[], [], [], [], []]
        for listed, operation in enumerate(instruction.operations):
            spec = self.scope.operations.get(operation.name)
            if spec is None:
                self._report_unknown(operation)
            else:
                phases[spec.phase].append((listed, operation, spec))
        readers, computations, calls, picks, writers = phases
        self._at_once(number, readers)
        self._compute(number, computations)
        self._retire(number)
        for call in calls:
            self._at_once(number, [call])
        self._at_once(number, picks)
        self._write(number, writers)

    def _resolve(self, issued: Sequence[Issued]) -> list[Resolved]:
        return [self.resolver.resolve(op, spec, listed) for listed, op, spec in issued]

    def _at_once(self, number: int, issued: Sequence[Issued]) -> None:
        """Do operations whose results are there when they are done, in listed order."""
        for resolved in self._resolve(issued):
            drops = self.results.make(resolved)
            if resolved.spec.transfer is Transfer.CALL and resolved.form is not None:
                check_call(self.scope, resolved, len(drops))
            self._emit(number, resolved, drops, resolved.passes)
            self.belt.drop(drops)
            self.steps.settle(self.belt.positions)

    def _compute(self, number: int, issued: Sequence[Issued]) -> None:
        """Issue computations: each is evaluated now and retires when its time has come."""
        producer: Producer | None = None
        for resolved in self._resolve(issued):
            if resolved.form is GANGED and resolved.spec.ganged:
                producer = self._gang(number, resolved, producer)
                continue
            delay = _delay(resolved)
            is_load = delay is not None
            latency = self.scope.member.latency(resolved.spec.latency)
            latency = latency if delay is None else delay + 1
            drops = self.results.make(resolved)
            step = self._emit(number, resolved, () if is_load else drops, ())
            producer = Producer(resolved.spec, step, latency, resolved.listed)
            self._launch(number, producer, drops, step if is_load else None)

    def _gang(self, number: int, code: Resolved, producer: Producer | None) -> Producer | None:
        """Issue a condition code right behind the operation that it reads."""
        drops = self.results.make(code)
        if producer is None or producer.last != code.listed - 1 or not producer.spec.codes:
            self._report_gang(code, producer)
            self._launch(number, Producer(code.spec, 0, 1, code.listed), drops, None)
            return producer
        self._emit(number, code, drops, (), gang=producer.step)
        producer = evolve(producer, last=code.listed)
        self._launch(number, producer, drops, None)
        return producer

    def _launch(
        self, number: int, issue: Producer, drops: tuple[int, ...], load: int | None
    ) -> None:
        if drops:
            due = number + issue.latency - 1
            self.belt.launch(Flight(issue.spec.name, number, due, drops, load))

    def _retire(self, number: int) -> None:
        """End the compute phase: what is due reaches the belt, and loads read memory."""
        for flight in self.belt.due(number):
            if flight.load is not None:
                issue = self.steps.steps[flight.load]
                ended = evolve(issue, instruction=number, drops=flight.drops, retires=True)
                ended.issue = flight.load
                self.steps.add(ended)
            self.belt.land(flight)
            self.steps.settle(self.belt.positions)

    def _write(self, number: int, issued: Sequence[Issued]) -> None:
        """Do stores and spills, then rearrange the belt, then transfer."""
        for resolved in sorted(self._resolve(issued), key=_writer_order):
            drops, passes = self.results.make(resolved), resolved.passes
            if resolved.spec.transfer is Transfer.BRANCH:
                passes = carry(self.scope, self.belt, resolved)
            elif resolved.spec.transfer is Transfer.RETURN:
                check_length(self.scope, resolved)
            elif resolved.spec.results is Results.COPIES:
                self.belt.replace(drops)
            self._emit(number, resolved, drops, passes)

    def _emit(
        self,
        number: int,
        resolved: Resolved,
        drops: tuple[int, ...],
        passes: tuple[int, ...],
        gang: int | None = None,
    ) -> int:
        step = DraftStep(
            spec=resolved.spec,
            operation=resolved.operation,
            instruction=number,
            listed=resolved.listed,
            arguments=resolved.arguments,
            drops=drops,
            passes=passes,
            before=resolved.before,
            belt=self.belt.positions,
            gang=gang,
        )
        return self.steps.add(step)

    # --- mistakes

    def _report_unknown(self, operation: Operation) -> None:
        near = self.scope.problems.suggest(operation.name, self.scope.operations)
        why = f"unknown operation {quote(operation.name)}{near}"
        self.scope.problems.add(operation.position, why)

    def _report_gang(self, code: Resolved, producer: Producer | None) -> None:
        name = code.spec.name
        if producer is None or producer.last != code.listed - 1:
            why = "no computation stands there"
        else:
            why = f"{producer.spec.name} has none"
        message = f"{name}() reads the condition codes of the operation right before it; {why}"
        self.scope.problems.add(code.operation.position, message)


def _delay(resolved: Resolved) -> int | None:
    """Return how many instructions later an operation is done, if it says so."""
    form = resolved.form
    if form is None or Kind.DELAY not in form.kinds:
        return None
    delay = resolved.arguments[form.kinds.index(Kind.DELAY)]
    assert isinstance(delay, ImmediateArg)
    return delay.value


def _writer_order(resolved: Resolved) -> int:
    if resolved.spec.transfer is not None:
        return 2
    return int(resolved.spec.results is Results.COPIES)
