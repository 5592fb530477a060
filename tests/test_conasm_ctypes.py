"""C type spellings: what they normalise to, what they are, how wide, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conasm.ctypes import CType, DataModel, Kind, parse_type
from conasm.errors import TypeSpellingError


@pytest.mark.parametrize(
    ("written", "normalised"),
    [
        ("uint32_t", "uint32_t"),
        ("std::uint32_t", "uint32_t"),
        ("unsigned", "unsigned int"),
        ("int unsigned", "unsigned int"),
        ("long  unsigned\tint", "unsigned long"),
        ("signed long long int", "long long"),
        ("long int", "long"),
        ("short int", "short"),
        ("_Bool", "bool"),
        ("const int", "int"),
        ("volatile uint8_t", "uint8_t"),
        ("char const *", "const char*"),
        ("const char * const", "const char*"),
        ("char*", "char*"),
        ("const  volatile uint32_t *", "const volatile uint32_t*"),
        ("void **", "void**"),
        ("const char *const *", "const char* const*"),
        ("uint8_t * restrict", "uint8_t*"),
        ("struct point *", "struct point*"),
        ("struct point", "struct point"),
        ("enum colour", "enum colour"),
        ("sensor_t", "sensor_t"),
        ("int32_t(*)(void *,uint32_t)", "int32_t (*)(void*, uint32_t)"),
        ("void (*)()", "void (*)(void)"),
    ],
)
def test_a_spelling_is_normalised(written: str, normalised: str) -> None:
    assert parse_type(written).spelling == normalised


@pytest.mark.parametrize(
    ("spelling", "kind", "signed", "ilp32", "lp64"),
    [
        ("void", Kind.VOID, False, 0, 0),
        ("bool", Kind.BOOL, False, 1, 1),
        ("char", Kind.INTEGER, False, 1, 1),
        ("signed char", Kind.INTEGER, True, 1, 1),
        ("uint8_t", Kind.INTEGER, False, 1, 1),
        ("int16_t", Kind.INTEGER, True, 2, 2),
        ("unsigned short", Kind.INTEGER, False, 2, 2),
        ("int", Kind.INTEGER, True, 4, 4),
        ("uint32_t", Kind.INTEGER, False, 4, 4),
        ("wchar_t", Kind.INTEGER, True, 4, 4),
        ("long", Kind.INTEGER, True, 4, 8),
        ("unsigned long", Kind.INTEGER, False, 4, 8),
        ("size_t", Kind.INTEGER, False, 4, 8),
        ("ssize_t", Kind.INTEGER, True, 4, 8),
        ("intptr_t", Kind.INTEGER, True, 4, 8),
        ("uintptr_t", Kind.INTEGER, False, 4, 8),
        ("long long", Kind.INTEGER, True, 8, 8),
        ("uint64_t", Kind.INTEGER, False, 8, 8),
        ("unsigned __int128", Kind.INTEGER, False, 16, 16),
        ("float", Kind.FLOAT, True, 4, 4),
        ("double", Kind.FLOAT, True, 8, 8),
        ("char*", Kind.POINTER, False, 4, 8),
        ("const char*", Kind.TEXT, False, 4, 8),
        ("const uint8_t*", Kind.POINTER, False, 4, 8),
        ("void (*)(int)", Kind.POINTER, False, 4, 8),
        ("bytes", Kind.BYTES, False, 4, 8),
    ],
)
def test_a_known_type(spelling: str, kind: Kind, signed: bool, ilp32: int, lp64: int) -> None:
    found = parse_type(spelling)
    sizes = found.size(DataModel.ILP32), found.size(DataModel.LP64)
    assert (found.kind, found.signed, *sizes) == (kind, signed, ilp32, lp64)


def test_bytes_take_two_guest_arguments_void_none_and_everything_else_one() -> None:
    counts = [parse_type(spelling).operands for spelling in ("bytes", "void", "double", "char*")]
    assert counts == [2, 0, 1, 1]


def test_two_spellings_of_a_type_are_equal() -> None:
    assert parse_type("unsigned") == parse_type("unsigned int")


def test_a_pointer_knows_what_it_points_to() -> None:
    assert parse_type("const struct point*").pointee == CType("struct point", Kind.NAMED)


def test_only_the_guest_knows_the_size_of_a_struct() -> None:
    with pytest.raises(TypeSpellingError, match="'struct point' is known to the guest only"):
        parse_type("struct point").size(DataModel.LP64)


@pytest.mark.parametrize("spelling", ["bytes", "struct point", "enum colour", "sensor_t"])
def test_what_may_not_be_a_result(spelling: str) -> None:
    assert not parse_type(spelling).may_be_result


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("", "names no type"),
        ("const", "names no type"),
        ("*", "names no type"),
        ("int&", "use a pointer"),
        ("int[4]", "use a pointer"),
        ("std::vector<int>", "templates"),
        ("sim::thing", "qualified"),
        ("long double", "no such combination"),
        ("unsigned float", "no such combination"),
        ("foo bar", "no such combination"),
        ("return", "word of the language"),
        ("struct int", "word of the language"),
        ("int* foo", "'foo' is not expected"),
        ("bytes*", "a pointer and a length already"),
        ("int (*)(bytes)", "plain C"),
        ("int (*)(int", "',' or '\\)' is missing"),
        ("int ()", "'\\(' is not expected"),
        ("void (*)(int, void)", "void is no parameter"),
        ("int*********", "nests deeper"),
        ("x" * 201, "more than 200"),
        ("int\x00", "'·' is not expected"),
        ("int32_t; system()", "';' is not expected"),
        ("naïve", "'ï' is not expected"),
    ],
)
def test_what_is_no_type(spelling: str, words: str) -> None:
    with pytest.raises(TypeSpellingError, match=words):
        parse_type(spelling)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("uint23_t", "uint32_t"),
        ("unit32_t", "uint32_t"),
        ("flaot", "float"),
        ("uin64_t", "uint64_t"),
    ],
)
def test_a_misspelt_name_gets_near_names(typo: str, meant: str) -> None:
    with pytest.raises(TypeSpellingError, match=f"unknown type '{typo}'; did you mean .*'{meant}'"):
        parse_type(typo)


@pytest.mark.parametrize("name", ["uint32", "u32", "BOOL", "usize", "uint", "time_t"])
def test_a_typedef_that_merely_resembles_a_known_name_stays(name: str) -> None:
    assert parse_type(name).kind is Kind.NAMED


@given(st.text(max_size=60) | st.text("int*(), const_char", max_size=60))
def test_any_text_is_a_type_or_a_typed_error(text: str) -> None:
    try:
        again = parse_type(parse_type(text).spelling)
    except TypeSpellingError:
        return
    assert again == parse_type(text)
