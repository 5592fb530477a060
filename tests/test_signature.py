"""Signatures from declarations and from values, and the operands they stand for."""

from __future__ import annotations

import array

import pytest

from conasm.ctypes import DataModel, Kind, parse_type
from conasm.nodes import BackcallDeclaration, OutcallDeclaration, Position
from simfw.errors import ArgumentError, BindError
from simfw.signature import Parameter, Signature
from simfw.types import Untyped, operand_types

ILP32, LP64 = DataModel.ILP32, DataModel.LP64
PLACE = Position("crc.cas", 3, 1)


def outcall(count=0, widths=(), types=None) -> OutcallDeclaration:
    return OutcallDeclaration("log", count, widths, types, None, "", PLACE)


def backcall(result: str, *parameters: str) -> BackcallDeclaration:
    return BackcallDeclaration("crc16", result, "fw", "crc::run", parameters, "", PLACE, False)


def sizes(signature: Signature) -> list[int]:
    return [type_.size for type_ in signature.arguments]


def test_a_typed_outcall_has_its_result_first():
    declaration = outcall(2, ("w",), ("int32_t", "const char*", "uint32_t"))
    signature = Signature.of_outcall(declaration, ILP32)
    assert str(signature) == "int32_t log(const char*, uint32_t)"
    assert signature.results == (parse_type("int32_t"),)
    assert signature.origin == "crc.cas:3:1"


def test_untyped_arguments_are_as_wide_as_a_register_and_results_as_declared():
    declaration = outcall(2, ("h",))
    assert sizes(Signature.of_outcall(declaration, ILP32)) == [4, 4]
    assert sizes(Signature.of_outcall(declaration, LP64)) == [8, 8]
    assert Signature.of_outcall(declaration, LP64).results == (Untyped(2),)


def test_void_and_no_width_are_no_result():
    assert Signature.of_outcall(outcall(1), ILP32).results == ()
    assert Signature.of_outcall(outcall(1, (), ("void", "int")), ILP32).results == ()
    assert str(Signature.of_outcall(outcall(), ILP32)) == "void log(void)"


def test_a_backcall_is_named_by_its_label():
    signature = Signature.of_backcall(backcall("uint16_t", "bytes", "int"), ILP32)
    assert str(signature) == "uint16_t crc16(bytes, int)"


def test_bytes_is_one_parameter_and_two_guest_arguments():
    signature = Signature.of_backcall(backcall("void", "bytes", "int8_t"), LP64)
    assert len(signature.parameters) == 2
    assert sizes(signature) == [8, 8, 1]
    assert [type_.spelling for type_ in signature.arguments] == ["const void*", "size_t", "int8_t"]


def test_sizes_follow_the_data_model():
    declaration = backcall("long", "long", "size_t", "int*", "int64_t")
    assert sizes(Signature.of_backcall(declaration, ILP32)) == [4, 4, 4, 8]
    assert sizes(Signature.of_backcall(declaration, LP64)) == [8, 8, 8, 8]


@pytest.mark.parametrize(
    ("spelling", "low", "high"),
    [
        ("bool", 0, 1),
        ("int8_t", -128, 127),
        ("uint8_t", 0, 255),
        ("char", 0, 255),
        ("int16_t", -32768, 32767),
        ("uint16_t", 0, 65535),
        ("int", -2147483648, 2147483647),
        ("uint32_t", 0, 4294967295),
        ("long long", -9223372036854775808, 9223372036854775807),
        ("uint64_t", 0, 18446744073709551615),
        ("void*", 0, 4294967295),
        ("const char*", 0, 4294967295),
    ],
)
def test_ranges_of_types(spelling, low, high):
    (type_,) = operand_types(parse_type(spelling), ILP32)
    assert (type_.low, type_.high) == (low, high)


@pytest.mark.parametrize(
    ("width", "low", "high"),
    [
        (1, -128, 255),
        (2, -32768, 65535),
        (4, -2147483648, 4294967295),
        (8, -9223372036854775808, 18446744073709551615),
    ],
)
def test_untyped_operands_take_what_either_sign_can_hold(width, low, high):
    (type_,) = operand_types(Untyped(width), LP64)
    assert (type_.kind, type_.low, type_.high) == (Kind.INTEGER, low, high)


