"""What an outcall's function receives, and what it may return."""

from __future__ import annotations

from pathlib import Path

import pytest

from simfw import (
    ArgumentError,
    Focus,
    GuestFault,
    GuestFunction,
    Machine,
    MemoryFault,
    OutcallArg,
    RangeError,
    ResultError,
    StateError,
    Stop,
    StopKind,
    outcall,
)
from tests.guests.core import HERE

INTEGERS = {
    "i8": ("int8_t", 8, True),
    "u8": ("uint8_t", 8, False),
    "i16": ("int16_t", 16, True),
    "u16": ("uint16_t", 16, False),
    "i32": ("int32_t", 32, True),
    "u32": ("uint32_t", 32, False),
    "i64": ("int64_t", 64, True),
    "u64": ("uint64_t", 64, False),
    "long": ("long", None, True),
    "size": ("size_t", None, False),
}
"""Of each replaced function its C type, the bits (None: as a register), and the sign."""

SEND = 'F("send") outcall(5, "int32_t", "const char*", "bytes", "bool", "uint32_t*");\n'


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(HERE / "outcalls.c", xlen=xlen)


@pytest.fixture
def guest(elf, tmp_path):
    """A machine with these declarations and functions: `guest(text, function, …)`."""

    def load(declarations: str, *functions: object, **options: object) -> Machine:
        spec = tmp_path / "guest.cas"
        spec.write_text(declarations)

        class Plugin:
            def __init__(self) -> None:
                for number, function in enumerate(functions):
                    setattr(self, f"function{number}", function)

        plugins = [Plugin()] if functions else []
        return Machine(elf, spec=spec, plugins=plugins, **options)

    return load


def give(guest, name: str, function) -> Machine:
    """A machine in which `function` serves give_<name>, and get_<name> is declared."""
    type_ = INTEGERS[name][0]
    wide = "int64_t" if INTEGERS[name][2] else "uint64_t"
    return guest(
        f'F("give_{name}") outcall(1, "{type_}", "{type_}");\n'
        f'L("get_{name}"); backcall("{wide}", "g", "get_{name}", "{type_}");\n',
        outcall(f"give_{name}")(function),
    )


def edges(name: str, xlen: int) -> tuple[int, int]:
    _, bits, signed = INTEGERS[name]
    bits = bits or xlen
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


# Integers


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_cross_with_their_sign_at_both_edges(guest, xlen, name):
    seen = []

    def function(focus: Focus, value: int) -> int:
        seen.append(value)
        return value

    machine = give(guest, name, function)
    low, high = edges(name, xlen)
    values = sorted({low, low + 1, 0, 1, high - 1, high})
    assert [machine.call(f"get_{name}", value) for value in values] == values
    assert seen == values


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("side", ["below", "above", "huge"])
def test_a_result_out_of_range_is_refused(guest, xlen, name, side):
    low, high = edges(name, xlen)
    wrong = {"below": low - 1, "above": high + 1, "huge": 1 << 5000}[side]
    machine = give(guest, name, lambda focus, value: wrong)
    before = dict(machine.registers)
    with pytest.raises(ResultError, match=rf"the result of give_{name}\(\)") as caught:
        machine.call(f"get_{name}", 1)
    assert isinstance(caught.value, RangeError)
    assert isinstance(caught.value, OverflowError)
    assert dict(machine.registers) == before


@pytest.mark.parametrize(
    "wrong", [None, "1", 1.0, b"1", [1], object()], ids=lambda wrong: type(wrong).__name__
)
def test_a_result_of_another_type_is_refused(guest, wrong):
    machine = give(guest, "i32", lambda focus, value: wrong)
    with pytest.raises(ResultError, match=r"the result of give_i32\(\) must be int32_t") as caught:
        machine.call("get_i32", 1)
    assert isinstance(caught.value, TypeError)


def test_a_missing_result_says_what_to_do(guest):
    machine = give(guest, "i32", lambda focus, value: None)
    with pytest.raises(ResultError, match="not None; return one, or declare the outcall void"):
        machine.call("get_i32", 1)


@pytest.mark.parametrize(("value", "expected"), [(True, 1), (False, 0)])
def test_a_bool_is_an_integer_result(guest, value, expected):
    assert give(guest, "i32", lambda focus, _: value).call("get_i32", 7) == expected


def test_an_operand_is_an_integer_result(guest):
    assert give(guest, "i32", lambda focus, operand: operand).call("get_i32", -7) == -7


def test_an_operand_has_every_reading(guest):
    seen = []

    def function(focus, operand: OutcallArg) -> int:
        seen.append((operand.signed, operand.unsigned, operand.width, int(operand), operand == -3))
        return 0

    give(guest, "i16", function).call("get_i16", -3)
    assert seen == [(-3, 0xFFFD, 2, -3, True)]


