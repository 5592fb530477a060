"""Samples of belt code, and cases of single operations: the product does what they say."""

from __future__ import annotations

import pytest

from tests.belt_machine import MEMBERS, Operand, operand, shown, value
from tests.belt_machine.sample import Case, Sample, cases, samples
from tests.belt_product import Product

ALL_SAMPLES = {sample.name: sample for sample in samples()}
ALL_CASES = {case.name: case for case in cases()}


def write(product: Product, address: int, operands: tuple[Operand, ...]) -> None:
    for each in operands:
        product.machine.memory.write(address, each.payload.to_bytes(each.width, "little"))
        address += each.width


def read(product: Product, address: int, like: tuple[Operand, ...]) -> tuple[Operand, ...]:
    found: list[Operand] = []
    for each in like:
        content = product.machine.memory.read(address, each.width)
        found.append(value(int.from_bytes(content, "little"), each.width))
        address += each.width
    return tuple(found)


@pytest.mark.parametrize("name", ALL_SAMPLES)
def test_sample(name: str) -> None:
    """Belts after each instruction, drops, what is in flight, results, faults, memory."""
    sample: Sample = ALL_SAMPLES[name]
    product = Product(sample.program, MEMBERS[sample.member], traced=sample.trace is not None)
    product.map_low()
    for address, operands in sample.before.items():
        write(product, address, operands)
    budget = sample.budget if "budget" in (sample.fault or "") else None
    found = product.run(sample.function, *sample.arguments, budget=budget)
    if sample.trace is not None:
        assert list(found.trace) == sample.trace
    if sample.fault is None:
        assert str(found) == f"=> {shown(sample.results or ())}"
    else:
        assert found.fault is not None
        cause, _, place = sample.fault.rpartition(" ")
        assert found.fault.cause == cause
        if found.fault.position is not None:
            position = found.fault.position
            assert f"{position.line}:{position.column}" == place
    if sample.instructions is not None and "depth" not in (sample.fault or ""):
        assert found.instructions == sample.instructions
    for address, operands in sample.after.items():
        assert shown(read(product, address, operands)) == shown(operands)


@pytest.mark.parametrize("name", ALL_CASES)
def test_operation(name: str) -> None:
    case: Case = ALL_CASES[name]
    found = Product(case.program, MEMBERS["silver"]).run("f", *case.arguments)
    assert found.fault is None
    assert shown(found.results) == shown(case.results)


def test_operands_cross_as_they_are() -> None:
    program = 'F("f") %a %b; retn(%b, %a, b2);'
    arguments = operand("NaR(overflow):q"), operand("None:b")
    found = Product(program, MEMBERS["tin"]).run("f", *arguments)
    assert shown(found.results) == "[None:b, NaR(overflow):q, NaR(invalid operand):b]"
