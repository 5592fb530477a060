"""From arguments as written to arguments of steps: names and positions become values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import define, field, frozen

from conasm.assembly import (
    BlockArg,
    FloatArg,
    FunctionArg,
    ImmediateArg,
    RegisterArg,
    StepArgument,
    SymbolArg,
    TagArg,
    ValueArg,
    WidthArg,
)
from conasm.errors import quote
from conasm.forms import match_form
from conasm.functions import FunctionScope
from conasm.known_widths import Read, check_float, check_integer, operand_width
from conasm.nodes import (
    Argument,
    Float,
    Integer,
    Operation,
    Position,
    String,
    Word,
)
from conasm.operands import BeltReader
from conasm.operation import WIDTHS, Form, Kind, OperationSpec

LONGEST_DELAY = 255
LARGEST_STACK = (1 << 31) - 1


@frozen(eq=False)
class Resolved:
    """An operation with everything that it reads; `width` is what it works at, if known.

    `count` is the number of results that it is told to have, `before` the belt that it reads.
    `form` is None after a mistake.
    """

    operation: Operation
    spec: OperationSpec
    form: Form | None
    listed: int
    before: tuple[int, ...]
    arguments: tuple[StepArgument, ...] = ()
    passes: tuple[int, ...] = ()
    width: int | None = None
    count: int | None = None
    reads: Sequence[Read] = ()


@define(eq=False)
class Resolver:
    """Resolves the operations of one block against its belt, as it stands at that time."""

    scope: FunctionScope
    reader: BeltReader
    _literals: list[Integer] = field(factory=list[Integer])

    def resolve(self, operation: Operation, spec: OperationSpec, listed: int) -> Resolved:
        """Return an operation with its arguments, and report what is wrong with them."""
        before = self.reader.belt.positions
        form = match_form(operation, spec, self.scope.problems)
        if form is None:
            return Resolved(operation, spec, None, listed, before)
        reads = self.reader.begin()
        self._literals = []
        count = None
        arguments: list[StepArgument] = []
        for kind, argument in zip(form.kinds, operation.arguments, strict=False):
            found = _RESOLVERS[kind](self, spec, argument)
            arguments.append(found)
            if kind is Kind.COUNT and isinstance(found, ImmediateArg):
                count = found.value
        rest = operation.arguments[len(form.kinds) :]
        values = tuple(self.reader.read(argument) for argument in rest)
        width = operand_width(spec, reads, self.scope.problems)
        for literal in self._literals:
            check_integer(literal, width, "an operand", self.scope.problems)
        self._check_extent(operation, form, arguments, reads)
        passes: tuple[int, ...] = ()
        if spec.transfer is None:
            arguments.extend(ValueArg(value) for value in values)
        else:
            passes = values
        known = tuple(arguments)
        return Resolved(operation, spec, form, listed, before, known, passes, width, count, reads)

    def _complain(self, position: Position, message: str) -> None:
        self.scope.problems.add(position, message)

    # --- arguments by kind

    def value(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """b0 or %name."""
        del spec
        return ValueArg(self.reader.read(argument))

    def operand(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """A value, or an integer as wide as the first value."""
        if isinstance(argument, Integer):
            self._literals.append(argument)
            return ImmediateArg(argument.value)
        return self.value(spec, argument)

    def number(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """An integer or a float; its width may follow."""
        del spec
        if isinstance(argument, Float):
            return FloatArg(argument.value)
        assert isinstance(argument, Integer)
        return ImmediateArg(argument.value)

    def width(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """A width letter."""
        del spec
        assert isinstance(argument, Word)
        size = WIDTHS.get(argument.text)
        if size is None:
            why = f"unknown width {quote(argument.text)}; a width is b, h, w, d or q"
            self._complain(argument.position, why)
        return WidthArg(size or 1)

    def tag(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """A word that names a load."""
        del spec
        assert isinstance(argument, Word)
        if argument.text in WIDTHS:
            why = f"{quote(argument.text)} is a width; a tag has another name"
            self._complain(argument.position, why)
        return TagArg(self.scope.open_tag(argument), argument.text)

    def tagged(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """The tag of a load."""
        del spec
        assert isinstance(argument, Word)
        return TagArg(self.scope.use_tag(argument), argument.text)

    def label(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """A block of this function."""
        del spec
        assert isinstance(argument, String)
        target = self.scope.targets.get(argument.text)
        if target is None:
            near = self.scope.problems.suggest(argument.text, self.scope.targets)
            why = f"undefined label {quote(argument.text)}{near}"
            self._complain(argument.position, why)
        return BlockArg(target.index if target else 0)

    def target(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """A function by name, or a value."""
        if not isinstance(argument, String):
            return self.value(spec, argument)
        self._check_symbol(argument, self.scope.program.callees, "function")
        return FunctionArg(argument.text)

    def symbol(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """Data or a function by name."""
        del spec
        assert isinstance(argument, String)
        self._check_symbol(argument, self.scope.program.symbols, "data or function")
        return SymbolArg(argument.text)

    def register(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """One of the words that the operation takes."""
        assert isinstance(argument, Word)
        if argument.text not in spec.registers:
            known = spec.registers
            near = self.scope.problems.suggest(argument.text, known)
            listed = "" if near or len(known) > 8 else f"; it takes {', '.join(known)}"
            why = f"{spec.name} takes no {quote(argument.text)}{near}{listed}"
            self._complain(argument.position, why)
        return RegisterArg(argument.text)

    def _check_symbol(self, name: String, known: Iterable[str], what: str) -> None:
        symbols = self.scope.program.symbols
        found = symbols.get(name.text)
        if found is None:
            if self.scope.program.is_whole:
                near = self.scope.problems.suggest(name.text, known)
                self._complain(name.position, f"there is no {what} {quote(name.text)}{near}")
        elif what == "function" and found == "data":
            why = f"{quote(name.text)} is data, which cannot be called"
            self._complain(name.position, why)

    def _bounded(self, argument: Argument, least: int, greatest: int, what: str) -> StepArgument:
        assert isinstance(argument, Integer)
        value = argument.value
        if not least <= value <= greatest:
            why = f"{value} is no {what}: it is from {least} to {greatest}"
            self._complain(argument.position, why)
            value = least
        return ImmediateArg(value)

    def integer(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """An integer of 64 bits."""
        del spec
        assert isinstance(argument, Integer)
        check_integer(argument, 8, "an offset or a scale", self.scope.problems)
        return ImmediateArg(argument.value)

    def count(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """A number of results."""
        del spec
        member = self.scope.member
        what = f"count of results on {member.name}"
        return self._bounded(argument, 0, member.belt, what)

    def size(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """Bytes of stack memory."""
        del spec
        return self._bounded(argument, 0, LARGEST_STACK, "size of stack memory")

    def scratch(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """Bytes of the scratchpad."""
        del spec
        member = self.scope.member
        what = f"size of {member.name}'s scratchpad"
        return self._bounded(argument, 0, member.scratchpad, what)

    def offset(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """A place in the scratchpad; how far it reaches is checked with the width."""
        del spec
        assert isinstance(argument, Integer)
        return ImmediateArg(argument.value)

    def delay(self, spec: OperationSpec, argument: Argument) -> StepArgument:
        """Instructions until a load retires."""
        del spec
        return self._bounded(argument, 0, LONGEST_DELAY, "number of instructions to wait")

    # --- checks of several arguments

    def _check_extent(
        self,
        operation: Operation,
        form: Form,
        arguments: Sequence[StepArgument],
        reads: Sequence[Read],
    ) -> None:
        """Check what a literal is the value of, and how far into the scratchpad is reached."""
        width = next((a.bytes for a in arguments if isinstance(a, WidthArg)), None)
        for kind, argument in zip(form.kinds, operation.arguments, strict=False):
            if kind is Kind.OFFSET and isinstance(argument, Integer):
                first = reads[0].width if reads else None
                self.scope.check_extent(argument, width or first or 1)
            elif kind is Kind.NUMBER and width is not None:
                if isinstance(argument, Float):
                    check_float(argument, width, self.scope.problems)
                elif isinstance(argument, Integer):
                    check_integer(argument, width, "a constant", self.scope.problems)


_Resolve = Callable[[Resolver, OperationSpec, Argument], StepArgument]
_RESOLVERS: dict[Kind, _Resolve] = {kind: getattr(Resolver, kind.value) for kind in Kind}
