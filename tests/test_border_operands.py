"""Single operands from and to the host: each type at both edges, and what is refused."""

from __future__ import annotations

import enum
import math

import pytest

from conasm.ctypes import parse_type
from simfw import ResultRangeError
from simfw.border import pack_arguments, pack_result, unpack_arguments, unpack_result
from simfw.errors import GuestFault, RangeError, ResultError
from simfw.memory import Memory
from simfw.operand import OutcallArg
from simfw.permissions import Permissions
from simfw.riscv.psabi import IntegerConvention
from simfw.signature import Parameter, Signature
from simfw.types import Untyped

RV32, RV64 = IntegerConvention(32), IntegerConvention(64)
A0, A1, A2, A7, SP = 10, 11, 12, 17, 2
RW = Permissions.READ | Permissions.WRITE
DATA, STACK, TOP = 0xF000, 0x10000, 0x11000


@pytest.fixture
def memory() -> Memory:
    memory = Memory(32)
    memory.map(DATA, STACK - DATA, RW, "data")
    memory.map(STACK, TOP - STACK, RW, "stack")
    memory.map(0x2000, 0x100, Permissions.READ, "rodata")
    return memory


@pytest.fixture
def x() -> list[int]:
    registers = [0] * 33
    registers[SP] = TOP - 0x100
    return registers


def signature(convention, *spellings: str | Untyped) -> Signature:
    """The result first, then the arguments, all of `f`."""
    result, *arguments = (parse_type(s) if isinstance(s, str) else s for s in spellings)
    results = () if result == parse_type("void") else (result,)
    return Signature("f", tuple(map(Parameter, arguments)), results, convention.model, "f.cas:1:1")


def received(convention, x, memory, annotation, *spellings: str | Untyped) -> tuple:
    made = signature(convention, "void", *spellings)
    return unpack_arguments(made, convention, [annotation] * len(spellings))(x, memory)


def returned(convention, spelling: str | Untyped, value: object) -> list[int]:
    """The registers a0 and a1 after an outcall returned `value`."""
    registers = [0x5A5A5A5A] * 33
    pack_result(signature(convention, spelling), convention)(registers, None, value)
    return registers[A0 : A1 + 1]


def passed(convention, x, memory, arguments: tuple, *spellings: str | Untyped) -> int:
    """Pack a backcall's arguments below the top of the stack; the result is the callee's sp."""
    return pack_arguments(signature(convention, "void", *spellings), convention)(
        x, memory, TOP, arguments
    )


BITS = 0xFFFF_FFFF_FFFF_FFFF

# --- outcalls: results

EDGES_32 = [
    ("int8_t", -128, 0xFFFFFF80),
    ("int8_t", 127, 0x7F),
    ("uint8_t", 255, 0xFF),
    ("char", 255, 0xFF),
    ("int16_t", -32768, 0xFFFF8000),
    ("int16_t", 32767, 0x7FFF),
    ("uint16_t", 65535, 0xFFFF),
    ("int", -2147483648, 0x80000000),
    ("int", 2147483647, 0x7FFFFFFF),
    ("uint32_t", 4294967295, 0xFFFFFFFF),
    ("uint32_t", 0, 0),
    ("bool", True, 1),
    ("bool", 0, 0),
    ("void*", 4294967295, 0xFFFFFFFF),
    (Untyped(4), -2147483648, 0x80000000),
    (Untyped(4), 4294967295, 0xFFFFFFFF),
    (Untyped(1), 255, 0xFF),
    (Untyped(1), -128, 0xFFFFFF80),
    ("float", 1.5, 0x3FC00000),
]


@pytest.mark.parametrize(("spelling", "value", "bits"), EDGES_32)
def test_results_fill_a0_of_rv32_widened_by_their_own_sign(spelling, value, bits):
    assert returned(RV32, spelling, value) == [bits, 0x5A5A5A5A]


