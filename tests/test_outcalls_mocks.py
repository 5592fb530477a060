"""Mocks in place of functions, and spies on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest.mock import ANY, AsyncMock, Mock, call

import pytest

from simfw import (
    CALL_ORIGINAL,
    BindError,
    Machine,
    OutcallArg,
    Outcalls,
    ResultError,
)
from simfw.operand import BytesArg
from tests.guests.core import HERE, SOURCE, core


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def elf(request, build_guest) -> Path:
    return build_guest(SOURCE, xlen=request.param)


def collection(*functions: Callable[..., object]) -> Outcalls:
    calls = Outcalls("test")
    for function in functions:
        calls.outcall(function.__name__)(function)
    return calls


def declaring(elf: Path, tmp_path: Path, text: str, *plugins: object) -> Machine:
    spec = tmp_path / "guest.cas"
    spec.write_text(text)
    return Machine(elf, spec=spec, plugins=plugins)


# Mocks


def test_a_mock_replaces_a_function(elf):
    machine = core(elf)
    with machine.replace("host", Mock(return_value=5)) as mock:
        assert machine.call("ask_twice", 3) == 505
    assert [entry.args[1] for entry in mock.call_args_list] == [3, 4]


def test_a_mocks_side_effects_are_the_answers(elf):
    machine = core(elf)
    with machine.replace("host", Mock(side_effect=[5, KeyError("empty"), CALL_ORIGINAL])):
        assert machine.call("ask", 1) == 6
        with pytest.raises(KeyError, match="empty"):
            machine.call("ask", 1)
        assert machine.call("ask", 1) == 2


def test_a_mock_that_nobody_told_what_to_return_serves_a_void_function(elf):
    machine = core(elf)
    with machine.replace("notify", Mock()) as mock:
        machine.run()
    mock.assert_called_once()


def test_a_mock_that_nobody_told_what_to_return_serves_no_other(elf):
    machine = core(elf)
    with machine.replace("host", Mock()), pytest.raises(ResultError, match="not Mock"):
        machine.call("ask", 1)


SEND = """
F("send") outcall(5, "int32_t", "const char*", "bytes", "bool", "uint32_t*");
"""


def send(focus, text, data, flag, out):
    return 0


def host(focus, n):
    return 0


@pytest.mark.parametrize("make", [Mock, lambda **options: Mock(spec=send, **options)])
def test_a_mock_is_called_with_plain_values_of_the_declared_types(build_guest, tmp_path, make):
    machine = declaring(build_guest(HERE / "outcalls.c"), tmp_path, SEND, collection(send))
    with machine.replace("send", make(return_value=3)) as mock:
        machine.call("sends_what", "hello", b"\1\2", 2)
    mock.assert_called_once_with(ANY, "hello", b"\1\2", False, machine.address_of("result"))
    assert [type(value) for value in mock.call_args.args[1:]] == [str, bytes, bool, int]


def test_a_mock_is_called_with_the_address_of_what_cannot_be_read(build_guest, tmp_path):
    machine = declaring(build_guest(HERE / "outcalls.c"), tmp_path, SEND, collection(send))
    with machine.replace("send", Mock(return_value=3)) as mock:
        machine.call("sends_what", 4, 8, 2)
    assert mock.call_args.args[1:3] == (4, 8)


def test_a_mock_gets_operands_where_nothing_says_their_types(elf, tmp_path):
    machine = declaring(elf, tmp_path, 'F("host") outcall(1, w);', collection(host))
    with machine.replace("host", Mock(return_value=3)) as mock:
        machine.call("ask", -1)
    (operand,) = mock.call_args.args[1:]
    assert isinstance(operand, OutcallArg) and operand == -1


def test_a_replacement_that_is_no_mock_gets_what_its_annotations_say(build_guest, tmp_path):
    seen = []

    def sent(focus, text: str, data, flag: bool, out: int) -> int:
        seen.extend((text, type(data), flag, out))
        return 0

    machine = declaring(build_guest(HERE / "outcalls.c"), tmp_path, SEND, collection(send))
    with machine.replace("send", sent):
        machine.call("sends_what", "hello", b"\1\2", 2)
    assert seen == ["hello", BytesArg, False, machine.address_of("result")]


def test_a_mock_with_a_specification_replaces_what_nothing_declares(elf):
    machine = Machine(elf)
    with machine.replace("host", Mock(spec=host, return_value=3)) as mock:
        assert machine.call("ask", 1) == 4
    mock.assert_called_once()


def test_a_mock_that_must_be_awaited_is_refused(elf):
    with pytest.raises(BindError, match="async"), core(elf).replace("host", AsyncMock()):
        pass


# Spies


def test_a_spy_records_and_changes_nothing(elf):
    machine = core(elf, lambda focus, n: 2 * n)
    with machine.spy("host") as spy:
        assert machine.call("ask_twice", 3) == 608
    assert spy.mock_calls == [call(3), call(4)]
    assert machine.call("ask", 3) == 7
    assert spy.call_count == 2


def test_a_spy_records_the_calls_of_a_guest_function_by_its_declaration(elf, tmp_path):
    text = (
        'L("checksum"); backcall("uint32_t", "g", "c", "bytes");\n'
        'L("add"); backcall("int32_t", "g", "add", "const char*", "int32_t");'
    )
    machine = declaring(elf, tmp_path, text)
    with machine.spy("checksum") as spy, machine.spy("add") as other:
        assert machine.call("checksum", b"ab") == 97 * 31 + 98
        machine.call("add", "text", -5)
    spy.assert_called_once_with(b"ab")
    other.assert_called_once_with("text", -5)


def test_a_spy_lets_pointers_pass_that_lead_nowhere(elf, tmp_path):
    text = 'L("add"); backcall("int32_t", "g", "add", "const char*", "int32_t");'
    machine = declaring(elf, tmp_path, text)
    with machine.spy("add") as spy:
        assert machine.call("add", 0, 3) == 3
    spy.assert_called_once_with(0, 3)


def test_a_spy_counts_calls_of_what_nothing_declares(elf):
    machine = Machine(elf)
    with machine.spy("host") as spy:
        assert machine.call("ask_twice", 3) == -99700 - 996
    assert spy.mock_calls == [call(), call()]


def test_spies_and_replacements_nest(elf):
    machine = core(elf)
    with machine.spy("host") as outer, machine.replace("host", lambda focus, n: 50):
        with machine.spy("host") as inner:
            assert machine.call("ask", 1) == 51
        assert machine.call("ask", 2) == 51
    assert machine.call("ask", 3) == 4
    assert (outer.mock_calls, inner.mock_calls) == ([], [call(1)])


def test_a_spy_on_a_function_that_raises_records_the_call(elf):
    machine = core(elf, lambda focus, n: 1 // 0)
    with machine.spy("host") as spy, pytest.raises(ZeroDivisionError):
        machine.call("ask", 1)
    spy.assert_called_once_with(1)


def test_two_machines_are_replaced_apart(elf):
    """Handlers are process-wide in some emulators."""
    first, second = core(elf, lambda focus, n: 10), core(elf, lambda focus, n: 20)
    with first.replace("host", lambda focus, n: 30):
        assert (first.call("ask", 0), second.call("ask", 0)) == (31, 21)
    assert (first.call("ask", 0), second.call("ask", 0)) == (11, 21)