@pytest.mark.parametrize("spelling", ["struct point", "enum colour", "union u", "handle_t"])
def test_types_that_only_the_guest_knows_are_refused_with_advice(spelling):
    with pytest.raises(BindError, match=rf"crc.cas:3:1: crc16\(\): {spelling} .*declare a pointer"):
        Signature.of_backcall(backcall("int", spelling), ILP32)
    with pytest.raises(BindError, match="cannot cross the border yet"):
        Signature.of_outcall(outcall(0, (), (spelling,)), ILP32)


def test_pointers_to_them_are_addresses():
    assert sizes(Signature.of_backcall(backcall("void", "struct point*"), ILP32)) == [4]


def test_void_parameters_bytes_results_and_misspelt_types_are_refused():
    with pytest.raises(BindError, match="parameter 2 is void"):
        Signature.of_backcall(backcall("int", "int", "void"), ILP32)
    with pytest.raises(BindError, match="bytes cannot be a result"):
        Signature.of_backcall(backcall("bytes"), ILP32)
    with pytest.raises(BindError, match="unknown type 'uint23_t'"):
        Signature.of_backcall(backcall("uint23_t"), ILP32)


def test_an_absurd_number_of_parameters_is_refused_without_building_them():
    with pytest.raises(BindError, match="more than 127 parameters"):
        Signature.of_outcall(outcall(10**15), ILP32)


def test_values_give_the_signature_of_a_call_that_nothing_declares():
    signature = Signature.of_values("f", (1, "text", b"bytes", 1.5, True), ILP32)
    assert [parameter.type for parameter in signature.parameters] == [
        Untyped(4),
        parse_type("const char*"),
        parse_type("void*"),
        parse_type("double"),
        Untyped(4),
    ]
    assert signature.results == (Untyped(4),)


def test_an_array_is_data_even_where_it_could_be_an_index():
    values = (array.array("H", [1]), memoryview(b"x"), bytearray())
    signature = Signature.of_values("f", values, LP64)
    assert [str(parameter.type.spelling) for parameter in signature.parameters] == (["void*"] * 3)


def test_a_named_result_replaces_the_signed_register():
    assert Signature.of_values("f", (), LP64).results == (Untyped(8),)
    assert Signature.of_values("f", (), LP64, "uint32_t").results == (parse_type("uint32_t"),)
    assert Signature.of_values("f", (), LP64, "void").results == ()


def test_values_without_counterpart_are_refused_by_position():
    with pytest.raises(ArgumentError, match=r"argument 2 of f\(\): None has no counterpart"):
        Signature.of_values("f", (1, None), ILP32)
    with pytest.raises(ArgumentError, match=r"argument 1 of f\(\): list \[1, 2\] has no"):
        Signature.of_values("f", ([1, 2],), ILP32)
    with pytest.raises(ArgumentError, match="at most 127 arguments"):
        Signature.of_values("f", [0] * 128, ILP32)


@pytest.mark.parametrize("result", ["uint23_t", "bytes", "struct point", "", "int("])
def test_a_result_that_is_none_is_refused(result):
    with pytest.raises(ArgumentError, match=r"result= of a call of f\(\): "):
        Signature.of_values("f", (), ILP32, result)


def test_signatures_are_equal_wherever_they_were_declared():
    first = Signature("f", (Parameter(parse_type("int")),), (), ILP32, "a.cas:1:1")
    assert first == Signature("f", (Parameter(parse_type("int")),), (), ILP32, "b.cas:9:1")


def test_named_parameters_appear_in_labels():
    signature = Signature("f", (Parameter(Untyped(4), "level"), Parameter(Untyped(4))), (), ILP32)
    assert signature.parameter_label(1) == "argument 1 (level) of f()"
    assert signature.parameter_label(2) == "argument 2 of f()"