def test_a_refused_result_leaves_the_program_at_the_call(guest):
    answers = ["nonsense", 2]

    def function(focus, value: int) -> int:
        return answers.pop(0)

    machine = give(guest, "i32", function)
    with pytest.raises(ResultError):
        machine.run()
    assert machine.run() == Stop(StopKind.EXITED, 4)


# Bool and pointers


@pytest.mark.parametrize("value", [True, False])
def test_bool_crosses_as_bool(guest, value):
    seen = []

    def function(focus, flag: bool) -> bool:
        seen.append(flag)
        return not flag

    machine = guest(
        'F("give_bool") outcall(1, "bool", "bool");\n'
        'L("get_bool"); backcall("uint64_t", "g", "get_bool", "bool");\n',
        outcall("give_bool")(function),
    )
    assert machine.call("get_bool", value) == (not value)
    assert seen == [value] and type(seen[0]) is bool


@pytest.mark.parametrize("wrong", [2, -1, "yes", None])
def test_a_bool_result_is_true_or_false(guest, wrong):
    machine = guest(
        'F("give_bool") outcall(1, "bool", "bool");', outcall("give_bool")(lambda focus, _: wrong)
    )
    with pytest.raises(ResultError, match=r"the result of give_bool\(\)"):
        machine.call("get_bool", 1)


@pytest.mark.parametrize("delta", [0, -1, 1])
def test_a_pointer_result_is_an_address_of_the_guest(guest, xlen, delta):
    machine = guest(
        'F("give_pointer") outcall(1, "void*", "void*");\n'
        'L("get_pointer"); backcall("void*", "g", "get_pointer", "void*");\n',
        outcall("give_pointer")(lambda focus, _: (1 << xlen) - 1 + delta),
    )
    if delta > 0:
        with pytest.raises(ResultError):
            machine.call("get_pointer", 0)
    else:
        assert machine.call("get_pointer", 0) == (1 << xlen) - 1 + delta


def test_void_takes_no_result(guest):
    answers = [None, 0]
    machine = guest(
        'F("nothing") outcall(0, "void");', outcall("nothing")(lambda focus: answers.pop(0))
    )
    assert machine.call("calls_nothing", 4) == 5
    with pytest.raises(ResultError, match=r"nothing\(\) is declared void but returned int 0"):
        machine.call("calls_nothing", 4)


# Text, bytes, and pointers to write through


def sending(guest, function) -> Machine:
    return guest(SEND, outcall("send")(function))


def test_annotations_choose_what_a_parameter_receives(guest):
    seen = []

    def send(focus: Focus, text: str, data: bytes, flag: bool, out: int) -> int:
        seen.extend((text, data, flag, focus.memory.load(out, "u32")))
        return -5

    assert sending(guest, send).call("sends", result="int") == -5
    assert seen == ["héllo", b"\1\2\3\0\xff", True, 7]


def test_other_annotations_give_other_views_of_the_same(guest):
    seen = []

    def send(focus, text: bytes, data: memoryview, flag: int, out: OutcallArg) -> int:
        seen.extend((text, bytes(data), data.readonly, flag))
        out.store(0xFFFF_FFFF)
        return 0

    machine = sending(guest, send)
    machine.call("sends")
    assert seen == ["héllo".encode(), b"\1\2\3\0\xff", True, 1]
    assert machine.memory.load(machine.address_of("result"), "u32") == 0xFFFF_FFFF


def test_without_annotations_all_are_operands(guest):
    seen = []

    def send(focus, text, data, flag, out):
        seen.extend(
            (text.cstr(), bytes(data.slice()), data.length, bytes(data.slice(2)), flag == 1)
        )
        with pytest.raises(ArgumentError, match="needs|has no length"):
            out.slice()
        with pytest.raises(RangeError):
            out.store(1 << 32)
        with pytest.raises(ArgumentError):
            out.store("1")
        return 0

    sending(guest, send).call("sends")
    assert seen == ["héllo", b"\1\2\3\0\xff", 5, b"\1\2", True]


@pytest.mark.parametrize("annotation", [str, bytes, OutcallArg])
def test_text_that_a_wild_pointer_leads_to_is_a_fault_with_the_parameters_name(guest, annotation):
    def send(focus, text, data, flag, out) -> int:
        return len(text.cstr()) if annotation is OutcallArg else 0

    send.__annotations__["text"] = annotation
    machine = sending(guest, send)
    before = dict(machine.registers)
    with pytest.raises(MemoryFault) as caught:
        machine.call("sends_what", 0x40, b"", 0)
    assert caught.value.address == 0x40
    assert caught.value.function is not None and "sends_what" in caught.value.function
    assert (annotation is OutcallArg) or "argument 1 of send()" in str(caught.value)
    assert dict(machine.registers) == before


