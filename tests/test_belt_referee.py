"""The literal belt machine does what the language's description says, in numbers found by hand."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

import conasm
from conasm.operations import BELT_OPERATIONS
from tests.belt_machine import (
    MEMBERS,
    Fault,
    Machine,
    Memory,
    Mistake,
    Operand,
    Outcome,
    none,
    operand,
    run,
    shown,
)
from tests.belt_machine.sample import Case, Sample, cases, samples
from tests.belt_programs import Program, expected, program_of, programs

MEMORY = 256
"""Where samples have a kilobyte of memory."""

ALL_SAMPLES = {sample.name: sample for sample in samples()}
ALL_CASES = {case.name: case for case in cases()}


def outcome(sample: Sample) -> tuple[Outcome, Memory]:
    memory = Memory({MEMORY: bytearray(1024)})
    for address, operands in sample.before.items():
        write(memory, address, operands)
    unit = conasm.parse(sample.program)
    machine = Machine(unit, MEMBERS[sample.member], memory, budget=sample.budget)
    return run(machine, sample.function, *sample.arguments), memory


def write(memory: Memory, address: int, operands: tuple[Operand, ...]) -> None:
    for each in operands:
        assert memory.write(address, each.width, each.payload)
        address += each.width


def read(memory: Memory, address: int, like: tuple[Operand, ...]) -> tuple[Operand, ...]:
    found: list[Operand] = []
    for each in like:
        number = memory.read(address, each.width)
        assert number is not None
        found.append(Operand(number, each.width))
        address += each.width
    return tuple(found)


@pytest.mark.parametrize("name", ALL_SAMPLES)
def test_sample(name: str) -> None:
    sample = ALL_SAMPLES[name]
    found, memory = outcome(sample)
    if sample.trace is not None:
        assert list(found.trace) == sample.trace
    if sample.fault is None:
        assert str(found) == f"=> {shown(sample.results or ())}"
    else:
        fault = found.fault
        assert fault is not None and fault.position is not None
        place = f"{fault.position.line}:{fault.position.column}"
        assert f"{fault.cause} {place}" == sample.fault
    assert sample.instructions in (None, found.instructions)
    for address, operands in sample.after.items():
        assert shown(read(memory, address, operands)) == shown(operands)


@pytest.mark.parametrize("name", ALL_CASES)
def test_operation(name: str) -> None:
    case: Case = ALL_CASES[name]
    found = run(Machine(conasm.parse(case.program)), "f", *case.arguments)
    assert found.fault is None
    assert shown(found.results) == shown(case.results)


# --- the host


def test_an_outcall_is_called_as_a_function_is() -> None:
    program = """
    F("mix") outcall(2, w, h);
    F("f") %a %b; calln(2, "mix", %a, %b) %x %y; retn(%x, %y);
    """
    seen: list[Operand] = []

    def mix(machine: Machine, *given: Operand) -> tuple[int, Operand]:
        seen.extend(given)
        return -1, none(2)

    machine = Machine(conasm.parse(program), outcalls={"mix": mix})
    found = run(machine, "f", operand("5:b"), operand("NaR(overflow):q"))
    assert shown(seen) == "[5:b, NaR(overflow):q]"
    assert found.trace == (
        "  enter f: [5:b, NaR(overflow):q]",
        "    enter mix: [5:b, NaR(overflow):q]",
        "    return [4294967295:w, None:h]",
        "  f.0 calln: [4294967295:w, None:h, 5:b, NaR(overflow):q]",
        "  f.1 retn: [4294967295:w, None:h, 5:b, NaR(overflow):q]",
        "  return [4294967295:w, None:h]",
    )
    assert found.instructions == 3


def test_an_outcall_not_called_gives_nones_of_its_widths() -> None:
    program = """
    F("two") outcall(0, d, h);
    F("f") %no; calltrn(%no, 2, "two") %x %y; retn(%x, %y);
    """
    found = run(Machine(conasm.parse(program)), "f", operand("0:b"))
    assert str(found) == "=> [None:d, None:h]"
    assert found.instructions == 2


def test_an_outcall_has_an_address() -> None:
    program = """
    F("one") outcall(2, w);
    F("f") %a; lea("one") %p; calln(2, %p, %a) %x %y; retn(%x, %y);
    """
    outcalls = {"one": lambda _machine, _a, missing: missing.is_nar}
    found = run(Machine(conasm.parse(program), outcalls=outcalls), "f", operand("0:b"))
    assert str(found) == "=> [1:w, NaR(invalid operand):b]"


def test_a_backcall_leaves_the_interrupted_frame_alone() -> None:
    program = """
    F("host") outcall(1, w);
    F("back") %p; scratchf(8), con(99, w) %v; store(%p, 0, %v), spill(0, %v); retn(%v);
    F("f") %p;
        scratchf(8), spill(0, %p), load(%p, 0, w, 2) %late, mul(%p, 2) %twice;
        call1("host", %p) %x, add(%p, 1) %y;
        fill(0, d) %kept;
        retn(%x, %y, %late, %twice, %kept);
    """

    def host(machine: Machine, address: Operand) -> int:
        (result,) = machine.call("back", address)
        return result.payload + 1

    memory = Memory({MEMORY: bytearray(16)})
    machine = Machine(conasm.parse(program), memory=memory, outcalls={"host": host})
    found = run(machine, "f", operand("256:d"))
    assert str(found) == "=> [100:w, 257:d, 99:w, 512:d, 256:d]"
    assert found.instructions == 4 + 1 + 3


def test_the_host_may_catch_the_fault_of_a_backcall() -> None:
    program = """
    F("host") outcall(0, b);
    F("bad"); con(0, d); store(b0, 0, b0), retn();
    F("f"); call1("host"), retn(b0);
    """

    def host(machine: Machine) -> int:
        with pytest.raises(Fault, match="memory"):
            machine.call("bad")
        return len(machine.frames)

    found = run(Machine(conasm.parse(program), outcalls={"host": host}), "f")
    assert str(found) == "=> [2:b]"


def test_a_fault_leaves_all_frames_to_look_at() -> None:
    program = """
    F("g") %a %nar; con(5, b); con(6, b), brtr(%nar, "g", %a, %nar), retn();
    F("f") %a %nar; con(1, b), mul(%a, %a); con(2, b), call0("g", %a, %nar); retn();
    """
    found = run(Machine(conasm.parse(program)), "f", operand("3:w"), operand("NaR(overflow):b"))
    assert found.fault is not None
    assert [(frame.function, shown(frame.belt)) for frame in found.fault.frames] == [
        ("f", "[2:b, 1:b, 3:w, NaR(overflow):b]"),
        ("g", "[6:b, 5:b, 3:w, NaR(overflow):b]"),
    ]
    assert len(found.fault.frames[0].in_flight) == 1


def test_a_fault_knows_where_its_nar_was_made() -> None:
    program = 'F("f") %p %z;\n  rems(%z, %z) %r;\n' + "nop();" * 7 + "store(%p, 0, %r), retn();"
    found = run(Machine(conasm.parse(program)), "f", operand("256:d"), operand("0:w"))
    assert found.fault is not None
    assert found.fault.cause == "NaR(division by zero)"
    assert found.fault.origin is not None
    assert (found.fault.origin.line, found.fault.origin.column) == (2, 3)


# --- what is no valid program


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("mul(%a, %a) %m; retn(%m);", "still in flight"),
        ("con(1, b) %x; br(\"next\"); L(\"next\"); retn(%x);", "not defined"),
        ("con(1, b) %a; retn(%a);", "defined already"),
        ("con(1, b), con(2, b), con(3, b), con(4, b), con(5, b), con(6, b), con(7, b), con(8, b);"
         "retn(%a);", "fallen off"),
        ("retn(b8);", "no b8"),
        ("scratchf(4), spill(2, %a); retn();", "scratchpad"),
        ("br(\"next\", %a); L(\"next\"); retn();", "takes 0 operands"),
        ("carry(), retn();", "ganged"),
        ("add(5, %a); retn();", "operand is due"),
    ],
)  # fmt: skip
def test_what_an_assembler_has_to_refuse(code: str, why: str) -> None:
    machine = Machine(conasm.parse(f'F("f") %a; {code}'), MEMBERS["tin"])
    with pytest.raises(Mistake, match=why):
        run(machine, "f", operand("1:w"))


# --- random programs


def ends(program: Program) -> Outcome:
    found = expected(program)
    if found.fault is not None:
        assert found.fault.cause == "memory" or found.fault.cause.startswith("NaR("), found.fault
    return found


@given(programs())
@settings(max_examples=60)
def test_random_programs_are_valid_and_end(program: Program) -> None:
    ends(program)


def test_random_programs_have_everything() -> None:
    texts: list[str] = []
    outcomes: list[Outcome] = []
    for seed in range(150):
        program = program_of(seed)
        texts.append(program.text)
        outcomes.append(ends(program))
    found = set(re.findall(r"(\w+)\(", "".join(texts)))
    assert found >= BELT_OPERATIONS
    assert sum(outcome.fault is None for outcome in outcomes) > 110
    lines = "\n".join(line for outcome in outcomes for line in outcome.trace)
    for what in ("None:", "NaR(", "inflight", "-> loop", "    enter g", ":q", "pickup"):
        assert what in lines


def test_a_program_is_the_same_each_time() -> None:
    assert program_of(5) == program_of(5)
    first, second = expected(program_of(5)), expected(program_of(5))
    assert first.trace == second.trace
    assert first.memory == second.memory


def test_other_addresses_may_be_given() -> None:
    """As another machine has placed functions, data and the stack."""
    program = """
    D("here") w(5);
    F("f"); stackf(16), lea("here") %h, lea("f") %f, lea(fp, 0) %s; retn(%h, %f, %s);
    """
    symbols = {"here": 0x30000, "f": 0x20}
    machine = Machine(conasm.parse(program), symbols=symbols, data_base=0x30000, stack_top=0x90000)
    assert str(run(machine, "f")) == "=> [196608:d, 32:d, 589808:d]"
