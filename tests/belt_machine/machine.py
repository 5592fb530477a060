"""The machine: frames, and the five phases of an instruction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from conasm.nodes import (
    Block,
    Function,
    Instruction,
    Operation,
    OutcallDeclaration,
    Position,
    String,
    Unit,
)
from tests.belt_machine import control
from tests.belt_machine.compute import address_of, compute, integer_of
from tests.belt_machine.control import Call, Decision, Return, Transfer
from tests.belt_machine.faults import Fault, Mistake
from tests.belt_machine.frame import Frame
from tests.belt_machine.member import SILVER, Member
from tests.belt_machine.memory import Memory, place
from tests.belt_machine.operand import INVALID_OPERAND, Operand, nar, none, value
from tests.belt_machine.picks import pick
from tests.belt_machine.reader import reader, scratch_size
from tests.belt_machine.trace import Trace

HostResult = int | Operand | None | tuple[int | Operand, ...]
Outcalls = Mapping[str, Callable[..., HostResult]]
"""Host functions by name. Each gets the machine, then its operands."""

_READER = frozenset({"con", "rd", "fill", "lea", "scratchf", "stackf"})
_PICK = frozenset({"pick", "recur", "rescue"})
_WRITER = frozenset({"store", "spill", "conform"})

STACK_TOP = 0x20000
STACK_SIZE = 0x1000
DEPTH = 100
BUDGET = 100_000


def phase(name: str) -> str:
    """The phase of an operation, by its name."""
    if name in _READER:
        return "reader"
    if name in _PICK:
        return "pick"
    if control.is_call(name):
        return "call"
    if name in _WRITER or control.is_transfer(name):
        return "writer"
    return "compute"


@dataclass
class Machine:
    """A unit on a member of the family, and all that it can reach.

    `memory` gains the stack and the unit's data. `symbols` are addresses of functions, outcalls
    and data; without them the machine chooses. `instructions` counts those issued, and an outcall
    as one.
    """

    unit: Unit
    member: Member = SILVER
    memory: Memory = field(default_factory=Memory)
    outcalls: Outcalls = field(default_factory=dict)
    symbols: Mapping[str, int] | None = None
    data_base: int = 0x8000
    stack_top: int = STACK_TOP
    stack_size: int = STACK_SIZE
    depth: int = DEPTH
    budget: int = BUDGET

    def __post_init__(self) -> None:
        placement = place(self.unit, self.data_base, self.symbols)
        self.addresses = placement.symbols
        self.memory.provide(placement.base, placement.content)
        self.memory.provide(self.stack_top - self.stack_size, bytes(self.stack_size))
        self.functions = {function.name: function for function in self.unit.functions}
        self.declared = {outcall.name: outcall for outcall in self.unit.outcalls}
        self.by_address = {
            address: name
            for name, address in placement.symbols.items()
            if name in self.functions or name in self.declared
        }
        self.frames: list[Frame] = []
        self.trace = Trace()
        self.instructions = 0

    # --- functions

    def call(self, name: str, *arguments: Operand) -> tuple[Operand, ...]:
        """Call a function of the guest, as the host does; the results as the guest returns them.

        Raises `Fault` with the frames as they were; then those of this call are gone.
        """
        level, depth = len(self.frames), self.trace.depth
        try:
            return self._enter(name, arguments, None)
        except Fault as fault:
            if not fault.frames:
                fault.frames = tuple(self.frames)
            raise
        finally:
            del self.frames[level:]
            self.trace.depth = depth

    def _enter(
        self, name: str, arguments: Sequence[Operand], position: Position | None
    ) -> tuple[Operand, ...]:
        if len(self.frames) >= self.depth:
            raise Fault("depth", position)
        stack = self.frames[-1].stack_pointer if self.frames else self.stack_top
        frame = Frame(name, self.member, stack)
        frame.replace(arguments)
        self.frames.append(frame)
        self.trace.depth += 1
        self.trace.enter(name, frame.belt)
        if name in self.declared:
            results = self._outcall(self.declared[name], frame.belt, position)
        else:
            results = self._run(frame, self.functions[name])
        self.trace.leave(results)
        self.trace.depth -= 1
        self.frames.pop()
        return results

    def _outcall(
        self, declared: OutcallDeclaration, belt: Sequence[Operand], position: Position | None
    ) -> tuple[Operand, ...]:
        """Have the host compute the results: operands as they are, numbers at declared width."""
        self._count(position)
        missing = nar(INVALID_OPERAND, 1, position)
        given = [*belt, *[missing] * declared.count][: declared.count]
        answer = self.outcalls[declared.name](self, *given)
        results = () if answer is None else answer if isinstance(answer, tuple) else (answer,)
        widths = control.result_widths(declared)
        operands = [
            result if isinstance(result, Operand) else value(result, width)
            for result, width in zip(results, widths, strict=True)
        ]
        assert [operand.width for operand in operands] == widths
        return tuple(operands)

    def _run(self, frame: Frame, function: Function) -> tuple[Operand, ...]:
        """Go from block to block until one returns."""
        frame.scratch_size = scratch_size(function)
        blocks = {block.label: block for block in function.blocks}
        block = function.blocks[0]
        frame.enter_block(block.operands)
        while True:
            transfer = self._block(frame, block)
            if isinstance(transfer, Return):
                return transfer.results
            block = blocks[transfer.label]
            control.check_arc(block, transfer, block.position)
            if transfer.carried is not None:
                frame.replace(transfer.carried)
            self.trace.branch(block.label, frame.belt)
            frame.enter_block(block.operands)

    def _block(self, frame: Frame, block: Block) -> Transfer:
        """Issue one instruction after the other until a transfer is taken."""
        for index, instruction in enumerate(block.instructions):
            self._count(instruction.position)
            transfer = self._issue(frame, instruction)
            self.trace.instruction(frame, block, index, instruction)
            if transfer is not None:
                return transfer
            frame.clock += 1
        raise Mistake(f"{block.label} ends without br or retn", block.position)

    def _count(self, position: Position | None) -> None:
        if self.instructions >= self.budget:
            raise Fault("budget", position)
        self.instructions += 1

    # --- phases

    def _issue(self, frame: Frame, instruction: Instruction) -> Transfer | None:
        """Go through the phases, in each of them as listed."""
        phases: dict[str, list[Operation]] = {
            name: [] for name in ("reader", "compute", "call", "pick", "writer")
        }
        for operation in instruction.operations:
            phases[phase(operation.name)].append(operation)
        reader(frame, phases["reader"], self.addresses, self.memory)
        compute(frame, phases["compute"], self.memory)
        for operation in phases["call"]:
            self._call(frame, operation)
        pick(frame, phases["pick"])
        return self._writer(frame, phases["writer"])

    # --- the call phase

    def _call(self, frame: Frame, operation: Operation) -> None:
        """A sub-phase of its own: it sees what the calls before it dropped."""
        call = control.parts(operation)
        target = self._target(frame, call, operation.position)
        count = self._result_count(call, operation)
        if target is None:
            results = self._not_taken(call, count, operation.position)
        else:
            arguments = [frame.read(argument) for argument in call.arguments]
            results = list(self._enter(target, arguments, operation.position))
            missing = nar(INVALID_OPERAND, 1, operation.position)
            results = [*results, *[missing] * count][:count]
        frame.drop_all(results, operation.results)

    def _target(self, frame: Frame, call: Call, position: Position) -> str | None:
        """The function to call, or None if there is no call."""
        if call.predicate is not None:
            predicate = frame.read(call.predicate)
            if not control.is_taken(predicate, call.sense, position):
                return None
        if isinstance(call.target, String):
            return call.target.text
        target = control.realised(frame.read(call.target), position)
        if target.is_value and target.payload not in self.by_address:
            raise Fault("target", position)
        return self.by_address[target.payload] if target.is_value else None

    def _result_count(self, call: Call, operation: Operation) -> int:
        """As written; else as many as are named; else what a known target has."""
        if call.count is not None:
            return call.count
        if operation.results or not isinstance(call.target, String):
            return len(operation.results)
        if call.target.text in self.declared:
            return len(control.result_widths(self.declared[call.target.text]))
        return control.result_count(self.functions[call.target.text])

    def _not_taken(self, call: Call, count: int, position: Position) -> list[Operand]:
        """Nones: of the declared widths for an outcall that is known, else of width b."""
        widths = [1] * count
        if isinstance(call.target, String) and call.target.text in self.declared:
            widths = control.result_widths(self.declared[call.target.text])
        return [none(width, position) for width in widths]

    # --- the writer phase

    def _writer(self, frame: Frame, operations: Sequence[Operation]) -> Transfer | None:
        """Stores and spills, then conform and the transfers, all with the belt as it was."""
        first = [operation for operation in operations if operation.name in ("store", "spill")]
        conforms = [operation for operation in operations if operation.name == "conform"]
        transfers = [op for op in operations if control.is_transfer(op.name)]
        decisions = [control.decision(frame, operation) for operation in transfers]
        reordered = [[frame.read(each) for each in op.arguments] for op in conforms]
        for operation in first:
            self._write(frame, operation)
        for operation, operands in zip(conforms, reordered, strict=True):
            frame.replace([])
            frame.drop_copies(operation, operands)
        return _first_taken(decisions)

    def _write(self, frame: Frame, operation: Operation) -> None:
        if operation.name == "spill":
            offset, spilled = operation.arguments
            frame.spill(integer_of(offset), frame.read(spilled), operation.position)
            return
        base, offset, stored = operation.arguments
        address = address_of(frame, base, offset)
        operand = frame.read(stored)
        if not control.realised_all([address, operand], operation.position):
            return
        if not self.memory.write(address.payload, operand.width, operand.payload):
            raise Fault("memory", operation.position)


def _first_taken(decisions: Sequence[Decision]) -> Transfer | None:
    """Later transfers are not looked at once one is taken."""
    return next((each.transfer for each in decisions if each.is_taken()), None)
