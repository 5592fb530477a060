"""Guest memory: what guest and host do with it, and what a refused access says."""

import doctest
import importlib
import math
import struct

import pytest

from simfw.errors import ArgumentError, MemoryFault, RangeError
from simfw.memory import Memory
from simfw.permissions import Permissions

R, W, X = Permissions.READ, Permissions.WRITE, Permissions.EXECUTE


@pytest.fixture
def memory():
    """Text at 0x1000, read-only data behind it, a stack whose end is not a page's."""
    memory = Memory(32)
    memory.map(0x1000, 0x1000, R | X, "text")
    memory.map(0x2000, 0x800, R, "rodata")
    memory.map(0x10000, 0x10010, R | W, "stack")
    return memory


def refused(call, *args, **options):
    with pytest.raises(MemoryFault) as caught:
        call(*args, **options)
    return caught.value


@pytest.mark.parametrize("module", ["memory", "space"])
def test_examples_in_the_documentation_run(module):
    result = doctest.testmod(importlib.import_module(f"simfw.memory.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


# What the guest does


def test_slow_loads_serve_any_alignment_and_straddle_pages_and_regions(memory):
    memory.initialise(0x1FFD, b"\x01\x02\x03\x84\x05\x06\x07\x88")
    assert memory.load_slow(0x1FFD, 8, pc=0) == 0x8807060584030201
    assert memory.load_slow(0x2000, 1, pc=0) == 0x84
    assert memory.load_slow(0x1FFF, 2, pc=0) == 0x8403


def test_slow_stores_keep_the_low_bytes(memory):
    memory.store_slow(0x10FFF, 2, 0xABCDEF, pc=0)
    assert memory.read(0x10FFE, 4) == b"\x00\xef\xcd\x00"


def test_a_guest_fault_carries_pc_and_address_and_no_advice(memory):
    fault = refused(memory.store_slow, 0x1002, 4, 0, pc=0x1234)
    assert (fault.pc, fault.address) == (0x1234, 0x1002)
    assert str(fault) == (
        "write of 4 bytes at 0x1002: region text 0x1000..0x2000 r-x is not writable at pc 0x1234"
    )


def test_a_store_that_runs_into_forbidden_memory_changes_nothing(memory):
    fault = refused(memory.store_slow, 0x2000E, 4, 0xFFFFFFFF, pc=0)
    assert "write of 4 bytes at 0x2000e leaves region stack 0x10000..0x20010 rw-" in str(fault)
    assert memory.read(0x2000E, 2) == b"\0\0"


def test_an_atomic_update_needs_both_permissions(memory):
    memory.map(0x5000, 16, W, "write-only")
    assert memory.load_slow(0x10000, 4, 0, True) == 0
    assert "readable and writable" in str(refused(memory.load_slow, 0x2000, 4, 0, True))
    assert "readable and writable" in str(refused(memory.load_slow, 0x5000, 4, 0, True))
    memory.store_slow(0x5000, 4, 1, pc=0)
    assert "not readable" in str(refused(memory.load_slow, 0x5000, 4, 0))


def test_fetch_gives_instruction_bits(memory):
    memory.initialise(0x1000, b"\x13\x05\xa0\x02")
    assert memory.fetch(0x1000, 4) == 0x02A00513
    assert memory.fetch(0x1002, 2) == 0x02A0


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (0x10000, "jump to non-executable 0x10000 in region stack 0x10000..0x20010 rw- at pc"),
        (0x0, "jump to non-executable 0x0: nothing is mapped there; the nearest region is text"),
        (0x1FFE, "instruction fetch of 4 bytes at 0x1ffe runs into region rodata"),
    ],
)
def test_fetch_of_data_is_a_fault(memory, address, text):
    fault = refused(memory.fetch, address, 4)
    assert text in str(fault)
    assert (fault.pc, fault.address) == (address, address)


def test_a_fault_of_the_second_half_of_an_instruction_names_its_beginning(memory):
    fault = refused(memory.fetch, 0x2000, 2, 0x1FFE)
    assert (fault.pc, fault.address) == (0x1FFE, 0x2000)


# What the host does


