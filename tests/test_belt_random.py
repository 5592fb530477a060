"""Random programs: the product and the literal machine agree, whole and in portions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings

from conasm.nodes import Position
from tests.belt_machine import Operand, Outcome, shown
from tests.belt_product import Product
from tests.belt_programs import HOST, Program, described, expected, program_of, programs

STACK_GAP = 1 << 20
Notes = list[tuple[str, tuple[Operand, ...]]]


def noting(notes: Notes, name: str) -> Callable[..., Sequence[Operand]]:
    def called(*operands: Operand) -> Sequence[Operand]:
        notes.append((name, operands))
        return HOST[name](*operands)

    return called


def product_of(program: Program, notes: Notes, *, traced: bool = True) -> Product:
    host = {name: noting(notes, name) for name in HOST}
    return Product(program.text, program.member, host, traced=traced)


def window(product: Product, program: Program) -> bytes:
    return product.machine.memory.read(program.window, 256)


def reference(product: Product, program: Program, notes: Notes) -> Outcome:
    stack = product.process.stack_top
    return expected(program, symbols=product.symbols, stack_top=stack, notes=notes)


def check(program: Program, found: Outcome, wanted: Outcome) -> None:
    text = described(program)
    assert found.trace in ((), wanted.trace), text
    assert (found.fault is None) == (wanted.fault is None), (text, found.fault, wanted.fault)
    if found.fault is not None and wanted.fault is not None:
        assert found.fault.cause == wanted.fault.cause, text
        assert _place(found.fault.position) == _place(wanted.fault.position), text
        # the literal machine blames the argument that reads nothing, the product the operation
        column = "invalid operand" not in wanted.fault.cause
        assert _place(found.fault.origin, column) == _place(wanted.fault.origin, column), text
    assert shown(found.results) == shown(wanted.results), text
    assert found.instructions == wanted.instructions, text


def _place(position: Position | None, column: bool = True) -> tuple[int, int] | None:
    return position and (position.line, position.column if column else 0)


def agree(program: Program) -> None:
    notes: Notes = []
    wanted_notes: Notes = []
    product = product_of(program, notes)
    wanted = reference(product, program, wanted_notes)
    found = product.run("f", *program.arguments)
    check(program, found, wanted)
    content = next(c for base, c in wanted.memory.items() if base <= program.window < base + len(c))
    assert window(product, program) == content[:256], described(program)
    assert [(n, shown(o)) for n, o in notes] == [(n, shown(o)) for n, o in wanted_notes]


@pytest.mark.parametrize("seed", range(300))
def test_a_program_does_what_the_literal_machine_says(seed: int) -> None:
    agree(program_of(seed))


@settings(max_examples=50)
@given(programs())
def test_a_generated_program_does_what_the_literal_machine_says(program: Program) -> None:
    agree(program)
