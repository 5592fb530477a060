"""What each construct of the language becomes in the syntax tree."""

from __future__ import annotations

import pytest

import conasm
from conasm.nodes import (
    BackcallDeclaration,
    BeltReference,
    Float,
    Instruction,
    Integer,
    Name,
    OutcallDeclaration,
    Position,
    String,
    Word,
)


def at(line: int, column: int) -> Position:
    return Position("x.cas", line, column)


def parse(text: str) -> conasm.Unit:
    return conasm.parse(text, "x.cas")


def first_instruction(text: str) -> Instruction:
    return parse(f'F("f") {text} retn();').functions[0].blocks[0].instructions[0]


# --- declarations


def test_an_outcall_in_the_form_of_mill() -> None:
    (outcall,) = parse('F("putchar") outcall(1, w);').outcalls
    assert outcall == OutcallDeclaration("putchar", 1, ("w",), None, None, "", at(1, 1))


def test_an_outcall_without_a_result() -> None:
    (outcall,) = parse('F("log") outcall(2);').outcalls
    assert (outcall.count, outcall.widths) == (2, ())


def test_an_outcall_with_several_results() -> None:
    (outcall,) = parse('F("divmod") outcall(2, d, d);').outcalls
    assert outcall.widths == ("d", "d")


def test_an_outcall_with_types_has_them_normalised_the_result_first() -> None:
    (outcall,) = parse('F("w") outcall(2, w, "int32_t", "char const *", "unsigned");').outcalls
    assert outcall.types == ("int32_t", "const char*", "unsigned int")


@pytest.mark.parametrize("width", ["w", "d"])
def test_a_width_may_be_that_of_either_data_model(width: str) -> None:
    (outcall,) = parse(f'F("find") outcall(1, {width}, "size_t", "int");').outcalls
    assert outcall.types == ("size_t", "int")


def test_with_types_the_width_may_be_left_out() -> None:
    (outcall,) = parse('F("find") outcall(2, "size_t", "const char*", "uint32_t");').outcalls
    assert (outcall.widths, outcall.count) == ((), 2)


def test_bytes_count_as_two_arguments() -> None:
    (outcall,) = parse('F("send") outcall(3, "void", "bytes", "int");').outcalls
    assert (outcall.count, outcall.types) == (3, ("void", "bytes", "int"))


def test_an_outcall_by_system_call_number() -> None:
    (outcall,) = parse('F("sys_time"); syscall(404), outcall(0, d);').outcalls
    assert (outcall.syscall, outcall.widths) == (404, ("d",))


def test_the_semicolon_behind_a_label_is_optional() -> None:
    assert parse('F("a"); outcall(1);').outcalls[0].name == "a"


def test_a_backcall_without_a_body() -> None:
    (backcall,) = parse('L("crc16") backcall("uint16_t", "fw", "crc16", "bytes");').backcalls
    assert backcall == BackcallDeclaration(
        label="crc16",
        result="uint16_t",
        namespace="fw",
        name="crc16",
        parameters=("bytes",),
        comment="",
        position=at(1, 1),
        has_body=False,
    )


def test_a_backcall_with_its_code() -> None:
    unit = parse(
        'L("peek_w"); backcall("uint32_t", "sim", "peek::w", "uint64_t");\n'
        "    load(b0, 0, w, 0), retn(b0);"
    )
    assert (unit.backcalls[0].name, unit.backcalls[0].has_body) == ("peek::w", True)
    assert [function.name for function in unit.functions] == ["peek_w"]


def test_a_declared_backcall_may_have_its_code_in_a_function() -> None:
    unit = parse('L("g"); backcall("void", "fw", "g"); F("g") retn();')
    assert not unit.backcalls[0].has_body
    assert unit.functions[0].name == "g"


