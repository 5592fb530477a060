"""From statements to functions and declarations: what belongs to which label.

An F label begins a function, or an outcall when `outcall` follows. An L label begins a backcall
when `backcall` follows, else a block of the function around it. Data and includes end a function.
What a lost statement may have changed is not complained about: a function with one is *tainted*.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field, frozen

from conasm.errors import quote
from conasm.nodes import Block, Data, Function, Instruction, Operation, Position
from conasm.operations import PSEUDO_OPERATIONS
from conasm.problems import Problems
from conasm.statements import Boundary, Item, Label, Lost


@define
class Draft:
    """A function as it grows: each label with its code. `label` is None if it did not parse."""

    label: Label | None
    blocks: list[tuple[Label, list[Instruction]]] = field(factory=list)
    tainted: bool = False
    is_backcall: bool = False

    def has_body(self) -> bool:
        """Whether anything follows the label of the function itself."""
        return len(self.blocks) > 1 or any(code for _, code in self.blocks)

    def function(self) -> Function:
        """Return the node of the finished function."""
        blocks = tuple(
            Block(label.name.text, label.operands, tuple(code), label.position)
            for label, code in self.blocks
        )
        entry = self.blocks[0][0]
        return Function(entry.name.text, blocks, entry.comment, entry.position)


@define
class _Closed:
    """The outcall just declared, behind which nothing may follow."""

    label: Label
    complained: bool = False


@frozen
class OutcallText:
    """An F label and the instruction with `outcall` under it."""

    label: Label
    instruction: Instruction


@frozen
class BackcallText:
    """An L label, the `backcall` under it, and the code that follows."""

    label: Label
    operation: Operation
    body: Draft


@define
class Parts:
    """Everything in a unit, in the order of the text; a backcall is among the functions as well."""

    outcalls: list[OutcallText] = field(factory=list)
    backcalls: list[BackcallText] = field(factory=list)
    functions: list[Draft] = field(factory=list)
    data: list[Data] = field(factory=list)


def group(items: Iterable[Item], problems: Problems) -> Parts:
    """Return the parts of a unit, and report what stands where it cannot."""
    grouper = _Grouper(problems)
    for item in items:
        grouper.take(item)
    grouper.open_pending(None)
    return grouper.parts


class _Grouper:
    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.parts = Parts()
        self.pending: list[Label] = []
        self.current: Draft | _Closed | None = None

    def take(self, item: Item) -> None:
        if isinstance(item, Boundary):
            self.close()
        elif isinstance(item, Lost):
            self.lose(item)
        else:
            self.pending.extend(item.labels)
            if isinstance(item.body, Instruction):
                self.add(item.body)
            elif item.body is not None:
                self.close()
                if isinstance(item.body, Data):
                    self.parts.data.append(item.body)

    def close(self) -> None:
        """End the function at hand: what follows belongs to nothing."""
        self.open_pending(None)
        self.current = None

    def lose(self, lost: Lost) -> None:
        """Take note that a statement is unknown, so that nothing is blamed for its absence."""
        if isinstance(self.current, _Closed):
            self.current.complained = True
        elif isinstance(self.current, Draft):
            self.current.tainted = True
        if lost.letter == "F" or self.current is None:
            self.current = Draft(None, tainted=True)
        self.pending.clear()

    # --- labels

    def open_pending(self, body: Instruction | None) -> None:
        """Open the labels that have waited for what follows; `body` follows the last."""
        labels, self.pending = self.pending, []
        for label in labels:
            self.open(label, body if label is labels[-1] else None)

    def open(self, label: Label, body: Instruction | None) -> None:
        names = [operation.name for operation in body.operations] if body else []
        if label.letter == "F":
            self.open_function(label, "outcall" in names or "syscall" in names)
        elif "backcall" in names:
            self.begin(Draft(label, [(label, [])], is_backcall=True))
        else:
            self.open_block(label)

    def begin(self, function: Draft) -> None:
        self.current = function
        self.parts.functions.append(function)

    def open_function(self, label: Label, is_outcall: bool) -> None:
        if is_outcall:
            self.current = _Closed(label)
        else:
            self.begin(Draft(label, [(label, [])]))

    def open_block(self, label: Label) -> None:
        if isinstance(self.current, Draft):
            self.current.blocks.append((label, []))
        else:
            why = "a block's label stands in a function, a backcall's before backcall(…)"
            self.problems.add(label.position, f"{shown(label)} is in no function: {why}")
            self.current = Draft(None, [(label, [])], tainted=True)

    # --- instructions

    def add(self, instruction: Instruction) -> None:
        """Give an instruction to the labels before it, or to the function at hand."""
        label = self.pending[-1] if self.pending else None
        self.open_pending(instruction)
        current = self.current
        if isinstance(current, _Closed):
            if label is not None and label is current.label:
                self.parts.outcalls.append(OutcallText(label, instruction))
            else:
                self.complain_behind(current, instruction.position)
        elif current is None:
            why = 'this is in no function; F("name") begins one'
            self.problems.add(instruction.position, why)
            self.current = Draft(None, [], tainted=True)
        elif label is not None and current.is_backcall and current.label is label:
            self.add_backcall(label, instruction, current)
        else:
            self.add_code(instruction, current)

    def add_backcall(self, label: Label, instruction: Instruction, body: Draft) -> None:
        """Take the instruction under an L label that has `backcall` in it."""
        first, *others = instruction.operations
        if first.name == "backcall":
            self.parts.backcalls.append(BackcallText(label, first, body))
            for other in others:
                why = "backcall is an instruction of its own; end it with ';'"
                self.problems.add(other.position, why)
        else:
            why = f"backcall must come first under {shown(label)}"
            self.problems.add(first.position, why)
        body.tainted = bool(others)

    def add_code(self, instruction: Instruction, function: Draft) -> None:
        for operation in instruction.operations:
            if operation.name in PSEUDO_OPERATIONS:
                function.tainted = True
                self.problems.add(operation.position, _MISPLACED[operation.name])
        if function.blocks:
            function.blocks[-1][1].append(instruction)

    def complain_behind(self, closed: _Closed, position: Position) -> None:
        """Report what follows an outcall, once."""
        if not closed.complained:
            why = "its whole body is in the host"
            message = f"nothing may follow the outcall of {shown(closed.label)}: {why}"
            self.problems.add(position, message)
        closed.complained = True


_MISPLACED = {
    "outcall": 'outcall must be the whole body of a function: F("name") outcall(…);',
    "syscall": 'syscall goes with outcall: F("name"); syscall(404), outcall(…);',
    "backcall": 'backcall must come first under its label: L("name"); backcall(…);',
}


def shown(label: Label) -> str:
    """Return a label as it is written, for messages."""
    return f'{label.letter}("{quote(label.name.text)[1:-1]}")'