def test_write_and_read(memory):
    memory.write(0x10010, b"abc")
    memory.write(0x10013, bytearray(b"de"))
    memory.write(0x10015, memoryview(b"f.g.")[::2])
    assert memory.read(0x10010, 7) == b"abcdefg"


def test_a_view_is_the_memory_itself_and_read_only(memory):
    view = memory.view(0x10000, 4)
    memory.write(0x10001, b"x")
    assert bytes(view) == b"\0x\0\0"
    with pytest.raises(TypeError):
        view[0] = 1


def test_a_writable_view_writes_through(memory):
    memory.view(0x10000, 4, writable=True)[1:3] = b"hi"
    assert memory.read(0x10000, 4) == b"\0hi\0"


def test_a_view_may_span_adjacent_regions(memory):
    assert len(memory.view(0x1000, 0x1800)) == 0x1800
    assert len(memory.slice(0x1FF0, 0x20)) == 0x20


def test_a_writable_view_of_code_is_refused(memory):
    memory.map(0x5000, 16, R | W | X, "jit")
    fault = refused(memory.view, 0x5000, 4, writable=True)
    assert "region jit 0x5000..0x5010 rwx is executable" in str(fault)
    assert "write()" in fault.advice
    memory.write(0x5000, b"ok")


def test_host_writes_honour_permissions_and_say_what_helps(memory):
    fault = refused(memory.write, 0x2000, b"x")
    assert "region rodata 0x2000..0x2800 r-- is not writable" in str(fault)
    assert "protect()" in fault.advice
    assert fault.pc is None
    memory.protect(0x2000, 0x800, R | W)
    memory.write(0x2000, b"x")
    assert memory.load(0x2000, "u8") == ord("x")


def test_loaders_write_whatever_the_permissions(memory):
    memory.initialise(0x1FFF, b"ab")
    memory.initialise(0x99999999, b"")
    assert memory.read(0x1FFF, 2) == b"ab"
    assert "leaves region rodata" in str(refused(memory.initialise, 0x27FF, b"ab"))


@pytest.mark.parametrize(
    ("address", "length", "text"),
    [
        (0x20000, 0x20, "read of 32 bytes at 0x20000 leaves region stack 0x10000..0x20010 rw-"),
        (
            0x20010,
            1,
            "read of 1 byte at 0x20010: nothing is mapped there; the nearest region is st",
        ),
        (0x0, 4, "the nearest region is text 0x1000..0x2000 r-x"),
        (0x2800, 4, "the nearest region is rodata"),
        (0xFFFFFFFF, 2, "nothing is mapped there"),
        (0x1000, 0xFFFFFFFF, "read of 4294967295 bytes at 0x1000 leaves region rodata"),
        (0x10000, 1 << 64, "leaves region stack"),
        (0x10000, 1 << 9999, "read of an integer of 10000 bits bytes at 0x10000 leaves"),
        (0x10000, -1, "read of -1 bytes at 0x10000: a length cannot be negative"),
        (-0x10000, 4, "read of 4 bytes at -0x10000 is outside the 32-bit address space"),
        (0x1_00010000, 4, "read of 4 bytes at 0x100010000 is outside the 32-bit address space"),
        (1 << 9999, 1, "is outside the 32-bit address space"),
    ],
)
@pytest.mark.parametrize("method", ["read", "view", "slice"])
def test_refused_reads_name_the_access_and_the_nearest_region(
    memory, method, address, length, text
):
    fault = refused(getattr(memory, method), address, length)
    assert text in str(fault)
    assert fault.address == (address if 0 <= address < 1 << 32 else None)


def test_without_regions_the_fault_says_so():
    assert "no memory is mapped" in str(refused(Memory(32).read, 0x1000, 4))


def test_no_bytes_need_no_permission(memory):
    assert memory.read(0, 0) == b""
    assert len(memory.view(0xFFFFFFFF, 0, writable=True)) == 0
    memory.write(0, b"")


@pytest.mark.parametrize("bad", [1.5, "4096", None, b"\0", [1]])
def test_addresses_and_lengths_must_be_integers(memory, bad):
    for call in (
        lambda: memory.read(bad, 1),
        lambda: memory.read(0x1000, bad),
        lambda: memory.write(bad, b"x"),
        lambda: memory.cstr(bad),
        lambda: memory.cstr(0x1000, bad),
        lambda: memory.load(bad, "u8"),
        lambda: memory.map(bad, 1, R, "new"),
    ):
        with pytest.raises(ArgumentError, match="must be an integer, not"):
            call()


