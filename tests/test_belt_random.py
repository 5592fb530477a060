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


def agree_in_portions(program: Program, slice: int) -> None:
    """Whatever the portions are, all is the same; in each pause the belt is as it was traced."""
    product = product_of(program, [])
    whole = product.run("f", *program.arguments)
    content = window(product, program)
    product.restart()

    def compare() -> None:
        frame, line = product.frame(), product.last_line()
        if frame.position is not None and line:
            tail = f" inflight {frame.in_flight}" if frame.in_flight else ""
            belt = [str(operand) for operand in frame.belt[:8]]
            assert line.endswith(f": [{', '.join(belt)}]{tail}"), described(program)

    found = product.run_sliced("f", program.arguments, slice, compare)
    check(program, found, whole)
    assert window(product, program) == content, described(program)


@pytest.mark.parametrize("seed", range(150))
def test_a_program_does_what_the_literal_machine_says(seed: int) -> None:
    agree(program_of(seed))


@settings(max_examples=20)
@given(programs())
def test_a_generated_program_does_what_the_literal_machine_says(program: Program) -> None:
    agree(program)


@pytest.mark.parametrize("slice", [1, 2, 3, 7])
@pytest.mark.parametrize("seed", range(150, 170))
def test_a_program_does_the_same_in_portions(seed: int, slice: int) -> None:
    agree_in_portions(program_of(seed), slice)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 3000, 50))
def test_thousands_of_programs_do_what_the_literal_machine_says(start: int) -> None:
    for seed in range(start, start + 50):
        agree(program_of(seed))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(5000, 5500, 25))
def test_many_programs_do_the_same_in_portions(start: int) -> None:
    for seed in range(start, start + 25):
        agree_in_portions(program_of(seed), (1, 2, 3, 7)[seed % 4])