@pytest.mark.parametrize(
    ("spelling", "value", "bits"),
    [
        ("uint32_t", 0xF0000000, 0xFFFFFFFF_F0000000),
        ("uint32_t", 0x7FFFFFFF, 0x7FFFFFFF),
        ("int", -3, 0xFFFFFFFF_FFFFFFFD),
        ("uint16_t", 0xFFFF, 0xFFFF),
        ("uint8_t", 0xFF, 0xFF),
        ("int8_t", -1, BITS),
        ("bool", True, 1),
        ("uint64_t", BITS, BITS),
        ("int64_t", -9223372036854775808, 1 << 63),
        ("void*", BITS, BITS),
        (Untyped(4), 0xF0000000, 0xFFFFFFFF_F0000000),
        (Untyped(4), -1, BITS),
        (Untyped(1), 200, 200),
        (Untyped(8), BITS, BITS),
        ("double", -2.5, 0xC004000000000000),
    ],
)
def test_results_fill_a0_of_rv64_sign_extended_from_32_bits(spelling, value, bits):
    assert returned(RV64, spelling, value)[0] == bits


def test_64_bit_results_of_rv32_fill_a0_and_a1():
    assert returned(RV32, "uint64_t", 0x1122334455667788) == [0x55667788, 0x11223344]
    assert returned(RV32, "int64_t", -2) == [0xFFFFFFFE, 0xFFFFFFFF]
    assert returned(RV32, "double", 1.5) == [0, 0x3FF80000]


def test_128_bit_results_of_rv64_fill_a0_and_a1():
    assert returned(RV64, "__int128", -2) == [BITS - 1, BITS]


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        ("int8_t", 128),
        ("int8_t", -129),
        ("uint8_t", 256),
        ("uint8_t", -1),
        ("int16_t", 32768),
        ("int16_t", -32769),
        ("uint16_t", 65536),
        ("int", 2147483648),
        ("int", -2147483649),
        ("uint32_t", 4294967296),
        ("uint32_t", -1),
        ("int64_t", 9223372036854775808),
        ("uint64_t", 18446744073709551616),
        ("uint64_t", -1),
        ("bool", 2),
        ("void*", -1),
        ("void*", 4294967296),
        (Untyped(4), 4294967296),
        (Untyped(4), -2147483649),
        (Untyped(2), 65536),
        ("float", 1e39),
        ("float", 16777217),
        ("double", 2**53 + 1),
        pytest.param("double", 10**400, id="double-huge"),
        pytest.param("int", 1 << 100_000, id="int-huge"),
    ],
)
def test_results_out_of_range_are_refused_and_change_nothing(spelling, value):
    x = [7] * 33
    pack = pack_result(signature(RV32, spelling), RV32)
    with pytest.raises(ResultRangeError, match=r"^the result of f\(\): .* does not fit") as caught:
        pack(x, None, value)
    assert x == [7] * 33
    assert isinstance(caught.value, ResultError)
    assert isinstance(caught.value, RangeError)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, OverflowError)
    assert len(str(caught.value)) < 300


def test_a_range_error_tells_value_type_and_range():
    with pytest.raises(ResultRangeError) as caught:
        returned(RV32, "uint8_t", 300)
    assert str(caught.value) == "the result of f(): int 300 does not fit uint8_t (0 … 255)"


class Stranger:
    def __repr__(self) -> str:
        raise ValueError("no")


@pytest.mark.parametrize("value", ["3", b"3", 3.0, 1j, [3], object(), Stranger(), ("x" * 10**6,)])
@pytest.mark.parametrize("spelling", ["int", "bool", "uint64_t", "void*", "const char*"])
def test_results_of_another_type_are_refused(spelling, value):
    with pytest.raises(ResultError, match=r"^the result of f\(\) must be ") as caught:
        returned(RV32, spelling, value)
    assert not isinstance(caught.value, RangeError)
    assert len(str(caught.value)) < 300


def test_none_for_a_value_says_what_to_do():
    with pytest.raises(ResultError) as caught:
        returned(RV32, "int", None)
    assert str(caught.value) == (
        "the result of f() must be int (an integer), not None; "
        "return one, or declare the outcall void"
    )
    with pytest.raises(ResultError, match=r"void\* \(an address\), not None; 0 is NULL"):
        returned(RV32, "void*", None)