def test_whatever_works_as_an_index_is_an_address(memory):
    class Operand:
        def __index__(self):
            return 0x10000

    memory.store(Operand(), "u8", True)
    assert memory.read(Operand(), True) == b"\x01"


def _released():
    view = memoryview(b"abc")
    view.release()
    return view


@pytest.mark.parametrize("data", ["text", 5, None, [1, 2], _released()])
def test_data_must_be_bytes_like(memory, data):
    for call in (memory.write, memory.initialise):
        with pytest.raises(ArgumentError, match="data must be bytes-like"):
            call(0x10000, data)


# Strings


def test_cstr_is_text_up_to_the_nul(memory):
    memory.write(0x10000, "Grüße\0rest".encode())
    assert memory.cstr(0x10000) == "Grüße"
    assert memory.cstr(0x10007) == ""
    assert memory.cstr_bytes(0x10000) == b"Gr\xc3\xbc\xc3\x9fe"


@pytest.mark.parametrize("length", [0, 1, 255, 256, 257, 4095, 4096, 5000, 65536])
def test_strings_of_any_length(memory, length):
    memory.write(0x1000F, bytes(65536))
    memory.write(0x1000F, b"x" * length)
    assert memory.cstr(0x1000F) == "x" * length


def test_a_string_may_end_with_its_region(memory):
    memory.write(0x2000D, b"ab\0")
    assert memory.cstr(0x2000D) == "ab"
    memory.write(0x2000D, b"abc")
    fault = refused(memory.cstr, 0x2000D)
    assert "string read of 4 bytes at 0x2000d leaves region stack" in str(fault)


def test_a_string_longer_than_the_limit_is_refused(memory):
    memory.write(0x10000, b"abcd\0")
    assert memory.cstr(0x10000, limit=4) == "abcd"
    assert "no NUL within 3 bytes" in str(refused(memory.cstr, 0x10000, limit=3))
    with pytest.raises(RangeError):
        memory.cstr(0x10000, limit=-1)


@pytest.mark.parametrize("address", [0, 0x2800, 0xFFFFFFFF, -1, 1 << 32, 1 << 9999])
def test_a_wild_string_pointer_is_a_fault(memory, address):
    assert "string read of 1 byte" in str(refused(memory.cstr, address))


def test_a_string_that_is_not_utf_8_names_its_bytes(memory):
    memory.write(0x10000, b"ab\xff\xfe\0")
    fault = refused(memory.cstr, 0x10000)
    assert r"not UTF-8: invalid start byte at byte 2, near b'ab\xff\xfe'" in str(fault)
    assert fault.address == 0x10002
    assert memory.cstr_bytes(0x10000) == b"ab\xff\xfe"


# Scalars


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("u8", 0xFE), ("i8", -2), ("u16", 0xFDFE), ("i16", -514), ("u32", 0xFBFCFDFE),
        ("i32", -67305986), ("u64", 0xF7F8F9FAFBFCFDFE), ("i64", -578437695752307202),
    ],
)  # fmt: skip
def test_integers_are_little_endian_and_need_no_alignment(memory, kind, value):
    memory.write(0x10FFD, bytes(range(0xFE, 0xF6, -1)))
    memory.write(0x11FFD, b"\x55" * 9)
    memory.write(0x10FFD, bytes([0xFE, 0xFD, 0xFC, 0xFB, 0xFA, 0xF9, 0xF8, 0xF7]))
    assert memory.load(0x10FFD, kind) == value
    memory.store(0x11FFD, kind, value)
    size = int(kind[1:]) // 8
    assert memory.read(0x11FFD, 9) == memory.read(0x10FFD, size) + b"\x55" * (9 - size)


