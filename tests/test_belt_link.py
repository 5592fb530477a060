"""Several units become one program: names across files, includes, declarations, backcalls."""

from __future__ import annotations

import pytest

import conasm
from conasm.assembler import assemble
from conasm.assembly import AssembledUnit, FunctionArg
from simfw.belt.members import SILVER
from simfw.belt.operations import GROUPS
from simfw.belt.record import specs

OPERATIONS = specs(GROUPS)


def linked(*texts: str) -> AssembledUnit:
    units = [conasm.parse(text, f"{index}.cas") for index, text in enumerate(texts)]
    return assemble(units, OPERATIONS, SILVER)


def mistakes(*texts: str) -> list[str]:
    with pytest.raises(conasm.ConasmError) as caught:
        linked(*texts)
    return [f"{found.position}: {found.message}" for found in caught.value.problems]


def test_code_calls_functions_of_other_units():
    unit = linked(
        'F("main") %x; call1("twice", %x), call1("putchar", b0), lea("text"), retn(b0);',
        'F("twice") %x; add(%x, %x), retn(b0);',
        'F("putchar") outcall(1, w); D("text") asciz("hi");',
    )
    main = unit.functions["main"].blocks[0]
    targets = [arg.name for s in main.steps for arg in s.arguments if isinstance(arg, FunctionArg)]
    assert targets == ["twice", "putchar"]
    assert list(unit.functions) == ["main", "twice"]
    assert [outcall.name for outcall in unit.outcalls] == ["putchar"]
    assert [data.name for data in unit.data] == ["text"]


def test_a_call_of_another_unit_is_checked_like_one_of_its_own():
    assert mistakes('F("f") call1("g"), retn();', 'F("g") %x; retn(%x);') == [
        "0.cas:1:8: 'g', a function, takes 1 argument, here are 0"
    ]


def test_a_function_is_defined_in_one_unit():
    assert mistakes('F("f") retn();', 'F("g") retn();', 'F("f") nop(), retn();') == [
        "2.cas:1:1: 'f' is defined twice: as a function in 0.cas:1, and here as a function"
    ]


def test_a_name_stands_for_one_thing_in_all_units():
    assert mistakes('F("f") retn();', 'F("f") outcall(0);', 'D("f") b(1);') == [
        "1.cas:1:1: 'f' is defined twice: as a function in 0.cas:1, and here as an outcall",
        "2.cas:1:1: 'f' is defined twice: as a function in 0.cas:1, and here as data",
    ]


def test_identical_declarations_may_repeat_and_others_not():
    putchar = 'F("putchar") outcall(1, w);'
    assert len(linked(putchar, putchar, 'F("f") retn();').outcalls) == 1
    assert mistakes(putchar, 'F("putchar") outcall(2, w);') == [
        "1.cas:1:1: 'putchar' is declared twice and differently; the first is in 0.cas:1"
    ]


def test_system_calls_and_host_names_are_taken_across_units():
    first = 'F("a"); syscall(9), outcall(0); L("f"); backcall("int", "n", "x"); retn(b0);'
    second = 'F("b"); syscall(9), outcall(0); L("g"); backcall("int", "n", "x"); retn(b0);'
    assert mistakes(first, second) == [
        "1.cas:1:1: syscall(9) is 'a' already, in 0.cas:1",
        "1.cas:1:33: 'n::x' calls 'f' already, in 0.cas:1",
    ]


def test_an_undefined_function_has_near_names_of_all_units():
    assert mistakes('F("f") call0("putcha", b0), retn();', 'F("putchar") outcall(1, w);') == [
        "0.cas:1:14: there is no function 'putcha'; did you mean 'putchar'?"
    ]


def test_two_units_may_include_the_same_file(tmp_path):
    (tmp_path / "both.cas").write_text('F("twice") %x; add(%x, %x), retn(b0); D("d") b(1);')
    for name in ("one", "two"):
        text = f'include "both.cas"; F("{name}") %x; call1("twice", %x), retn(b0);'
        (tmp_path / f"{name}.cas").write_text(text)
    units = [conasm.load(tmp_path / f"{name}.cas") for name in ("one", "two")]
    unit = assemble(units, OPERATIONS, SILVER)
    assert list(unit.functions) == ["twice", "one", "two"]
    assert len(unit.data) == 1


# --- backcalls


def test_a_declared_backcall_is_bound_to_the_function_of_its_name():
    spec = 'L("peek"); backcall("uint32_t", "sim", "peek", "uint64_t");'
    unit = linked(spec, 'F("peek") %p; load(%p, 0, w, 0), retn(b0);')
    (backcall,) = unit.backcalls
    assert backcall.label in unit.functions


def test_a_backcall_without_code_anywhere_is_reported():
    spec = 'L("peek"); backcall("uint32_t", "sim", "peek", "uint64_t");'
    assert mistakes(spec, 'F("f") retn();') == [
        "0.cas:1:1: backcall 'peek' has no body: no unit has a function of its name"
    ]


def test_a_backcall_has_as_many_parameters_as_its_label_names():
    text = 'L("sum") %p; backcall("void", "n", "sum", "bytes"); retn();'
    assert mistakes(text) == [
        "0.cas:1:1: backcall 'sum' declares 2 arguments, but its label names 1"
    ]
    linked('L("sum") %p %n; backcall("void", "n", "sum", "bytes"); retn();')
    linked('L("sum"); backcall("void", "n", "sum", "bytes"); retn();')


def test_a_backcall_with_a_result_has_code_that_gives_one():
    text = 'L("one"); backcall("int", "n", "one"); retn();'
    assert mistakes(text) == ["0.cas:1:1: backcall 'one' gives 'int', but its code returns nothing"]
    linked('L("one"); backcall("void", "n", "one"); con(1, w), retn(b0);')


def test_nothing_makes_an_empty_program():
    unit = assemble([], OPERATIONS, SILVER)
    assert (dict(unit.functions), unit.data, unit.data_size) == ({}, (), 0)