@pytest.mark.parametrize("annotation", [bytes, memoryview, OutcallArg])
def test_lengths_that_wrap_around_are_a_fault(guest, xlen, annotation):
    def send(focus, text, data, flag, out) -> int:
        return len(data.slice()) if annotation is OutcallArg else len(data)

    send.__annotations__["data"] = annotation
    machine = sending(guest, send)
    start = machine.address_of("message")
    for length in ((1 << xlen) - 1, (1 << xlen) - start, (1 << xlen) - start + 4, 1 << (xlen - 1)):
        with pytest.raises(MemoryFault) as caught:
            machine.call("sends_what", b"", start, length)
        assert caught.value.address is not None
    assert machine.call("calls_nothing", 1) == 2


def test_text_without_end_is_a_fault(guest):
    def send(focus, text: str, data, flag, out) -> int:
        return 0

    machine = sending(guest, send)
    (data,) = (region for region in machine.memory.regions if region.name == "data")
    machine.memory.write(data.address, b"x" * data.size)
    with pytest.raises(MemoryFault, match=r"argument 1 of send\(\)"):
        machine.call("sends_what", data.address, 0, 0)


def test_text_that_is_no_utf8_is_a_fault_and_bytes_receive_it(guest):
    def send(focus, text: str, data, flag, out) -> int:
        return 0

    with pytest.raises(MemoryFault, match="is not UTF-8"):
        sending(guest, send).call("sends_what", b"\xff", 0, 0)
    send.__annotations__["text"] = bytes
    assert sending(guest, send).call("sends_what", b"\xff", 0, 0) == 0


@pytest.mark.parametrize("bits", [2, 255])
def test_a_bool_operand_that_is_none_is_a_fault(guest, bits):
    def function(focus, flag: bool) -> bool:
        return flag

    machine = guest('F("give_bool") outcall(1, "bool", "bool");', outcall("give_bool")(function))
    with pytest.raises(GuestFault, match=f"is {bits:#x}, but a bool is 0 or 1"):
        machine.call(machine.address_of("give_bool"), bits)


def test_what_is_in_a_register_above_an_operand_does_not_matter(guest, xlen):
    def function(focus, value: int) -> int:
        return value

    machine = give(guest, "u8", function)
    assert machine.call(machine.address_of("give_u8"), 0x7FFF_FF01) == 1


def test_a_function_pointer_is_a_function(guest):
    seen = []

    def subscribe(focus, handler: GuestFunction) -> int:
        seen.append(handler)
        return handler(5)

    machine = guest(
        'F("subscribe") outcall(1, "int32_t", "void*");', outcall("subscribe")(subscribe)
    )
    assert machine.call("subscribes") == 15
    assert seen[0].name == "triple"
    assert seen[0](7) == 21  # it outlives the outcall
    with pytest.raises(GuestFault, match="null function pointer"):
        machine.call("subscribe", 0)


# What works only while the outcall runs


def test_what_an_operand_points_to_is_gone_with_the_call_but_its_value_stays(guest):
    kept = []

    def send(focus, text, data, flag, out) -> int:
        kept.extend((text, data, out))
        return 0

    sending(guest, send).call("sends")
    text, data, out = kept
    assert (text.address > 0, data.length, out.width in (4, 8)) == (True, 5, True)
    for use in (text.cstr, data.slice, lambda: out.store(1)):
        with pytest.raises(StateError, match=r"a call of send\(\) that is over"):
            use()


def test_untyped_operands_are_as_wide_as_a_register(guest, xlen):
    seen = []

    def function(focus, value, text: str) -> int:
        seen.append((value.unsigned, value.signed, value.width, text))
        return -1

    machine = guest('F("send") outcall(2, w);', outcall("send")(function))
    assert machine.call("send", -2, b"text\0") == -1
    assert seen == [((1 << xlen) - 2, -2, xlen // 8, "text")]


@pytest.mark.parametrize("value", [-(1 << 31), (1 << 32) - 1])
def test_an_untyped_word_result_takes_what_either_sign_can_hold(guest, value):
    machine = guest('F("give_i32") outcall(1, w);', outcall("give_i32")(lambda focus, _: value))
    assert machine.call("get_i32", 0, result="uint32_t") == value % (1 << 32)


@pytest.mark.parametrize("value", [-(1 << 31) - 1, 1 << 32])
def test_an_untyped_word_result_takes_no_more(guest, value):
    machine = guest('F("give_i32") outcall(1, w);', outcall("give_i32")(lambda focus, _: value))
    with pytest.raises(ResultError):
        machine.call("get_i32", 0)
