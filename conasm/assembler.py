"""The assembler: units of conAsm to the assembled form for one member, or all mistakes at once.

checked units > link > functions, block by block (`schedule`) > data (`layout`)
"""

from __future__ import annotations

from collections.abc import Sequence

from conasm.assembly import AssembledFunction, AssembledUnit
from conasm.belt import Belt
from conasm.errors import Problem
from conasm.functions import FunctionScope
from conasm.layout import Layout
from conasm.link import Program, link
from conasm.member import Member
from conasm.nodes import Function, Unit
from conasm.operands import BeltReader
from conasm.operation import OperationSet
from conasm.problems import Problems
from conasm.resolve import Resolver
from conasm.results import ResultMaker
from conasm.schedule import BlockAssembler
from conasm.steps import DraftSteps


def assemble(
    units: Unit | Sequence[Unit],
    operations: OperationSet,
    member: Member,
    problems: Problems | None = None,
) -> AssembledUnit:
    """Link units and assemble their code for a member.

    `operations` are those that code may have, by name; `problems` what was found when the units
    were read. Functions and data with a mistake are then not looked at again. Raises
    `ConasmError` with every mistake of all units, in order; what is legal but hardly meant is in
    the result's `warnings`.
    """
    listed = [units] if isinstance(units, Unit) else list(units)
    problems = Problems() if problems is None else problems
    for unit in listed:
        problems.add_lines(unit.sources)
    program = link(listed, operations, problems)
    warnings: list[Problem] = []
    functions: dict[str, AssembledFunction] = {}
    for function in program.functions:
        if not problems.full and function.name not in program.mistaken:
            scope = FunctionScope(function, program, operations, member, problems, warnings)
            functions.setdefault(function.name, _assemble_function(scope))
    layout = _lay_out(program, problems)
    problems.raise_if_any()
    return AssembledUnit(
        member=member,
        functions=functions,
        outcalls=program.outcalls,
        backcalls=program.backcalls,
        data=tuple(layout.placed),
        data_size=layout.size,
        data_alignment=layout.alignment,
        warnings=tuple(sorted(warnings, key=lambda found: problems.place(found.position))),
    )


def _assemble_function(scope: FunctionScope) -> AssembledFunction:
    scope.begin()
    blocks = tuple(
        _block_assembler(scope, scope.function, index).assemble()
        for index in range(len(scope.function.blocks))
    )
    scope.end()
    function = scope.function
    return AssembledFunction(
        name=function.name,
        blocks=blocks,
        scratch_size=scope.scratch_size,
        tags=tuple(scope.tags),
        comment=function.comment,
        position=function.position,
    )


def _block_assembler(scope: FunctionScope, function: Function, index: int) -> BlockAssembler:
    block, belt = function.blocks[index], Belt(scope.member)
    resolver = Resolver(scope, BeltReader(scope, belt, block))
    results = ResultMaker(scope, belt)
    return BlockAssembler(scope, block, index, DraftSteps(), belt, resolver, results)


def _lay_out(program: Program, problems: Problems) -> Layout:
    layout = Layout(program.symbols, problems, program.is_whole)
    for data in program.data:
        if data.name not in program.mistaken:
            layout.place(data)
    return layout
