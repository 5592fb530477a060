"""A belt program at run time: its functions and their addresses, and who made which special."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from conasm.assembly import UNFILLED as NO_VALUE
from conasm.assembly import AssembledBlock, AssembledUnit, Step
from conasm.ctypes import DataModel
from conasm.nodes import OutcallDeclaration
from conasm.operation import Transfer
from simfw.belt.metadata import UNFILLED, Operand, file_of
from simfw.belt.micro import HEADER
from simfw.belt.plan import BlockPlan, FunctionPlan
from simfw.belt.record import Record
from simfw.belt.versions import Code, Point, Version, Versions
from simfw.signature import Signature


@frozen(eq=False)
class Outcall:
    """A function in the host: its address, how many operands it takes, widths of its results."""

    address: int
    parameters: int
    widths: tuple[int, ...]


class Program:
    """All functions of a unit, and the versions of their blocks that were reached.

    `cells` are the cells of a thread: those of the largest frame. Raises LoadError for functions
    whose frame would be too large.
    """

    def __init__(
        self,
        unit: AssembledUnit,
        records: Mapping[str, Record],
        addresses: Mapping[str, int],
        translate: Callable[[Program, Version], Code],
    ) -> None:
        self.unit, self.records, self.addresses = unit, records, addresses
        self.functions = [
            FunctionPlan(index, function, addresses[function.name], unit.member)
            for index, function in enumerate(unit.functions.values())
        ]
        self.by_name = {plan.name: plan for plan in self.functions}
        self.by_address = {plan.address: plan for plan in self.functions}
        self.outcalls = {
            one.name: _outcall(one, addresses[one.name])
            for one in unit.outcalls
            if one.syscall is None
        }
        self.outcalls_by_address = {one.address: one for one in self.outcalls.values()}
        self.cells = max((plan.size for plan in self.functions), default=HEADER)
        self.versions = Versions(lambda version: translate(self, version))
        self._entries: dict[tuple[int, bytes], int] = {}
        self._origins: list[Step] = []
        self._numbers: dict[int, int] = {}

    def plan(self, point: Point) -> BlockPlan:
        """The block of a point."""
        return self.functions[point.function].blocks[point.block]

    def entry(self, plan: FunctionPlan, metas: bytes) -> int:
        """Where a function begins for arguments of these metas."""
        found = self._entries.get((plan.index, metas))
        if found is None:
            wanted = metas.ljust(plan.entry, _UNFILLED)
            vector = bytes(wanted[value] for value in plan.blocks[0].live.at(0))
            found = self.versions.pc(Point(plan.index, 0, 0, "", vector))
            self._entries[plan.index, metas] = found
        return found

    def name_at(self, address: int) -> str:
        """The name of the function or outcall at an address; `?` if there is none."""
        plan = self.by_address.get(address)
        if plan is not None:
            return plan.name
        names = (name for name, one in self.outcalls.items() if one.address == address)
        return next(names, "?")

    def result_letters(self, name: str) -> tuple[str, ...]:
        """The widths of a function's results, as far as its code tells; w where it does not."""
        plan = self.by_name.get(name)
        found: tuple[str, ...] = ()
        for block in plan.blocks if plan is not None else ():
            for step in block.block.steps:
                if step.operation.transfer is Transfer.RETURN:
                    widths = [_width(block.block, value) for value in step.passes]
                    found = max(found, tuple(map(file_of, widths)), key=len)
        return found

    # Origins of specials

    def where(self, step: Step) -> int:
        """The number by which a special tells that this step made it."""
        number = self._numbers.get(id(step))
        if number is None:
            self._origins.append(step)
            number = self._numbers[id(step)] = len(self._origins)
        return number

    def origin(self, number: int) -> Step | None:
        """The step that made a special; None for those that the host made."""
        return self._origins[number - 1] if 0 < number <= len(self._origins) else None

    def describe(self, operand: Operand, *, with_width: bool = True) -> str:
        """An operand in words; for a special also which operation made it, and where."""
        text = str(operand) if with_width else str(operand).rpartition(":")[0]
        step = self.origin(operand.origin or 0)
        return text + (f", made by {step.operation.name} at {step.position}" if step else "")


_UNFILLED = bytes([UNFILLED])


def _width(block: AssembledBlock, value: int) -> int:
    return 1 if value == NO_VALUE else block.values[value].width or 4


def _outcall(declaration: OutcallDeclaration, address: int) -> Outcall:
    signature = Signature.of_outcall(declaration, DataModel.LP64)
    widths = tuple(type_.size for type_ in signature.returned)
    return Outcall(address, len(signature.arguments), widths)
