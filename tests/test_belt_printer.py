"""What is printed assembles to the same, from the tree and from the assembled form alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import conasm
from conasm.assembler import assemble
from conasm.assembly import AssembledBlock, AssembledUnit
from conasm.disassembler import disassemble
from conasm.printer import print_unit
from simfw.belt.members import GOLD, SILVER, TIN
from tests.belt_machine.sample import samples
from tests.belt_text import OPERATIONS, random_text

SAMPLES = {sample.name: sample.program for sample in samples()}


def assembled(text: str, member=SILVER) -> AssembledUnit:
    return assemble(conasm.parse(text), OPERATIONS, member)


def meaning(unit: AssembledUnit) -> object:
    """Everything in assembled code but where it was written."""
    functions = [
        (f.name, f.scratch_size, f.tags, [_block(block) for block in f.blocks])
        for f in unit.functions.values()
    ]
    data = [(d.name, d.offset, d.bytes, d.relocations) for d in unit.data]
    return functions, data, unit.data_size, unit.data_alignment


def _block(block: AssembledBlock) -> object:
    steps = [
        (s.operation.name, s.instruction, s.listed, s.arguments, s.drops, s.passes)
        for s in block.steps
    ]
    belts = [(s.before, s.belt, s.retires, s.issue, s.gang) for s in block.steps]
    known = {value for step in block.steps for value in step.drops} | set(range(block.entry))
    values = [
        (value.name, value.operation, value.width) if number in known else "in flight for ever"
        for number, value in enumerate(block.values)
    ]
    head = (block.label, block.index, block.entry, block.named, block.operands, block.starts)
    return head, steps, belts, values


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_printed_from_its_tree_is_the_same_code(name):
    unit = conasm.parse(SAMPLES[name])
    again = print_unit(unit)
    assert meaning(assembled(again)) == meaning(assembled(SAMPLES[name]))
    assert print_unit(conasm.parse(again)) == again


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_printed_from_its_assembled_form_is_the_same_code(name):
    once = assembled(SAMPLES[name])
    assert meaning(assembled(print_unit(disassemble(once)))) == meaning(once)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), member=st.sampled_from([TIN, SILVER, GOLD]))
def test_random_code_printed_is_the_same_code(seed, member):
    text = random_text(seed, member)
    once = assembled(text, member)
    assert meaning(assembled(print_unit(conasm.parse(text)), member)) == meaning(once)
    assert meaning(assembled(print_unit(disassemble(once)), member)) == meaning(once)


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from('\udc80\udcff"\\')))
def test_any_text_is_printed_as_a_literal_of_it(text):
    unit = conasm.parse(f'D("a") asciz({conasm.printer.quoted(text)});')
    (literal,) = unit.data[0].items[0].arguments
    assert isinstance(literal, conasm.nodes.String)
    assert literal.text == text


def test_declarations_are_printed_with_their_comments():
    text = (
        "// Writes one character.\n"
        'F("putchar"); outcall(1, w);\n'
        'F("ticks"); syscall(404), outcall(0, d);\n'
        "// A function of the guest's.\n"
        "//\n"
        "// It has no body here.\n"
        'L("crc16"); backcall("uint16_t", "fw", "crc16", "bytes");\n'
    )
    assert print_unit(conasm.parse(text)) == text


def test_code_is_printed_an_instruction_a_line():
    text = (
        "// Looks at a word.\n"
        'L("peek_w") %address; backcall("uint32_t", "sim", "peek::w", "uint64_t");\n'
        "    load(%address, 0, w, 0) %word, con(1.5, d), retn(%word);\n"
        "\n"
        'D("text") asciz("a\\n\\"b\\"\\x80"), align(16), d("peek_w");\n'
    )
    assert print_unit(conasm.parse(text)) == text


def test_assembled_code_is_written_by_name_where_a_name_still_means_the_value():
    once = assembled('F("f") %a; rescue(%a); add(%a, b1), add(b0, 1) %s; br("f", %s);')
    (line,) = [line for line in print_unit(disassemble(once)).splitlines() if "add" in line]
    assert line == "    add(%a, b1), add(%a, 1) %s;"


def test_data_without_bytes_is_printed():
    once = assembled('D("empty") zero(0), align(64); D("next") b(1);')
    again = assembled(print_unit(disassemble(once)))
    assert meaning(again) == meaning(once)
