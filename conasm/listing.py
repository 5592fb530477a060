"""A listing of assembled code: the belt before and after each instruction, and what is in flight.

    F("f") %a %b
       0  mul(%a, %b) %m, add(%a, %b) %s;
            before  b0 %a  b1 %b
            after   b0 %s  b1 %a  b2 %b
            flying  %m until 2

An operand without a name is shown as what made it and its number in the block, `add#17`; what
a block without names is entered with as `in#3`, by the position that it had, and left out at the
end of the belt.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from conasm.assembly import AssembledBlock, AssembledUnit
from conasm.disassembler import disassemble
from conasm.member import Member
from conasm.nodes import Block
from conasm.operation import Phase
from conasm.printer import print_data, print_instruction, print_outcall, quoted

NEVER = "the block ends"


def listing(unit: AssembledUnit) -> str:
    """Return the listing of a unit, instructions and values counted within their block."""
    member, tree = unit.member, disassemble(unit)
    lines = [
        f"// {member.name}: a belt of {member.belt}, a scratchpad of {member.scratchpad} bytes"
    ]
    lines += [print_outcall(outcall) for outcall in unit.outcalls]
    for function in tree.functions:
        assembled = unit.functions[function.name].blocks
        lines.append("")
        for code, block in zip(function.blocks, assembled, strict=True):
            lines += _BlockListing(member, block).lines(code)
    for data, placed in zip(tree.data, unit.data, strict=True):
        lines += ["", f"// {len(placed.bytes)} bytes at {placed.offset}", print_data(data)]
    return "\n".join(lines) + "\n"


@frozen(eq=False)
class _BlockListing:
    member: Member
    block: AssembledBlock

    def lines(self, code: Block) -> Iterator[str]:
        """Yield the lines of the block."""
        letter = "L" if self.block.index else "F"
        names = "".join(f" %{name}" for name in self.block.operands)
        yield f"{letter}({quoted(self.block.label)}){names}"
        flights = list(self._flights())
        belt = tuple(range(self.block.entry))[: self.member.belt]
        ends = [*self.block.starts[1:], len(self.block.steps)]
        for number, (instruction, end) in enumerate(zip(code.instructions, ends, strict=True)):
            yield f"{number:4}  {print_instruction(instruction)}"
            yield f"        before  {self._belt(belt)}"
            belt = self.block.steps[end - 1].belt
            yield f"        after   {self._belt(belt)}"
            flying = "  ".join(
                f"{self._value(value)} until {due if due < len(ends) else NEVER}"
                for value, issued, due in flights
                if issued <= number < due
            )
            if flying:
                yield f"        flying  {flying}"

    def _flights(self) -> Iterator[tuple[int, int, int]]:
        """Yield the results of the compute phase: the value, when it is issued, when it is due."""
        steps = self.block.steps
        for step in steps:
            if step.operation.phase is not Phase.COMPUTE:
                continue
            if step.issue is not None:
                issued, due = steps[step.issue].instruction, step.instruction
            else:
                producer = step if step.gang is None else steps[step.gang]
                latency = self.member.latency(producer.operation.latency)
                issued, due = step.instruction, step.instruction + latency - 1
            for value in step.drops:
                yield value, issued, due

    def _belt(self, belt: tuple[int, ...]) -> str:
        shown = list(belt)
        while shown and self._is_unknown(shown[-1]):
            shown.pop()
        listed = [f"b{index} {self._value(value)}" for index, value in enumerate(shown)]
        return "  ".join([*listed, "…"] if len(shown) < len(belt) else listed) or "empty"

    def _is_unknown(self, value: int) -> bool:
        known = self.block.values[value]
        return not known.name and not known.operation

    def _value(self, value: int) -> str:
        known = self.block.values[value]
        if known.name:
            return f"%{known.name}"
        return f"{known.operation or 'in'}#{value}"
