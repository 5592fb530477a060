"""Floating point on bit patterns, against exact rational arithmetic and Python's own floats."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simfw.belt.floats import FUNCTIONS

# bits of the fraction and of the exponent
LAYOUT = {32: (23, 8), 64: (52, 11)}
NAN = {32: 0x7FC00000, 64: 0x7FF8000000000000}
INFINITY = {32: 0x7F800000, 64: 0x7FF0000000000000}

ONE, TWO, HALF, MINUS_ONE = 0x3F800000, 0x40000000, 0x3F000000, 0xBF800000
LEAST_SUBNORMAL, LEAST_NORMAL, GREATEST = 1, 0x00800000, 0x7F7FFFFF
MINUS_ZERO = 0x80000000

EDGES = {
    bits: [
        pattern | sign << (bits - 1)
        for sign in (0, 1)
        for pattern in (
            0, 1, 2, 3,
            (1 << fraction) - 1, 1 << fraction, (1 << fraction) + 1,
            ((1 << exponent - 1) - 1) << fraction,
            (((1 << exponent - 1) - 1) << fraction) + 1,
            ((1 << exponent - 1) + fraction - 1) << fraction,
            INFINITY[bits] - 1, INFINITY[bits], INFINITY[bits] + 1, NAN[bits], NAN[bits] + 5,
        )
    ]
    for bits, (fraction, exponent) in LAYOUT.items()
}  # fmt: skip


def patterns(bits: int) -> st.SearchStrategy[int]:
    """Any bits, with the corners of the format more often than chance has them."""
    fraction, exponent = LAYOUT[bits]
    near_one = st.builds(
        lambda sign, scale, digits: sign << (bits - 1) | scale << fraction | digits,
        st.integers(0, 1),
        st.integers((1 << exponent - 1) - 40, (1 << exponent - 1) + 40),
        st.integers(0, (1 << fraction) - 1),
    )
    return st.one_of(st.sampled_from(EDGES[bits]), near_one, st.integers(0, (1 << bits) - 1))


def exact(pattern: int, bits: int) -> Fraction | None:
    """The number that bits stand for, read off their fields; None for NaNs and infinities."""
    fraction, exponent = LAYOUT[bits]
    digits = pattern & ((1 << fraction) - 1)
    scale = pattern >> fraction & ((1 << exponent) - 1)
    if scale == (1 << exponent) - 1:
        return None
    value = Fraction(digits + ((1 << fraction) if scale else 0))
    bias = (1 << (exponent - 1)) - 1 + fraction
    value *= Fraction(2) ** (max(scale, 1) - bias)
    return -value if pattern >> (bits - 1) else value


def rounded(value: Fraction, bits: int, *, negative_zero: bool = False) -> int:
    """The bits nearest to an exact number, ties to even, found by counting steps of the format."""
    fraction, exponent = LAYOUT[bits]
    sign = value < 0 or (value == 0 and negative_zero)
    value = abs(value)
    bias = (1 << (exponent - 1)) - 1
    scale = 1 - bias
    while value >= Fraction(2) ** (scale + 1) and scale <= bias:
        scale += 1
    step = Fraction(2) ** (scale - fraction)
    count, rest = divmod(value, step)
    if rest * 2 > step or (rest * 2 == step and count % 2):
        count += 1
    pattern = int(count) + ((scale + bias - 1) << fraction)  # a carry goes into the exponent
    return min(pattern, INFINITY[bits]) | sign << (bits - 1)


def function(name: str, bits: int):
    return FUNCTIONS[f"{name}_f{bits}"]


def number(pattern: int) -> float:
    return struct.unpack("<d", pattern.to_bytes(8, "little"))[0]


def is_nan(pattern: int, bits: int) -> bool:
    return pattern & ~(1 << (bits - 1)) > INFINITY[bits]


BOTH = pytest.mark.parametrize("bits", [32, 64])
EXACTLY = {"add": Fraction.__add__, "sub": Fraction.__sub__, "mul": Fraction.__mul__}


@BOTH
@pytest.mark.parametrize("name", sorted(EXACTLY))
@given(data=st.data())
def test_sums_and_products_are_the_exact_ones_rounded_once(name, bits, data):
    a, b = data.draw(patterns(bits)), data.draw(patterns(bits))
    x, y = exact(a, bits), exact(b, bits)
    got = function(name, bits)(a, b)
    if x is None or y is None:
        assert got in (INFINITY[bits], INFINITY[bits] | 1 << (bits - 1), NAN[bits])
    elif (wanted := EXACTLY[name](x, y)) or name == "mul":
        negative = bool((a ^ b) >> (bits - 1))
        assert got == rounded(wanted, bits, negative_zero=negative)
    else:
        assert got & ~(1 << (bits - 1)) == 0


@BOTH
@given(data=st.data())
def test_quotients_are_the_exact_ones_rounded_once(bits, data):
    a, b = data.draw(patterns(bits)), data.draw(patterns(bits))
    x, y = exact(a, bits), exact(b, bits)
    if x is not None and y:
        negative = bool((a ^ b) >> (bits - 1))
        wanted = rounded(x / y, bits, negative_zero=negative)
        assert function("div", bits)(a, b) == wanted


@BOTH
@given(data=st.data())
def test_fused_multiply_add_rounds_once(bits, data):
    a, b, c = (data.draw(patterns(bits)) for _ in range(3))
    x, y, z = exact(a, bits), exact(b, bits), exact(c, bits)
    if x is None or y is None or z is None:
        return
    got = function("fma", bits)(a, b, c)
    if wanted := x * y + z:
        assert got == rounded(wanted, bits)
    else:
        assert got & ~(1 << (bits - 1)) == 0


@BOTH
@given(data=st.data())
def test_square_roots_are_nearest(bits, data):
    a = data.draw(patterns(bits))
    x = exact(a, bits)
    if x is None or x <= 0:
        return
    got = function("sqrt", bits)(a)
    # the root lies between the midpoints to both neighbours
    low, middle, high = (exact(got + step, bits) for step in (-1, 0, 1))
    assert low is not None and middle is not None and high is not None
    assert ((low + middle) / 2) ** 2 <= x <= ((middle + high) / 2) ** 2


@BOTH
@given(data=st.data())
def test_remainders_are_exact(bits, data):
    a, b = data.draw(patterns(bits)), data.draw(patterns(bits))
    x, y = exact(a, bits), exact(b, bits)
    if x is None or not y:
        return
    wanted = x - y * round(x / y)  # of two integers as near, Python rounds to the even one
    negative = bool(a >> (bits - 1))
    assert function("rem", bits)(a, b) == rounded(wanted, bits, negative_zero=negative)


@given(a=patterns(64), b=patterns(64))
def test_binary64_is_what_python_computes(a, b):
    x, y = number(a), number(b)
    for name, value in (("add", x + y), ("sub", x - y), ("mul", x * y)):
        got = function(name, 64)(a, b)
        if math.isnan(value):
            assert got == NAN[64]
        else:
            assert got == struct.unpack("<Q", struct.pack("<d", value))[0]


@BOTH
@given(data=st.data())
def test_comparisons_with_a_nan_hold_for_difference_only(bits, data):
    a = data.draw(patterns(bits))
    held = {n for n in ("eq", "ne", "lt", "le", "gt", "ge") if function(n, bits)(a, NAN[bits])}
    assert held == {"ne"}


@BOTH
@given(data=st.data())
def test_comparisons_are_those_of_the_numbers(bits, data):
    a, b = data.draw(patterns(bits)), data.draw(patterns(bits))
    x, y = exact(a, bits), exact(b, bits)
    if x is None or y is None:
        return
    got = [function(name, bits)(a, b) for name in ("eq", "ne", "lt", "le", "gt", "ge")]
    assert got == [x == y, x != y, x < y, x <= y, x > y, x >= y]


@BOTH
@given(data=st.data())
def test_integers_become_the_nearest_numbers(bits, data):
    n = data.draw(st.integers(0, (1 << bits) - 1))
    signed = n - (1 << bits) if n >> (bits - 1) else n
    assert function("from_unsigned", bits)(n) == rounded(Fraction(n), bits)
    assert function("from_signed", bits)(n) == rounded(Fraction(signed), bits)


@BOTH
@given(data=st.data())
def test_numbers_become_integers_towards_zero_or_say_that_they_do_not_fit(bits, data):
    a = data.draw(patterns(bits))
    x = exact(a, bits)
    for domain, least in (("signed", -(1 << (bits - 1))), ("unsigned", 0)):
        fits = x is not None and least <= math.trunc(x) < least + (1 << bits)
        assert function(f"fits_{domain}", bits)(a) == fits
        if fits:
            wanted = math.trunc(x) & ((1 << bits) - 1)
            assert function(f"to_{domain}", bits)(a) == wanted


@given(patterns(32))
def test_widening_is_exact(a):
    x = exact(a, 32)
    if x is not None:
        wanted = rounded(x, 64, negative_zero=bool(a >> 31))
        assert FUNCTIONS["widen_f32"](a) == wanted


@given(patterns(64))
@example(0x47EFFFFFEFFFFFFF)  # the last below the tie between the greatest and infinity
@example(0x47EFFFFFF0000000)  # that tie
def test_narrowing_rounds_once(a):
    x = exact(a, 64)
    if x is not None:
        wanted = rounded(x, 32, negative_zero=bool(a >> 63))
        assert FUNCTIONS["narrow_f64"](a) == wanted


@BOTH
def test_a_nan_is_always_the_canonical_one(bits):
    other = NAN[bits] | 1 << (bits - 1) | 5
    one, infinity = function("from_signed", bits)(1), INFINITY[bits]
    minus = 1 << (bits - 1)
    made = [
        function("add", bits)(other, one),
        function("add", bits)(infinity, infinity | minus),
        function("mul", bits)(0, infinity),
        function("div", bits)(0, minus),
        function("rem", bits)(infinity, one),
        function("rem", bits)(one, 0),
        function("sqrt", bits)(one | minus),
        function("fma", bits)(0, infinity, one),
        function("fma", bits)(infinity, one, infinity | minus),
        function("fma", bits)(one, one, other),
    ]
    assert made == [NAN[bits]] * len(made)


@pytest.mark.parametrize(
    ("name", "operands", "wanted"),
    [
        ("div", (ONE, 0), INFINITY[32]),
        ("div", (ONE, MINUS_ZERO), INFINITY[32] | MINUS_ZERO),
        ("div", (MINUS_ONE, 0), INFINITY[32] | MINUS_ZERO),
        ("add", (GREATEST, GREATEST), INFINITY[32]),
        ("mul", (GREATEST, MINUS_ONE), GREATEST | MINUS_ZERO),
        ("mul", (LEAST_SUBNORMAL, HALF), 0),  # a tie, and zero is even
        ("mul", (LEAST_NORMAL, HALF), 0x00400000),
        ("sub", (ONE, ONE), 0),
        ("add", (MINUS_ZERO, MINUS_ZERO), MINUS_ZERO),
        ("sqrt", (MINUS_ZERO,), MINUS_ZERO),
        ("rem", (MINUS_ONE, ONE), MINUS_ZERO),
        ("rem", (0x40400000, TWO), MINUS_ONE),  # 3 is as near to 2 as to 4, which is even
        ("fma", (ONE, ONE, MINUS_ONE), 0),
        ("fma", (0, MINUS_ONE, MINUS_ZERO), MINUS_ZERO),
        ("fma", (GREATEST, TWO, INFINITY[32] | MINUS_ZERO), INFINITY[32] | MINUS_ZERO),
        # 1 + 2**-23 squared, and half a step of the result less 2**-46: rounds down once
        ("fma", (0x3F800001, 0x3F800001, 0xA8800000), 0x3F800002),
    ],
)  # fmt: skip
def test_corners_of_binary32(name, operands, wanted):
    assert FUNCTIONS[f"{name}_f32"](*operands) == wanted


def test_fused_multiply_add_of_binary64_overflows_to_infinity_only_at_the_end():
    greatest, two = 0x7FEFFFFFFFFFFFFF, 0x4000000000000000
    fma = FUNCTIONS["fma_f64"]
    assert fma(greatest, two, 0) == INFINITY[64]
    assert fma(greatest, two, greatest | 1 << 63) == greatest
    assert fma(greatest | 1 << 63, two, 0) == INFINITY[64] | 1 << 63
    assert fma(greatest, two, INFINITY[64] | 1 << 63) == INFINITY[64] | 1 << 63
