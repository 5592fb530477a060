"""What a backcall passes: registers, stack, pushed data, all or nothing."""

from __future__ import annotations

import array
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conasm.ctypes import parse_type
from simfw.border import (
    pack_arguments,
    undeclared_call,
    unpack_arguments,
)
from simfw.errors import (
    ArgumentError,
    BindError,
    MemoryFault,
    RangeError,
)
from simfw.memory import Memory
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


def passed(convention, x, memory, arguments: tuple, *spellings: str | Untyped) -> int:
    """Pack a backcall's arguments below the top of the stack; the result is the callee's sp."""
    return pack_arguments(signature(convention, "void", *spellings), convention)(
        x, memory, TOP, arguments
    )


BITS = 0xFFFF_FFFF_FFFF_FFFF

# --- backcalls: arguments


def test_unsigned_32_bits_from_2_to_the_31_are_sign_extended_on_rv64(x, memory):
    passed(RV64, x, memory, (0xF0000000, 0xFFFF, -3), "uint32_t", "uint16_t", "int8_t")
    assert x[A0 : A0 + 3] == [0xFFFFFFFF_F0000000, 0xFFFF, 0xFFFFFFFF_FFFFFFFD]


def test_two_integers_and_the_aligned_stack_pointer(x, memory):
    pack = pack_arguments(signature(RV32, "void", "int", "int"), RV32)
    assert pack(x, memory, 0x10F7, (1, -1)) == 0x10F0
    assert x[A0 : A0 + 2] == [1, 0xFFFFFFFF]
    assert x[SP] == TOP - 0x100  # the caller sets it


def test_nine_integers_leave_the_last_on_the_stack(x, memory):
    sp = passed(RV32, x, memory, tuple(range(1, 10)), *["int"] * 9)
    assert sp == TOP - 16
    assert x[A0 : A0 + 8] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert x[A0 + 8] == 0  # s2 is nobody's argument
    assert memory.read(sp, 16) == struct.pack("<I", 9) + bytes(12)


def test_stack_arguments_have_the_layout_that_clang_reads(x, memory):
    spellings = ["int"] * 8 + ["uint8_t", "int8_t", "uint32_t", "bool", "int64_t", "int"]
    values = (*range(1, 9), 0xFE, -3, 0xF0000000, True, 0x1122334455667788, 77)
    sp = passed(RV32, x, memory, values, *spellings)
    expected = (0xFE, 0xFFFFFFFD, 0xF0000000, 1, 0x55667788, 0x11223344, 77)
    assert sp == TOP - 32
    assert memory.read(sp, 28) == struct.pack("<7I", *expected)


def test_stack_arguments_of_rv64_have_the_layout_that_clang_reads():
    memory = Memory(64, base=0, span=1 << 20)
    memory.map(STACK, 0x1000, RW, "stack")
    x = [0] * 33
    spellings = ["int"] * 8 + ["uint8_t", "int8_t", "uint32_t", "bool", "int64_t", "int"]
    values = (*range(1, 9), 0xFE, -3, 0xF0000000, True, 0x1122334455667788, 77)
    sp = passed(RV64, x, memory, values, *spellings)
    expected = (0xFE, BITS - 2, 0xFFFFFFFF_F0000000, 1, 0x1122334455667788, 77)
    assert sp == TOP - 48
    assert memory.read(sp, 48) == struct.pack("<6Q", *expected)


def test_a_pair_splits_between_a7_and_the_stack(x, memory):
    values = (1, 2, 3, 4, 5, 6, 7, 0x1122334455667788, 9)
    sp = passed(RV32, x, memory, values, *["int"] * 7, "int64_t", "int")
    assert x[A7] == 0x55667788
    assert memory.read(sp, 8) == struct.pack("<II", 0x11223344, 9)


