"""OutcallArg: the readings of an operand, what follows its pointer, and its life."""

from __future__ import annotations

import pytest

from conasm.ctypes import DataModel, parse_type
from simfw.errors import ArgumentError, GuestFault, MemoryFault, RangeError, StateError
from simfw.memory import Memory
from simfw.operand import OutcallArg
from simfw.permissions import Permissions
from simfw.types import Untyped, operand_types

RW = Permissions.READ | Permissions.WRITE


@pytest.fixture
def memory() -> Memory:
    memory = Memory(32)
    memory.map(0x1000, 0x100, RW, "ram")
    return memory


def operand(bits: int, spelling: str | int, memory: Memory | None = None, **more) -> OutcallArg:
    """An operand of an ILP32 guest; a number is the width of an untyped one."""
    type_ = Untyped(spelling) if isinstance(spelling, int) else parse_type(spelling)
    return OutcallArg(bits, operand_types(type_, DataModel.ILP32)[0], memory, **more)


class Focus:
    """A guard whose call may be over."""

    def __init__(self) -> None:
        self.over = False

    def check(self) -> None:
        if self.over:
            raise StateError("the outcall is over")


@pytest.mark.parametrize(
    ("spelling", "bits", "unsigned", "signed", "value", "width"),
    [
        ("int8_t", 0xFD, 253, -3, -3, 1),
        ("uint8_t", 0xFD, 253, -3, 253, 1),
        ("uint32_t", 0xF0000000, 0xF0000000, -0x10000000, 0xF0000000, 4),
        ("int64_t", 2**64 - 1, 2**64 - 1, -1, -1, 8),
        ("void*", 0x80000000, 0x80000000, -0x80000000, 0x80000000, 4),
        (4, 0xFFFFFFFF, 0xFFFFFFFF, -1, -1, 4),
        ("bool", 1, 1, 1, True, 1),
        ("float", 0x3FC00000, 0x3FC00000, 0x3FC00000, 1.5, 4),
    ],
)
def test_readings(spelling, bits, unsigned, signed, value, width):
    arg = operand(bits, spelling)
    assert (arg.unsigned, arg.signed, arg.value, arg.width) == (unsigned, signed, value, width)


def test_risc_v_operands_are_always_values():
    assert operand(0, "int").is_nar is False
    assert operand(0, "int").is_none is False


def test_the_type_is_the_declared_one():
    assert operand(0, "const char*").type == parse_type("const char*")
    assert operand(0, 4).type == Untyped(4)
    assert operand(0, "int").length is None


def test_float_reads_the_bits_of_4_or_8_bytes():
    assert operand(0x3FC00000, 4).float == 1.5
    assert operand(0xC004000000000000, "uint64_t").float == -2.5
    with pytest.raises(ArgumentError, match="2 bytes is no floating-point value"):
        _ = operand(0, "int16_t").float


def test_as_reads_the_low_bits_in_another_type():
    arg = operand(0xFFFF8001, 4)
    assert arg.as_("int16_t") == -32767
    assert arg.as_("uint8_t") == 1
    assert arg.as_("bool") is True
    assert operand(0x3FC00000, 4).as_("float") == 1.5
    assert operand(7, "int").as_("void*") == 7


@pytest.mark.parametrize("spelling", ["uint23_t", "void", "bytes", "struct point", ""])
def test_as_needs_one_c_type(spelling):
    with pytest.raises(ArgumentError):
        operand(0, "int").as_(spelling)


def test_as_cannot_widen():
    with pytest.raises(RangeError, match="has 2 bytes, too few for uint32_t"):
        operand(0, "int16_t").as_("uint32_t")


def test_it_is_an_index_and_an_integer():
    arg = operand(0xFFFFFFFE, "int")
    assert (int(arg), list(range(3))[arg], hex(arg), float(arg)) == (-2, 1, "-0x2", -2.0)


def test_a_float_is_no_index():
    arg = operand(0x3FC00000, "float")
    assert float(arg) == 1.5
    for use in (int, hex, range):
        with pytest.raises(ArgumentError, match=r"take .float or .unsigned"):
            use(arg)


def test_it_equals_orders_and_hashes_as_its_value():
    arg = operand(3, "uint8_t")
    assert arg == 3
    assert arg == operand(3, "int64_t")
    assert arg != 4
    assert arg != "3"
    assert arg < 4 <= operand(4, "int")
    assert sorted([operand(5, "int"), arg]) == [3, 5]
    assert {3: "three"}[arg] == "three"


def test_it_is_true_when_any_bit_is_set():
    assert operand(0xFFFFFFFF, "int")
    assert not operand(0, "int")