@pytest.mark.parametrize("value", ["1.5", None, 1j, [1.5]])
def test_a_float_result_must_be_a_number(value):
    with pytest.raises(ResultError, match=r"must be double \(a number\)"):
        returned(RV32, "double", value)


@pytest.mark.parametrize("value", [0, False, "", object()])
def test_void_returns_none_and_nothing_else(value):
    assert returned(RV32, "void", None) == [0x5A5A5A5A, 0x5A5A5A5A]
    with pytest.raises(ResultError, match=r"f\(\) is declared void but returned"):
        returned(RV32, "void", value)


class Colour(enum.IntEnum):
    RED = 3


class Indexed:
    def __index__(self) -> int:
        return 5


def test_whatever_is_an_integer_to_python_is_one_here():
    assert returned(RV32, "uint8_t", Colour.RED)[0] == 3
    assert returned(RV32, "uint8_t", Indexed())[0] == 5
    assert returned(RV32, "uint8_t", True)[0] == 1
    assert returned(RV32, "double", Indexed())[1] == 0x40140000


def test_an_operand_may_be_returned_as_it_came(x, memory):
    x[A0] = 0xFFFFFFFD
    (arg,) = received(RV32, x, memory, OutcallArg, "int")
    assert returned(RV32, "int", arg)[0] == 0xFFFFFFFD


@pytest.mark.parametrize(("spelling", "value", "bits"), EDGES_32)
def test_arguments_fill_registers_as_results_do(x, memory, spelling, value, bits):
    assert passed(RV32, x, memory, (value,), spelling) == TOP
    assert x[A0] == bits


# --- backcalls: results


@pytest.mark.parametrize(
    ("convention", "spelling", "registers", "value"),
    [
        (RV32, "uint16_t", (0xFFFF29B1, 0), 0x29B1),
        (RV32, "int16_t", (0xFFFF8000, 0), -32768),
        (RV32, "int8_t", (0xFD, 0), -3),
        (RV32, "char", (0xFF, 0), 255),
        (RV32, "int", (0xFFFFFFFF, 9), -1),
        (RV32, "uint32_t", (0xFFFFFFFF, 9), 4294967295),
        (RV32, "uint64_t", (0x55667788, 0x11223344), 0x1122334455667788),
        (RV32, "int64_t", (0xFFFFFFFE, 0xFFFFFFFF), -2),
        (RV32, "void*", (0x80000000, 0), 0x80000000),
        (RV32, "const char*", (0x80000000, 0), 0x80000000),
        (RV32, Untyped(4), (0xFFFFFFFE, 0), -2),
        (RV32, "float", (0x3FC00000, 0), 1.5),
        (RV32, "double", (0, 0xC0040000), -2.5),
        (RV64, "uint32_t", (0xFFFFFFFF_F0000000, 0), 0xF0000000),
        (RV64, "int", (0x00000000_FFFFFFFD, 0), -3),
        (RV64, "uint64_t", (BITS, 0), BITS),
        (RV64, "long", (BITS, 0), -1),
        (RV64, "double", (0xC004000000000000, 0), -2.5),
        (RV64, "__int128", (BITS - 1, BITS), -2),
    ],
)
def test_results_are_read_in_their_type(x, convention, spelling, registers, value):
    x[A0 : A0 + 2] = registers
    assert unpack_result(signature(convention, spelling), convention)(x) == value


def test_a_bool_result_is_a_bool(x):
    unpack = unpack_result(signature(RV32, "bool"), RV32)
    x[A0] = 1
    assert unpack(x) is True
    x[A0] = 0xFF
    with pytest.raises(GuestFault, match=r"the result of f\(\) is 0xff, but a bool is 0 or 1"):
        unpack(x)


def test_void_results_are_none(x):
    assert unpack_result(signature(RV32, "void"), RV32)(x) is None


def test_nan_and_infinity_cross(x, memory):
    for number in (math.inf, -math.inf, math.nan):
        passed(RV64, x, memory, (number,), "float")
        found = unpack_result(signature(RV64, "float"), RV64)(x)
        assert found == number or (math.isnan(found) and math.isnan(number))
