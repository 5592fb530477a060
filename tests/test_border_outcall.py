"""What an outcall receives: values from registers, stack and memory, and what is refused."""

from __future__ import annotations

import struct

import pytest

from conasm.ctypes import parse_type
from simfw.border import (
    unpack_arguments,
)
from simfw.errors import (
    BindError,
    GuestFault,
    MemoryFault,
)
from simfw.memory import Memory
from simfw.operand import OutcallArg
from simfw.permissions import Permissions
from simfw.riscv.psabi import IntegerConvention, SyscallConvention
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


# --- outcalls: arguments

BITS = 0xFFFF_FFFF_FFFF_FFFF


@pytest.mark.parametrize(
    ("spelling", "bits", "value"),
    [
        ("int8_t", 0xFFFFFFFD, -3),
        ("int8_t", 0x7F, 127),
        ("uint8_t", 0xFD, 253),
        ("char", 0xFF, 255),
        ("int16_t", 0xFFFF8000, -32768),
        ("uint16_t", 0xFFFF, 65535),
        ("int", 0x80000000, -2147483648),
        ("int", 0x7FFFFFFF, 2147483647),
        ("uint32_t", 0xF0000000, 4026531840),
        ("size_t", 0xFFFFFFFF, 4294967295),
        ("void*", 0x80001000, 0x80001000),
        ("const char*", 0x80001000, 0x80001000),
        (Untyped(4), 0xFFFFFFFF, -1),
        ("bool", 1, 1),
    ],
)
def test_an_int_is_the_value_in_the_declared_type(x, memory, spelling, bits, value):
    x[A0] = bits
    (found,) = received(RV32, x, memory, int, spelling)
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize(
    ("spelling", "bits", "value"),
    [
        ("uint32_t", 0xFFFFFFFF_F0000000, 0xF0000000),  # as psABI callers extend it
        ("uint32_t", 0x00000000_F0000000, 0xF0000000),
        ("int", 0xFFFFFFFF_FFFFFFFD, -3),
        ("int", 0x12345678_FFFFFFFD, -3),  # rubbish above the operand
        ("uint8_t", BITS, 255),
        ("int64_t", BITS, -1),
        ("uint64_t", BITS, 18446744073709551615),
        ("long", 1 << 63, -9223372036854775808),
        (Untyped(8), BITS, -1),
    ],
)
def test_registers_of_rv64_hold_operands_in_their_low_bits(x, memory, spelling, bits, value):
    x[A0] = bits
    assert received(RV64, x, memory, int, spelling) == (value,)


def test_64_bits_come_from_a_register_pair_low_half_first(x, memory):
    x[A1], x[A2] = 0x55667788, 0x91223344
    found = received(RV32, x, memory, int, "int", "uint64_t")
    assert found == (0, 0x9122334455667788)
    assert received(RV32, x, memory, int, "int", "int64_t")[1] == 0x9122334455667788 - 2**64


def test_128_bits_come_from_a_pair_on_rv64(x, memory):
    x[A0], x[A1] = 2, 1
    assert received(RV64, x, memory, int, "unsigned __int128") == (18446744073709551618,)


def test_the_ninth_argument_comes_from_the_stack(x, memory):
    x[A0 : A0 + 8] = [1, 2, 3, 4, 5, 6, 7, 8]
    memory.write(x[SP], struct.pack("<iI", -9, 0xF0000000))
    spellings = ["int"] * 9 + ["uint32_t"]
    found = received(RV32, x, memory, int, *spellings)
    assert found == (1, 2, 3, 4, 5, 6, 7, 8, -9, 0xF0000000)


def test_stack_slots_of_rv64_are_8_bytes_apart(memory):
    memory64 = Memory(64, base=0, span=1 << 20)
    memory64.map(STACK, 0x1000, RW, "stack")
    x = [0] * 33
    x[SP] = STACK + 0x100
    memory64.write(x[SP], struct.pack("<qq", -9, -10))
    found = received(RV64, x, memory64, int, *["int"] * 10)
    assert found[8:] == (-9, -10)


