"""Folding changes nothing: folded against plain graphs, over all operations, widths and edges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simfw.ir import builder
from simfw.ir.builder import BINARY, UNARY, Word, binary, const, field, resize, select, unary
from simfw.ir.evaluate import evaluate
from simfw.ir.ops import I1, I8, I32, INTEGERS, Type, Value
from simfw.ir.spec import verify_value

TYPES = list(INTEGERS.values())


def symbol(type: Type, name: str = "a") -> Word:
    return field(type, name, is_signed=False)


def edges(type: Type) -> list[int]:
    wanted = {0, 1, 2, 3, type.mask, type.mask - 1, type.sign, type.sign - 1, type.bits, 0x55}
    return sorted({value & type.mask for value in wanted})


def meaning(value: Value, **fields: int) -> int | None:
    """The value; None where the IR leaves it undefined."""
    try:
        return evaluate(value, fields)
    except ZeroDivisionError:
        return None


def is_overflow(op: str, type: Type, a: int, b: int) -> bool:
    return op in ("sdiv", "srem") and (a, b) == (type.sign, type.mask)


def binary_cases(type: Type) -> Iterator[tuple[str, int, int, Word]]:
    """Every operation on every pair of edges, with the plain node that means it."""
    for op in BINARY:
        result = I1 if op in builder.COMPARES else type
        for a in edges(type):
            for b in edges(type):
                plain = Word(op, result, (const(type, a), const(type, b)))
                if not is_overflow(op, type, a, b) and meaning(plain) is not None:
                    yield op, a, b, plain


def mistakes_in_binary_folding(type: Type) -> list[str]:
    """What a folded operation gets wrong with constant, symbolic and mixed operands."""
    found: list[str] = []
    for op, a, b, plain in binary_cases(type):
        for left in (const(type, a), symbol(type)):
            for right in (const(type, b), symbol(type, "b")):
                folded = binary(op, left, right)
                verify_value(folded)
                if folded.type is not plain.type or meaning(folded, a=a, b=b) != meaning(plain):
                    found.append(f"{op} {a:#x} {b:#x}")
    return found


@pytest.mark.parametrize("type", TYPES, ids=repr)
def test_binary_operations(type):
    assert mistakes_in_binary_folding(type) == []


@pytest.mark.parametrize("type", TYPES, ids=repr)
def test_constants_are_folded_away(type):
    for op, a, b, plain in binary_cases(type):
        assert binary(op, const(type, a), const(type, b)).constant == meaning(plain)


@pytest.mark.parametrize(
    ("op", "right"),
    [("add", 0), ("sub", 0), ("or", 0), ("xor", 0), ("shl", 0), ("lshr", 32), ("ashr", 64),
     ("and", 0xFFFF_FFFF), ("mul", 1), ("udiv", 1)],
)  # fmt: skip
def test_neutral_elements_leave_the_other_operand(op, right):
    a = symbol(I32)
    assert binary(op, a, right) is a


@pytest.mark.parametrize("type", TYPES, ids=repr)
def test_added_constants_are_joined(type):
    for first in edges(type):
        for second in edges(type):
            folded = symbol(type) + first + second
            assert evaluate(folded, {"a": 3 & type.mask}) == (3 + first + second) & type.mask
            assert folded.op == "field" or folded.args[0].op == "field"


@pytest.mark.parametrize("type", TYPES, ids=repr)
def test_unary_operations(type):
    for op in [op for op in UNARY if type.bits > 1 or op != "bswap"]:
        for a in edges(type):
            plain = Word(op, type, (const(type, a),))
            assert unary(op, const(type, a)).constant == evaluate(plain, {})
            assert evaluate(unary(op, symbol(type)), {"a": a}) == evaluate(plain, {})


@pytest.mark.parametrize("type", TYPES, ids=repr)
def test_changes_of_width(type):
    for other in INTEGERS.values():
        for op in ("sext", "zext") if other.bits > type.bits else ("trunc",):
            for a in edges(type):
                plain = Word(op, other, (const(type, a),))
                folded = resize(op, const(type, a), other.bits)
                assert (folded.type, folded.constant) == (other, evaluate(plain, {}))


def test_the_same_width_is_no_change():
    a = symbol(I32)
    assert a.sext(32) is a.zext(32) is a.trunc(32) is a


def test_widths_change_in_the_direction_of_the_operation():
    with pytest.raises(TypeError, match="trunc from i8 to i32"):
        symbol(I8).trunc(32)
    with pytest.raises(TypeError, match="sext from i32 to i8"):
        symbol(I32).sext(8)


def test_a_select_with_a_known_condition_or_equal_arms_is_an_arm():
    a, b, condition = symbol(I32), symbol(I32, "b"), symbol(I1, "c")
    assert select(const(I1, 1), a, b) is a
    assert select(const(I1, 0), a, b) is b
    assert select(condition, a, a) is a
    assert select(condition, const(I32, 7), 7).constant == 7
    assert evaluate(select(condition, a, b), {"a": 1, "b": 2, "c": 1}) == 1
    assert evaluate(select(condition, a, b), {"a": 1, "b": 2, "c": 0}) == 2


def test_undefined_divisions_of_constants_are_left_to_their_guard():
    for op in ("udiv", "urem", "sdiv", "srem"):
        assert binary(op, const(I8, 5), 0).op == op
    assert binary("sdiv", const(I8, 0x80), 0xFF).op == "sdiv"
    assert binary("srem", const(I8, 0x80), 0xFF).op == "srem"


def test_operands_of_different_widths_are_refused():
    with pytest.raises(TypeError, match="add of i8 and i32"):
        symbol(I8) + symbol(I32)


def test_the_truth_of_a_value_is_not_known():
    with pytest.raises(TypeError, match="use select or branch"):
        bool(symbol(I1))


def test_comparing_a_value_with_python_is_refused():
    for compare in (lambda a: a == 0, lambda a: a != 0):
        with pytest.raises(TypeError, match=r"use \.eq\(\)"):
            compare(symbol(I32))


# Wrong rules are noticed


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("_ZERO_IS_NEUTRAL", {"add", "and"}),
        ("_COMMUTES", {"add", "sub"}),
        ("_COMMUTES", {"slt"}),
    ],
)
def test_a_wrong_table_is_noticed(monkeypatch, table, wrong):
    monkeypatch.setattr(builder, table, getattr(builder, table) | wrong)
    assert mistakes_in_binary_folding(I8)


@pytest.mark.parametrize(
    ("op", "wrong"),
    [
        ("ashr", lambda a, b, w: a >> (b % w)),
        ("shl", lambda a, b, w: a << b if b < w else 0),
        ("slt", lambda a, b, w: a < b),
        ("sdiv", lambda a, b, w: builder.signed(a, w) // builder.signed(b, w)),
        ("srem", lambda a, b, w: builder.signed(a, w) % builder.signed(b, w)),
    ],
)
def test_a_wrong_meaning_is_noticed(monkeypatch, op, wrong):
    monkeypatch.setitem(BINARY, op, wrong)
    assert mistakes_in_binary_folding(I8)