@pytest.mark.parametrize(
    "text",
    [
        'F("log") outcall(1, "void", "char const*"); F("log") outcall(1, "void", "const char *");',
        'L("g") backcall("void", "fw", "g"); L("g"); backcall("void", "fw", "g");',
    ],
)
def test_an_identical_declaration_may_repeat(text: str) -> None:
    unit = parse(text)
    assert len(unit.outcalls) + len(unit.backcalls) == 1


def test_of_a_repeated_declaration_comment_and_body_are_kept() -> None:
    unit = parse(
        'L("g") backcall("void", "fw", "g");\n// Goes.\nL("g") backcall("void", "fw", "g"); retn();'
    )
    assert (unit.backcalls[0].comment, unit.backcalls[0].has_body) == ("Goes.", True)


def test_a_unit_that_only_declares_is_no_belt_unit() -> None:
    assert not parse('F("a") outcall(1); L("b") backcall("int", "n", "b");').is_belt


def test_a_unit_with_code_is_a_belt_unit() -> None:
    assert parse('F("main") retn();').is_belt


def test_the_lines_of_the_source_are_kept() -> None:
    assert parse('F("a") outcall(1);\r\n// end').source == ('F("a") outcall(1);', "// end")


# --- comments


@pytest.mark.parametrize(
    ("above", "comment"),
    [
        ("// Adds.\n", "Adds."),
        ("/// Adds.\n", "Adds."),
        ("// One.\n//\n//   Two.\n", "One.\n\n  Two."),
        ("/* Adds. */\n", "Adds."),
        ("/* Adds. */ ", "Adds."),
        ("/**\n * One.\n *  Two.\n */\n", "One.\n Two."),
        ("// One.\n/* Two. */\n", "One.\nTwo."),
        ("// Far.\n\n", ""),
        ("// Far.\n\n// Near.\n", "Near."),
        ('F("other") outcall(1); // Not mine.\n', ""),
    ],
)
def test_the_comment_directly_above_documents_a_declaration(above: str, comment: str) -> None:
    assert parse(above + 'F("add") outcall(2, w);').outcalls[-1].comment == comment


def test_the_comment_of_a_backcall_is_above_its_label() -> None:
    unit = parse('// Peeks.\nL("p"); // not this\nbackcall("int", "s", "p");')
    assert unit.backcalls[0].comment == "Peeks."


def test_the_comment_of_data_and_of_functions_is_kept() -> None:
    unit = parse('// Table.\nD("t") w(1);\n// Runs.\nF("main") retn();')
    assert (unit.data[0].comment, unit.functions[0].comment) == ("Table.", "Runs.")


# --- belt code


def test_operations_of_an_instruction_are_joined_by_commas() -> None:
    instruction = first_instruction("add(b0, b1) %s, nop();")
    assert [operation.name for operation in instruction.operations] == ["add", "nop"]


def test_an_operation_knows_its_place_arguments_and_results() -> None:
    (operation,) = first_instruction("divs(b31, %n) %q %r;").operations
    assert operation.position == at(1, 8)
    assert operation.arguments == (BeltReference(31, at(1, 13)), Name("n", at(1, 18)))
    assert operation.results == (Name("q", at(1, 22)), Name("r", at(1, 25)))


def test_labels_begin_blocks_with_the_operands_they_name() -> None:
    (function,) = parse('F("f") %n; br("loop", %n); L("loop") %i %acc; retn(%acc);').functions
    assert [block.label for block in function.blocks] == ["f", "loop"]
    assert [[name.name for name in block.operands] for block in function.blocks] == [
        ["n"],
        ["i", "acc"],
    ]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("42", 42),
        ("-7", -7),
        ("0", 0),
        ("0x2a", 42),
        ("0X2A", 42),
        ("-0x10", -16),
        ("0o17", 15),
        ("0b1010", 10),
        ("'A'", 65),
        (r"'\n'", 10),
        (r"'\''", 39),
        (r"'\xff'", 255),
        ("' '", 32),
        ("340282366920938463463374607431768211455", 2**128 - 1),
        ("-170141183460469231731687303715884105728", -(2**127)),
    ],
)
def test_an_integer(literal: str, value: int) -> None:
    (argument, _) = first_instruction(f"con({literal}, w);").operations[0].arguments
    assert argument == Integer(value, at(1, 12))