def test_floats(memory):
    memory.store(0x10000, "f32", 1.5)
    memory.store(0x10004, "f64", -2)
    assert memory.read(0x10000, 12) == b"\0\0\xc0\x3f" + struct.pack("<d", -2.0)
    assert (memory.load(0x10000, "f32"), memory.load(0x10004, "f64")) == (1.5, -2.0)
    memory.store(0x10000, "f32", math.inf)
    assert memory.load(0x10000, "u32") == 0x7F800000


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("u8", 256, "a value of kind u8 must be 0 to 255, not 256"),
        ("u8", -1, "must be 0 to 255, not -1"),
        ("i8", 128, "must be -128 to 127, not 128"),
        ("i16", -32769, "must be -32768 to 32767"),
        ("u32", 1 << 32, "must be 0 to 4294967295"),
        ("i64", 1 << 63, "must be -9223372036854775808 to 9223372036854775807"),
        ("u64", 1 << 9999, "not an integer of 10000 bits"),
        ("f32", 1e39, "a value of kind f32 is too large: 1e\\+39"),
        ("f64", 10**400, "a value of kind f64 is too large"),
    ],
)
def test_values_that_do_not_fit_are_refused(memory, kind, value, text):
    with pytest.raises(RangeError, match=text):
        memory.store(0x10000, kind, value)
    assert memory.read(0x10000, 8) == bytes(8)


@pytest.mark.parametrize(
    ("kind", "value"), [("u8", 1.0), ("i32", "1"), ("f32", "1"), ("f64", None), ("u64", b"1")]
)
def test_values_of_another_sort_are_refused(memory, kind, value):
    with pytest.raises(ArgumentError, match=f"a value of kind {kind} must be"):
        memory.store(0x10000, kind, value)


@pytest.mark.parametrize(
    ("kind", "in_32", "in_64"),
    [
        ("char", 0xFE, 0xFE),
        ("signed char", -2, -2),
        ("uint16_t", 0xFDFE, 0xFDFE),
        ("short", -514, -514),
        ("int", -67305986, -67305986),
        ("unsigned", 0xFBFCFDFE, 0xFBFCFDFE),
        ("long", -67305986, -578437695752307202),
        ("size_t", 0xFBFCFDFE, 0xF7F8F9FAFBFCFDFE),
        ("const void *", 0xFBFCFDFE, 0xF7F8F9FAFBFCFDFE),
        ("const char*", 0xFBFCFDFE, 0xF7F8F9FAFBFCFDFE),
        ("int64_t", -578437695752307202, -578437695752307202),
    ],
)
def test_c_types_are_as_large_as_in_the_guest(kind, in_32, in_64):
    for xlen, value in ((32, in_32), (64, in_64)):
        memory = Memory(xlen)
        memory.map(0x1000, 64, Permissions.READ | Permissions.WRITE, "ram")
        memory.write(0x1000, bytes([0xFE, 0xFD, 0xFC, 0xFB, 0xFA, 0xF9, 0xF8, 0xF7]))
        assert memory.load(0x1000, kind) == value
        memory.store(0x1020, kind, value)
        assert memory.load(0x1020, kind) == value


def test_floats_may_be_spelled_as_in_c(memory):
    memory.store(0x10000, "float", 1.5)
    memory.store(0x10004, "double", -2)
    assert memory.read(0x10000, 12) == b"\0\0\xc0\x3f" + struct.pack("<d", -2.0)
    assert (memory.load(0x10000, "float"), memory.load(0x10004, "double")) == (1.5, -2.0)


def test_values_that_do_not_fit_a_c_type_are_refused(memory):
    with pytest.raises(RangeError, match="a value of kind uint16_t must be 0 to 65535, not 65536"):
        memory.store(0x10000, "uint16_t", 1 << 16)
    with pytest.raises(RangeError, match="a value of kind int must be -2147483648 to 2147483647"):
        memory.store(0x10000, "int", 1 << 31)
    with pytest.raises(ArgumentError, match="a value of kind float must be a number"):
        memory.store(0x10000, "float", "1")


@pytest.mark.parametrize(
    "kind",
    ["u7", "", "U8", None, 8, ["u8"], "uint17_t", "bool", "void", "bytes", "__int128", "point_t"],
)
def test_unknown_kinds_are_refused(memory, kind):
    for call in (lambda: memory.load(0x1000, kind), lambda: memory.store(0x10000, kind, 0)):
        with pytest.raises(ArgumentError, match="u8 i8 u16 i16 u32 i32 u64 i64 f32 f64"):
            call()