def test_a_split_pair_comes_from_a7_and_the_stack(x, memory):
    x[A7] = 0x55667788
    memory.write(x[SP], struct.pack("<I", 0x11223344))
    found = received(RV32, x, memory, int, *["int"] * 7, "int64_t")
    assert found[7] == 0x1122334455667788


def test_a_wild_stack_pointer_is_a_fault_of_the_guest(x, memory):
    x[SP] = 0xFFFFFFFE
    with pytest.raises(MemoryFault):
        received(RV32, x, memory, int, *["int"] * 9)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6])
def test_any_number_of_arguments(x, memory, count):
    x[A0 : A0 + 6] = [1, 2, 3, 4, 5, 6]
    assert received(RV32, x, memory, int, *["int"] * count) == (1, 2, 3, 4, 5, 6)[:count]


def test_operands_are_the_default(x, memory):
    x[A0], x[A1] = 0xFFFFFFFD, 7
    made = signature(RV32, "void", "int8_t", "int64_t")
    for receivers in (None, [None, OutcallArg]):
        first, second = unpack_arguments(made, RV32, receivers)(x, memory)
        assert isinstance(first, OutcallArg)
        assert (first.unsigned, first.signed, first.width) == (253, -3, 1)
        assert (second.unsigned, second.width) == (7, 8)


def test_an_operand_as_wide_as_a_register_keeps_all_bits(x, memory):
    x[A0] = 0xFFFFFFFF
    ((arg,),) = (unpack_arguments(signature(RV32, "void", "uint32_t"), RV32)(x, memory),)
    assert arg.unsigned == 0xFFFFFFFF


def test_text_is_read_up_to_its_nul(x, memory):
    memory.write(DATA, b"gr\xc3\xbcn\0rest")
    x[A0] = DATA
    assert received(RV32, x, memory, str, "const char*") == ("grün",)
    assert received(RV32, x, memory, str, "char*") == ("grün",)
    assert received(RV32, x, memory, str, Untyped(4)) == ("grün",)
    assert received(RV32, x, memory, bytes, "const char*") == (b"gr\xc3\xbcn",)


def test_bytes_are_a_pointer_and_a_length(x, memory):
    memory.write(DATA, b"ab\0cd")
    x[A0], x[A1], x[A2] = DATA, 4, 9
    made = signature(RV32, "void", "bytes", "int")
    assert unpack_arguments(made, RV32, [bytes, int])(x, memory) == (b"ab\0c", 9)
    assert unpack_arguments(made, RV32, [str, int])(x, memory) == ("ab\0c", 9)


def test_a_memoryview_is_the_guests_own_memory_but_read_only(x, memory):
    x[A0], x[A1] = DATA, 4
    (view,) = received(RV32, x, memory, memoryview, "bytes")
    memory.write(DATA, b"late")
    assert bytes(view) == b"late"
    assert view.readonly


def test_an_operand_of_bytes_knows_its_length(x, memory):
    memory.write(DATA, b"abcd")
    x[A0], x[A1] = DATA, 3
    (arg,) = received(RV32, x, memory, OutcallArg, "bytes")
    assert (arg.address, arg.length, arg.type) == (DATA, 3, parse_type("bytes"))
    assert bytes(arg.slice()) == b"abc"
    assert bytes(arg.slice(2)) == b"ab"


@pytest.mark.parametrize("annotation", [str, bytes])
@pytest.mark.parametrize("pointer", [0, 0x3000, 0xFFFFFFFF])
def test_wild_text_pointers_are_faults_that_name_the_argument(x, memory, annotation, pointer):
    x[A0] = pointer
    with pytest.raises(MemoryFault, match=r"^argument 1 of f\(\): "):
        received(RV32, x, memory, annotation, "const char*")


def test_text_without_end_is_a_fault(x, memory):
    memory.write(STACK, b"x" * (TOP - STACK))
    x[A0] = STACK
    with pytest.raises(MemoryFault, match=r"argument 1 of f\(\)"):
        received(RV32, x, memory, str, "const char*")