@pytest.mark.parametrize(
    ("literal", "value"), [("1.5", 1.5), ("-2e3", -2000.0), ("1.25E-2", 0.0125)]
)
def test_a_float(literal: str, value: float) -> None:
    (argument, _) = first_instruction(f"con({literal}, d);").operations[0].arguments
    assert argument == Float(value, at(1, 12))


@pytest.mark.parametrize(
    ("literal", "data"),
    [
        ('"plain"', b"plain"),
        ('""', b""),
        (r'"a\tb\n\r\0\a\b\f\v\?"', b"a\tb\n\r\0\a\b\f\v?"),
        (r'"\"\\\'"', b"\"\\'"),
        (r'"\x41BC\101"', b"ABCA"),
        (r'"\377\xfe"', b"\xff\xfe"),
        (r'"\u00e9\U0001F600"', "é😀".encode()),
        ('"é; // no comment"', "é; // no comment".encode()),
    ],
)
def test_a_string(literal: str, data: bytes) -> None:
    (item,) = parse(f'D("t") asciz({literal});').data[0].items
    (string,) = item.arguments
    assert isinstance(string, String)
    assert string.data == data


def test_widths_and_other_words_are_words() -> None:
    (operation,) = first_instruction("load(fp, 0, w, 0);").operations
    assert operation.arguments[0] == Word("fp", at(1, 13))


def test_data_holds_its_items() -> None:
    text = 'D("t") b(1,2,3), w(7), d("label"), asciz("text"), zero(64), align(16);'
    (data,) = parse(text).data
    names = ["b", "w", "d", "asciz", "zero", "align"]
    assert (data.name, [item.name for item in data.items]) == ("t", names)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path) -> None:
    path = tmp_path / "bom.cas"
    path.write_bytes(b'\xef\xbb\xbfF("a") outcall(1);')
    assert conasm.load(path).outcalls[0].position == Position(str(path), 1, 1)


@pytest.mark.parametrize(
    "code",
    [
        'F("f") %a; con(5, w), add(b0, 2), pick(b0, b1, b2), retn(b0, b1);',
        'F("f") %a %b; mul(%a, %b) %m, add(%a, %b) %s; sub(%a, %b) %d; retn(%m, %s, %d);',
        'F("poke") %p; con(99, w) %v; store(%p, 0, %v), retn();'
        'F("f") %p; load(%p, 0, w, 0) %now; call0("poke", %p); nop(); retn(%now);',
        'F("f") %p %a; con(0, w) %z; divu(%a, %z) %nar; nop(), pick(b0, %a) %none;'
        'store(%p, 0, %none), brtr(%none, "gone"), br("stay", %z, %z, %z);'
        'L("gone"); retn(); L("stay") %x %y %v; isNone(%x), isNaR(%v); retn(b0, b1, b2);',
        'F("two"); con(1, w), con(2, w); retn(b0, b1);'
        'F("f") %c; con(3, w) %k; calltr1(%c, "two") %r; pick(b0, %k, %r) %v; retn(%v);',
        'F("f") %n; con(0, w) %s; br("loop", %n, %s); L("loop") %n %s; add(%s, %n) %s2;'
        'eql(b0, 0) %z; brtr(%z, "done", %s2), br("loop", %n, %s2); L("done") %r; retn(%r, b1);',
        'F("f") %a %b; scratchf(32), addx(%a, %b) %s; spill(0, %s); fill(0, w) %x; retn(%x);',
    ],
)
def test_sample_programs_parse(code: str) -> None:
    assert parse(code).functions[-1].name == "f"