def test_text_is_pushed_with_its_nul_and_passed_by_pointer(x, memory):
    sp = passed(RV32, x, memory, ("grün", 5), "const char*", "int")
    assert sp == x[A0] == TOP - 16
    assert x[A1] == 5
    assert memory.read(sp, 6) == b"gr\xc3\xbcn\0"


def test_bytes_for_text_get_a_nul_too(x, memory):
    passed(RV32, x, memory, (b"abc",), "const char*")
    assert memory.cstr(x[A0]) == "abc"
    passed(RV32, x, memory, (b"0123456789abcdef",), "char*")
    assert memory.cstr(x[A0]) == "0123456789abcdef"


def test_bytes_are_passed_by_pointer_and_length(x, memory):
    for data in (b"ab\0c", bytearray(b"ab\0c"), memoryview(b"ab\0c"), array.array("B", b"ab\0c")):
        passed(RV32, x, memory, (data, 7), "bytes", "int")
        assert x[A0 : A0 + 3] == [TOP - 16, 4, 7]
        assert memory.read(TOP - 16, 4) == b"ab\0c"


def test_a_view_with_gaps_is_passed_without_them(x, memory):
    passed(RV32, x, memory, (memoryview(b"a-b-c-")[::2],), "bytes")
    assert (x[A1], memory.read(x[A0], 3)) == (3, b"abc")


def test_items_of_a_buffer_count_in_bytes(x, memory):
    passed(RV32, x, memory, (array.array("H", [1, 0x203]),), "bytes")
    assert (x[A1], memory.read(x[A0], 4)) == (4, b"\1\0\3\2")


def test_data_for_a_pointer_is_pushed_and_an_int_is_the_address(x, memory):
    passed(RV32, x, memory, (b"\1\2\3\4", 0xF010, 0), "uint32_t*", "void*", "const char*")
    assert x[A0 : A0 + 3] == [TOP - 16, 0xF010, 0]
    assert memory.read(TOP - 16, 4) == b"\1\2\3\4"


def test_pushed_data_lies_above_the_stack_arguments(x, memory):
    arguments = (b"A" * 17, "bc", 3, 4, 5, 6, 7, 8, 9)
    sp = passed(RV32, x, memory, arguments, "bytes", "const char*", *["int"] * 7)
    assert x[A0 : A0 + 3] == [TOP - 32, 17, TOP - 48]
    assert sp == TOP - 64
    assert memory.read(sp, 8) == struct.pack("<II", 8, 9)
    assert memory.read(TOP - 48, 3) == b"bc\0"
    assert memory.read(TOP - 32, 17) == b"A" * 17


def test_empty_data_and_text(x, memory):
    passed(RV32, x, memory, (b"", ""), "bytes", "const char*")
    assert x[A0 : A0 + 3] == [TOP, 0, TOP - 16]
    assert memory.read(TOP - 16, 1) == b"\0"


def test_pushes_below_an_odd_stack_pointer_are_aligned(x, memory):
    pack = pack_arguments(signature(RV32, "void", "const char*"), RV32)
    sp = pack(x, memory, TOP - 5, ("x",))
    assert sp == x[A0] == TOP - 16


def test_what_lies_above_the_stack_pointer_is_untouched(x, memory):
    memory.write(TOP - 5, b"alive")
    pack = pack_arguments(signature(RV32, "void", *["int"] * 10, "const char*"), RV32)
    pack(x, memory, TOP - 5, (*range(10), "text"))
    assert memory.read(TOP - 5, 5) == b"alive"


def test_the_wrong_number_of_arguments_shows_the_prototype(x, memory):
    for spellings, args in ((["int", "int"], (1,)), (["int"], ()), (["const char*"], ("a", "b"))):
        with pytest.raises(ArgumentError, match=r"void f\(.*\) takes \d arguments?, not \d"):
            passed(RV32, x, memory, args, *spellings)


