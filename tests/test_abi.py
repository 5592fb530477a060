"""The psABI's integer rules in both directions, against compiled C and absolute values."""

from __future__ import annotations

import inspect

import pytest

from simfw import Machine, Outcalls, RangeError, ResultError
from tests.guests.core import HERE


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


class Recorder:
    """Serves the functions of the host: keeps what it got, answers `answer`."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.answer: object = 0

    def plugin(self, **counts: int) -> Outcalls:
        calls = Outcalls("abi")
        for name, count in counts.items():
            calls.outcall(name)(self._function(count))
        return calls

    def _function(self, count: int):
        def function(focus, *operands):
            self.calls.append([int(operand) for operand in operands])
            return self.answer

        names = ["focus", *(f"operand{number}" for number in range(count))]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(name, kind) for name in names]
        function.__signature__ = inspect.Signature(parameters)
        return function


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def machine(build_guest, xlen, recorder) -> Machine:
    elf = build_guest(HERE / "abi.c", xlen=xlen)
    plugin = recorder.plugin(host_sixteen=16, host_split=9, host_aligned=11)
    return Machine(elf, spec=HERE / "abi.cas", plugins=[plugin])


def got(machine: Machine, count: int) -> list[int]:
    start = machine.address_of("got")
    return [machine.memory.load(start + 8 * number, "i64") for number in range(count)]


# Calls of the host


@pytest.mark.parametrize(
    ("value", "big"), [(0, False), (0x7FFF_FFFF, False), (0x8000_0000, True), (0xF000_0000, True)]
)
def test_an_unsigned_word_of_2_31_and_more_is_sign_extended(machine, xlen, value, big):
    """As RV64 code expects it: one that is zero-extended compares wrongly there."""
    sign = (1 << xlen) - (1 << 32) if big else 0
    assert machine.call("as_passed", value) == sign + value
    assert machine.call("is_big", value) is big
    assert machine.call("below", value, 0x8000_0000) is not big
    assert machine.call("widened", value) == value


def test_signs_of_all_widths(machine):
    assert machine.call("negated", -128, -32768, -(1 << 31), -(1 << 40)) == (
        128 + 32768 + (1 << 31) + (1 << 40)
    )


def test_the_ninth_argument_is_on_the_stack(machine):
    assert machine.call("nine", 1, 2, 3, 4, 5, 6, 7, 8, 9) == 987654321
    assert machine.call("nine", 0, 0, 0, 0, 0, 0, 0, 0, -1) == -100000000


def test_sixteen_arguments_of_all_types(machine):
    values = [-1, 255, -2, 65535, -3, 0xF000_0000, -(1 << 40), (1 << 63) + 5, True, -5, 65534,
              -6, 0x8000_0000, -(1 << 50), 0x1234, (1 << 62) + 7]  # fmt: skip
    assert machine.call("sixteen", *values) is None
    wrapped = [*values]
    wrapped[7] -= 1 << 64
    assert got(machine, 16) == wrapped


@pytest.mark.parametrize("value", [0x1234_5678_9ABC_DEF0, -1, -(1 << 63), 1 << 32])
def test_a_64_bit_argument_between_the_last_register_and_the_stack(machine, value):
    assert machine.call("split", 1, 2, 3, 4, 5, 6, 7, value, 9) == value
    assert got(machine, 2) == [7, 9]


@pytest.mark.parametrize("value", [0x1234_5678_9ABC_DEF0, -1, -(1 << 63), 1 << 32])
def test_a_64_bit_argument_is_aligned_on_the_stack(machine, value):
    assert machine.call("aligned", 1, 2, 3, 4, 5, 6, 7, 8, 9, value, 11) == value
    assert got(machine, 2) == [9, 11]


def test_a_pair_of_registers_may_begin_at_an_odd_one(machine):
    assert machine.call("odd", 5, (1 << 40) + 5) == 1 << 40


def test_stack_arguments_are_where_the_psabi_says(machine, xlen):
    """By their addresses: reader and writer could be wrong alike."""
    sp = machine.registers["sp"]
    entry = machine.call("stack_at_entry", *range(8), 0x11, -2, 0x33)
    slot = xlen // 8
    assert entry == sp - -(-3 * slot // 16) * 16
    kind = f"i{xlen}"
    assert [machine.memory.load(entry + slot * n, kind) for n in range(3)] == [0x11, -2, 0x33]


@pytest.mark.parametrize("count", range(17))
def test_the_stack_is_aligned_to_sixteen_bytes_at_the_entry(machine, count):
    assert machine.call("stack_at_entry", *range(count)) % 16 == 0
    if count:
        assert machine.call("stack_at_entry", *["text"] * count) % 16 == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("i8", -128),
        ("u8", 255),
        ("i16", -32768),
        ("u16", 65535),
        ("i32", -(1 << 31)),
        ("u32", (1 << 32) - 1),
        ("i64", -(1 << 63)),
        ("u64", 0xFEDC_BA98_7654_3210),
        ("bool", True),
    ],
)
def test_results(machine, name, value):
    result = machine.call(f"gives_{name}")
    assert result == value
    assert type(result) is type(value)


def test_text_goes_in_by_pointer_and_comes_back_as_an_address(machine):
    assert machine.memory.cstr(machine.call("gives_text")) == "text"
    assert machine.call("length_of", "naïve") == 6
    assert machine.call("length_of", b"\xff\xfe") == 2
    assert machine.call("length_of", machine.call("gives_text")) == 4


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("is_big", (-1,)),
        ("is_big", (1 << 32,)),
        ("negated", (128, 0, 0, 0)),
        ("negated", (0, -32769, 0, 0)),
        ("negated", (0, 0, 0, 1 << 63)),
        ("odd", (1 << 31, 0)),
    ],
)
def test_no_integer_is_truncated(machine, function, arguments):
    """`add(2**40, 0)` gives 0 in some runtimes."""
    before = dict(machine.registers)
    with pytest.raises(RangeError, match=rf"of {function}\(\): int .* does not fit"):
        machine.call(function, *arguments)
    assert dict(machine.registers) == before


@pytest.mark.parametrize("count", [0, 8, 10])
def test_the_number_of_arguments_is_checked(machine, count):
    with pytest.raises(TypeError, match=rf"nine\(.*\) takes 9 arguments, not {count}"):
        machine.call("nine", *range(count))


# Calls of the guest


def test_the_host_gets_sixteen_arguments_of_all_types(machine, recorder):
    recorder.answer = -2
    assert machine.call("calls_sixteen") == -1
    assert recorder.calls.pop() == [
        -1, 255, -2, 65535, -3, 0xF000_0000, -4_000_000_000, 0xFEDC_BA98_7654_3210, 1, -5, 65534,
        -6, 0x8000_0000, -5_000_000_000, machine.address_of("got"), 0x123_4567_89AB_CDEF,
    ]  # fmt: skip


def test_the_host_gets_a_split_argument_whole(machine, recorder):
    recorder.answer = 1 << 40
    assert machine.call("calls_split") == (1 << 40) + 1
    assert recorder.calls.pop() == [1, 2, 3, 4, 5, 6, 7, -0x1_2345_6789, 9]


def test_the_host_gets_an_aligned_argument_whole(machine, recorder):
    recorder.answer = -(1 << 63)
    assert machine.call("calls_aligned") == -(1 << 63) + 1
    assert recorder.calls.pop() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x7654_3210_7654_3210, 11]


@pytest.mark.parametrize("answer", [1 << 63, -(1 << 63) - 1])
def test_a_64_bit_result_of_the_host_is_not_truncated(machine, recorder, answer):
    recorder.answer = answer
    with pytest.raises(ResultError):
        machine.call("calls_split")
