"""What an operation drops: how many values, how wide, and by which names."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from conasm.assembly import RegisterArg, WidthArg
from conasm.belt import Belt
from conasm.errors import quote
from conasm.functions import FunctionScope
from conasm.known_widths import result_widths
from conasm.nodes import Name, Position
from conasm.operation import Kind, Results, Transfer
from conasm.resolve import Resolved
from conasm.transfers import callee_of


@define(eq=False)
class ResultMaker:
    """Makes the values of a block, and keeps its names."""

    scope: FunctionScope
    belt: Belt

    def make(self, resolved: Resolved) -> tuple[int, ...]:
        """Return the values that an operation makes, named as it says, first result first."""
        names = resolved.operation.results
        count = self._count(resolved)
        if len(names) > count:
            self._report_surplus(resolved, count)
        drops: list[int] = []
        for index, width in enumerate(self._widths(resolved, count)):
            name = names[index] if index < len(names) else None
            shown = name.name if name and self.define(name.name, name.position) else ""
            drops.append(self.belt.make(resolved.spec.name, width, shown))
        if resolved.spec.results is Results.COPIES and not names:
            self._move_names(resolved, drops)
        return tuple(drops)

    def define(self, name: str, position: Position) -> bool:
        """Take note of a definition; report a second one, and return whether it is the first."""
        first = self.belt.places.setdefault(name, position)
        if first is position:
            return True
        why = f"%{name} is defined twice in this block; the first is in line {first.line}"
        self.scope.problems.add(position, why)
        return False

    def _count(self, resolved: Resolved) -> int:
        """Return how many values an operation drops, sooner or later."""
        results = resolved.spec.results
        if results is Results.COPIES:
            return len(resolved.operation.arguments)
        if results is Results.COUNTED:
            return self._counted(resolved) if resolved.count is None else resolved.count
        assert isinstance(results, int)
        is_tagged = resolved.form is not None and Kind.TAG in resolved.form.kinds
        return 0 if is_tagged else results

    def _counted(self, resolved: Resolved) -> int:
        """Return the count that a call does not say: what it names, else what is there."""
        named = len(resolved.operation.results)
        callee = callee_of(self.scope, resolved)
        if named or callee is None or not callee.results:
            return named
        if len(callee.results) > 1:
            counts = " or ".join(map(str, sorted(callee.results)))
            why = f"{quote(callee.name)} gives {counts} results; say how many are wanted"
            self.scope.problems.add(resolved.operation.position, f"{why}: call(n, …)")
        return max(callee.results)

    def _widths(self, resolved: Resolved, count: int) -> Sequence[int | None]:
        spec = resolved.spec
        known: tuple[int | None, ...] = ()
        if spec.results is Results.COPIES:
            known = tuple(read.width for read in resolved.reads)
        elif spec.transfer is Transfer.CALL:
            callee = callee_of(self.scope, resolved)
            known = callee.widths if callee else ()
        elif resolved.form is not None:
            known = result_widths(spec, resolved.width) or _written_widths(resolved)
        return (*known, *[None] * count)[:count]

    def _move_names(self, resolved: Resolved, drops: Sequence[int]) -> None:
        """Let the names of what was copied stand for the copies, the first of each."""
        moved: set[str] = set()
        for argument, drop in zip(resolved.operation.arguments, drops, strict=True):
            if isinstance(argument, Name) and argument.name not in moved:
                moved.add(argument.name)
                self.belt.rename(argument.name, drop)

    def _report_surplus(self, resolved: Resolved, count: int) -> None:
        operation, spec = resolved.operation, resolved.spec
        form = resolved.form
        if form is not None and Kind.TAG in form.kinds:
            why = f"this {spec.name} has no result of its own; name that of the pickup of its tag"
        else:
            has = "no result" if count == 0 else "1 result" if count == 1 else f"{count} results"
            here = len(operation.results)
            why = f"{spec.name} has {has}, but {here} {'is' if here == 1 else 'are'} named"
        self.scope.problems.add(operation.results[count].position, why)


def _written_widths(resolved: Resolved) -> tuple[int | None, ...]:
    """Return the width that an argument of the operation says."""
    for argument in resolved.arguments:
        if isinstance(argument, WidthArg):
            return (argument.bytes,)
        if isinstance(argument, RegisterArg):
            return (resolved.spec.registers.get(argument.name),)
    return ()
