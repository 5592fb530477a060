"""Assembling conAsm for the commands that show code instead of running it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from conasm import ConasmError
from conasm.assembler import assemble
from conasm.assembly import AssembledUnit
from conasm.nearby import suggest
from conasm.problems import Problems
from simfw.belt.image import BeltCode, find_member, read_unit
from simfw.belt.operations import GROUPS
from simfw.belt.record import specs
from simfw.errors import LoadError, SpecError, SymbolNotFound
from simfw.image import Image


def assembled(paths: Sequence[Path], member: str) -> AssembledUnit:
    """The files, linked and assembled.

    Raises SpecError with the mistakes of all of them, LoadError if there is no code in any.
    """
    problems = Problems()
    try:
        units = [read_unit(path, str(path), problems=problems) for path in paths]
        if not any(unit.is_belt for unit in units):
            problems.raise_if_any()
            names = ", ".join(map(str, paths))
            raise LoadError(f"{names}: there is no code to assemble, only declarations")
        return assemble(units, specs(GROUPS), find_member(member), problems)
    except ConasmError as error:
        raise SpecError(str(error)) from None


def code_of(image: Image) -> AssembledUnit | None:
    """The belt code of an image, None if it is a program for another machine."""
    return image.code.unit if isinstance(image.code, BeltCode) else None


def unit_summary(unit: AssembledUnit) -> str:
    """How much code there is, and for which member."""
    blocks = [block for function in unit.functions.values() for block in function.blocks]
    instructions = sum(len(block.starts) for block in blocks)
    operations = sum(not step.retires for block in blocks for step in block.steps)
    return (
        f"for {unit.member.name}: {len(unit.functions)} functions, {len(blocks)} blocks, "
        f"{instructions} instructions of {operations} operations, {unit.data_size} bytes of data"
    )


def only(unit: AssembledUnit, function: str) -> AssembledUnit:
    """The unit with one of its functions and nothing else; SymbolNotFound if there is none."""
    if function not in unit.functions:
        near = suggest(function, unit.functions)
        raise SymbolNotFound(f"there is no code of a function {function!r}{near}")
    backcalls = tuple(one for one in unit.backcalls if one.label == function)
    functions = {function: unit.functions[function]}
    return evolve(unit, functions=functions, outcalls=(), backcalls=backcalls, data=())