def test_a_bool_that_is_none_is_shown_but_not_read():
    arg = operand(0x40, "bool")
    assert repr(arg) == "OutcallArg(bool: 0x40)"
    assert arg.unsigned == 0x40
    for read in (lambda: arg.value, lambda: int(arg), lambda: arg == 1):
        with pytest.raises(GuestFault, match="0x40, but a bool is 0 or 1"):
            read()


@pytest.mark.parametrize(
    ("spelling", "bits", "text"),
    [
        ("int8_t", 0xFD, "OutcallArg(int8_t: -3)"),
        ("const char*", 0x1000, "OutcallArg(const char*: 0x1000)"),
        (4, 0xFFFFFFFF, "OutcallArg(untyped w: -1)"),
        ("float", 0x3FC00000, "OutcallArg(float: 1.5)"),
        ("bool", 1, "OutcallArg(bool: True)"),
    ],
)
def test_it_shows_type_and_value(spelling, bits, text):
    assert repr(operand(bits, spelling)) == text


def test_text_and_slices_behind_a_pointer(memory):
    memory.write(0x1000, b"hello\0")
    arg = operand(0x1000, "const char*", memory)
    assert arg.cstr() == "hello"
    assert bytes(arg.slice(4)) == b"hell"
    assert bytes(arg.slice(operand(2, "uint32_t"))) == b"he"
    with pytest.raises(MemoryFault, match="no NUL within 3 bytes"):
        arg.cstr(3)


def test_pointers_of_the_guest_are_not_trusted(memory):
    for address in (0, 0x10FF, 0xFFFFFFFF):
        arg = operand(address, "const char*", memory)
        with pytest.raises(MemoryFault):
            arg.slice(2)
        with pytest.raises(MemoryFault):
            operand(address, "uint16_t*", memory).store(1)
    with pytest.raises(MemoryFault):
        operand(0x1000, 4, memory).slice(0xFFFFFFFF)


def test_a_slice_needs_a_length(memory):
    with pytest.raises(ArgumentError, match="give slice"):
        operand(0x1000, "uint8_t*", memory).slice()


def test_an_operand_wider_than_an_address_points_nowhere(memory):
    assert operand(0x1000, "uint64_t", memory).address == 0x1000
    with pytest.raises(RangeError, match="wider than an address"):
        operand(1 << 32, "uint64_t", memory).cstr()


@pytest.mark.parametrize(
    ("spelling", "value", "stored"),
    [
        ("uint32_t*", 0xF0000000, b"\0\0\0\xf0"),
        ("int16_t*", -2, b"\xfe\xff"),
        ("bool*", True, b"\1"),
        ("double*", -2.5, b"\0\0\0\0\0\0\x04\xc0"),
        ("void**", 0x1000, b"\0\x10\0\0"),
        ("long*", -1, b"\xff\xff\xff\xff"),
    ],
)
def test_store_writes_the_pointee(memory, spelling, value, stored):
    operand(0x1010, spelling, memory).store(value)
    assert memory.read(0x1010, 12) == stored.ljust(12, b"\0")


def test_store_takes_a_type_where_the_pointer_has_none(memory):
    for spelling in (4, "void*", "struct point*", "uint32_t"):
        arg = operand(0x1010, spelling, memory)
        with pytest.raises(ArgumentError, match=r"name a C type, store\(value, 'uint32_t'\)"):
            arg.store(1)
        arg.store(0x0102, "uint16_t")
        assert memory.read(0x1010, 2) == b"\x02\x01"


def test_store_checks_the_value_and_writes_nothing_when_refused(memory):
    arg = operand(0x1010, "uint8_t*", memory)
    with pytest.raises(RangeError, match=r"stored? as uint8_t: int 256 does not fit"):
        arg.store(256)
    with pytest.raises(ArgumentError, match="must be uint8_t"):
        arg.store("x")
    with pytest.raises(ArgumentError):
        arg.store(1, "bytes")
    assert memory.read(0x1010, 1) == b"\0"


def test_after_its_call_the_value_stays_and_the_memory_is_gone(memory):
    focus = Focus()
    arg = operand(0x1000, "uint8_t*", memory, guard=focus)
    arg.store(7)
    focus.over = True
    assert arg.unsigned == 0x1000
    for use in (arg.cstr, lambda: arg.slice(1), lambda: arg.store(1)):
        with pytest.raises(StateError, match="the outcall is over"):
            use()


def test_without_memory_there_is_nothing_behind_it():
    with pytest.raises(StateError, match="belongs to no memory"):
        operand(0x1000, "const char*").cstr()