@pytest.mark.parametrize(
    ("spelling", "value", "text"),
    [
        ("int", "3", "must be int (an integer), not str '3'"),
        ("int", 3.0, "must be int (an integer), not float 3.0; int() or round() makes one"),
        ("int", None, "must be int (an integer), not None"),
        ("bool", "yes", "must be bool (an integer), not str 'yes'"),
        ("double", "3", "must be double (a number), not str '3'"),
        ("bytes", "text", "must be bytes or another buffer, not str 'text'; encode() makes bytes"),
        ("bytes", 3, "must be bytes or another buffer, not int 3"),
        ("const char*", None, "must be const char* (an address), not None; 0 is NULL"),
        ("const char*", 1.5, "must be const char* (an address), not float 1.5"),
        ("uint32_t*", "text", "must be uint32_t* (an address or a buffer), not str 'text'"),
        ("const char*", "a\0b", ": the text has a NUL at byte 1"),
        ("const char*", b"a\0b", ": the text has a NUL at byte 1"),
        ("char*", "a\0b", ": the text has a NUL at byte 1"),
        ("const char*", "\ud800", ": the text has a lone surrogate at 0"),
    ],
)
def test_arguments_of_another_type_are_refused_by_position(x, memory, spelling, value, text):
    with pytest.raises(ArgumentError) as caught:
        passed(RV32, x, memory, (0, value), "int", spelling)
    assert str(caught.value).startswith("argument 2 of f()")
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        ("int8_t", 128),
        ("uint8_t", -1),
        ("uint16_t", 65536),
        ("int", 1 << 31),
        ("uint32_t", 1 << 32),
        ("uint64_t", 1 << 64),
        ("bool", 2),
        ("void*", -1),
        ("const char*", 1 << 32),
        (Untyped(4), 1 << 32),
        ("float", 1e39),
        pytest.param("int", 1 << 100_000, id="int-huge"),
    ],
)
def test_arguments_out_of_range_are_refused_by_position(x, memory, spelling, value):
    with pytest.raises(RangeError, match=r"^argument 2 of f\(\): .* does not fit"):
        passed(RV32, x, memory, (0, value), "int", spelling)


@pytest.mark.parametrize(
    "arguments", [(b"data", 1, "bad"), ("text", 1, 1 << 32), (b"data", 1), (b"x" * 5000, 1, 1)]
)
def test_a_refused_call_changes_no_register_and_no_byte(x, memory, arguments):
    registers, content = list(x), memory.read(DATA, TOP - DATA)
    with pytest.raises((ArgumentError, RangeError, MemoryFault)):
        passed(RV32, x, memory, arguments, "const char*", "uint64_t", "int")
    assert x == registers
    assert memory.read(DATA, TOP - DATA) == content


def test_pushing_beyond_the_stack_never_touches_the_region_below(x, memory):
    with pytest.raises(MemoryFault) as caught:
        passed(RV32, x, memory, (bytes(4097),), "bytes")
    assert caught.value.cause == (
        "stack overflow: the call of f() needs 4112 bytes below sp 0x11000, "
        "and there are 4096 in region stack"
    )
    passed(RV32, x, memory, (bytes(4096),), "bytes")


@pytest.mark.parametrize("sp", [0, 8, 0x3000, 0xFFFFFFF0])
def test_a_wild_stack_pointer_is_a_stack_overflow(x, memory, sp):
    for spellings, values in ((["const char*"], ("x",)), (["int"] * 9, tuple(range(9)))):
        with pytest.raises(MemoryFault, match="stack overflow"):
            pack_arguments(signature(RV32, "void", *spellings), RV32)(x, memory, sp, values)


def test_an_address_that_would_be_negative_is_an_overflow_on_the_stack_too(x, memory):
    pack = pack_arguments(signature(RV32, "void", *["int"] * 8, "const char*"), RV32)
    with pytest.raises(MemoryFault, match="stack overflow"):
        pack(x, memory, 16, (*range(8), "x" * 100))