@pytest.mark.parametrize("annotation", [str, bytes, memoryview])
@pytest.mark.parametrize(
    ("pointer", "length"), [(0, 1), (DATA, 0xFFFFFFFF), (0xFFFFFFFF, 2), (TOP - 1, 2)]
)
def test_wild_buffers_are_faults_that_name_the_argument(x, memory, annotation, pointer, length):
    x[A0], x[A1] = pointer, length
    with pytest.raises(MemoryFault, match=r"^argument 1 of f\(\): "):
        received(RV32, x, memory, annotation, "bytes")


def test_text_that_is_no_utf8_is_a_fault(x, memory):
    memory.write(DATA, b"ab\xff\0")
    x[A0], x[A1] = DATA, 3
    for spelling in ("const char*", "bytes"):
        with pytest.raises(MemoryFault, match=r"argument 1 of f\(\).*not UTF-8.*byte 2"):
            received(RV32, x, memory, str, spelling)


def test_a_bool_is_0_or_1_in_its_low_8_bits(x, memory):
    for bits, value in ((0, False), (1, True), (0xABCD0001, True)):
        x[A0] = bits
        assert received(RV32, x, memory, bool, "bool")[0] is value
    x[A0] = 2
    for annotation in (bool, int):
        with pytest.raises(GuestFault, match=r"argument 1 of f\(\) is 0x2, but a bool is 0 or 1"):
            received(RV32, x, memory, annotation, "bool")


def test_an_untyped_operand_as_bool_is_0_or_1_in_all_bits(x, memory):
    x[A0] = 1
    assert received(RV32, x, memory, bool, Untyped(4)) == (True,)
    x[A0] = 0x101
    with pytest.raises(GuestFault, match="0x101"):
        received(RV32, x, memory, bool, Untyped(4))


def test_floats_come_as_bits(x, memory):
    x[A0], x[A1], x[A2] = 0x3FC00000, 0, 0xC0040000
    assert received(RV32, x, memory, float, "float", "double") == (1.5, -2.5)
    x[A0], x[A1] = 0xFFFFFFFF_C0200000, 0xC004000000000000
    assert received(RV64, x, memory, float, "float", "double") == (-2.5, -2.5)


@pytest.mark.parametrize(
    ("spelling", "annotation", "offers"),
    [
        ("uint32_t", str, "OutcallArg or int"),
        ("uint32_t", bool, "OutcallArg or int"),
        ("uint32_t", float, "OutcallArg or int"),
        ("float", int, "OutcallArg or float"),
        ("bool", str, "OutcallArg or int or bool"),
        ("const char*", memoryview, "OutcallArg or int or str or bytes"),
        ("uint32_t*", bytes, "OutcallArg or int"),
        ("bytes", int, "OutcallArg or str or bytes or memoryview"),
        ("int", list, "OutcallArg or int"),
        ("int", "nonsense", "OutcallArg or int"),
        ("int", [], "OutcallArg or int"),
    ],
)
def test_annotations_that_do_not_fit_are_found_when_binding(spelling, annotation, offers):
    made = signature(RV32, "void", "int", spelling)
    with pytest.raises(BindError) as caught:
        unpack_arguments(made, RV32, [int, annotation])
    text = str(caught.value)
    assert text.startswith("f.cas:1:1: f(): argument 2 of f() is declared ")
    assert text.endswith(f"annotate the parameter with {offers}")


def test_an_untyped_operand_narrower_than_a_pointer_is_no_text():
    with pytest.raises(BindError, match="annotate the parameter with OutcallArg or int or bool"):
        unpack_arguments(signature(RV64, "void", Untyped(4)), RV64, [str])


def test_the_number_of_parameters_is_checked_when_binding():
    with pytest.raises(BindError, match="declared with 2 parameters, but the function takes 1"):
        unpack_arguments(signature(RV32, "void", "int", "int"), RV32, [int])


def test_system_calls_take_the_same_way(x, memory):
    convention = SyscallConvention(32)
    x[A0 : A0 + 3] = [0xFFFFFFFF, 2, 1]
    found = received(convention, x, memory, int, "int", "uint64_t")
    assert found == (-1, 0x100000002)