def test_a_read_only_stack_is_a_fault(x, memory):
    with pytest.raises(MemoryFault, match="rodata"):
        pack_arguments(signature(RV32, "void", "const char*"), RV32)(x, memory, 0x2100, ("x",))


def test_a_released_buffer_is_no_buffer(x, memory):
    view = memoryview(b"abc")
    view.release()
    with pytest.raises(ArgumentError, match="must be bytes or another buffer"):
        passed(RV32, x, memory, (view,), "bytes")


# --- calls that nothing declares


def test_an_undeclared_call_goes_by_the_types_of_its_arguments(x, memory):
    pack, unpack = undeclared_call("test", RV32)
    assert pack(x, memory, TOP, (555, -1, "hi", b"\1\2")) == TOP - 32
    assert x[A0 : A0 + 4] == [555, 0xFFFFFFFF, TOP - 16, TOP - 32]
    assert (memory.cstr(TOP - 16), memory.read(TOP - 32, 2)) == ("hi", b"\1\2")
    x[A0] = 0xFFFFFFFE
    assert unpack(x) == -2


def test_an_undeclared_integer_fills_the_register_with_either_sign(x, memory):
    pack, _ = undeclared_call("test", RV32)
    for value, bits in ((-(2**31), 0x80000000), (2**32 - 1, 0xFFFFFFFF)):
        pack(x, memory, TOP, (value,))
        assert x[A0] == bits
    for value in (-(2**31) - 1, 2**32):
        with pytest.raises(RangeError, match=r"argument 1 of test\(\)"):
            pack(x, memory, TOP, (value,))


def test_an_undeclared_call_may_name_its_result(x):
    x[A0] = 0xFFFFFFFE
    _, unpack = undeclared_call("test", RV32, "uint32_t")
    assert unpack(x) == 0xFFFFFFFE
    with pytest.raises(ArgumentError, match="unknown type"):
        undeclared_call("test", RV32, "uint23_t")


def test_an_undeclared_double_goes_where_the_abi_keeps_doubles(x, memory):
    pack, _ = undeclared_call("test", RV32)
    pack(x, memory, TOP, (1.5,))
    assert x[A0 : A0 + 2] == [0, 0x3FF80000]
    pack, _ = undeclared_call("test", IntegerConvention(32, 64))
    with pytest.raises(BindError, match="floating-point registers"):
        pack(x, memory, TOP, (1.5,))


def test_many_combinations_of_argument_types_are_remembered_only_so_far(x, memory):
    pack, _ = undeclared_call("test", RV32)
    for number in range(200):
        kind = type(f"Kind{number}", (int,), {})
        pack(x, memory, TOP, (kind(number),))
        assert x[A0] == number


# --- both ways

TYPES = st.sampled_from(
    ["bool", "int8_t", "uint8_t", "int16_t", "uint16_t", "int", "uint32_t", "int64_t", "uint64_t"]
)


@st.composite
def calls(draw):
    """A list of types, and a value of each."""
    spellings = draw(st.lists(TYPES, max_size=12))
    values = []
    for spelling in spellings:
        if spelling == "bool":
            values.append(draw(st.booleans()))
            continue
        bits = {"int": 32}.get(spelling) or int("".join(filter(str.isdigit, spelling)))
        low, high = (
            (0, 2**bits - 1) if spelling[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        )
        values.append(draw(st.integers(low, high)))
    return spellings, tuple(values)


@given(calls(), st.sampled_from([RV32, RV64]))
def test_what_a_backcall_packs_an_outcall_of_the_same_signature_unpacks(call, convention):
    spellings, values = call
    memory = Memory(64, base=0, span=1 << 20)
    memory.map(STACK, 0x1000, RW, "stack")
    x = [0] * 33
    x[SP] = passed(convention, x, memory, values, *spellings)
    assert x[SP] % 16 == 0
    assert all(0 <= content < 1 << convention.xlen for content in x)
    assert received(convention, x, memory, int, *spellings) == values
