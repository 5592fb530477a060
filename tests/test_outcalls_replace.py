"""Replacing functions, by declarations and for a `with` block; CALL_ORIGINAL."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from simfw import (
    CALL_ORIGINAL,
    BindError,
    Machine,
    ResultError,
    Stop,
    StopKind,
    SymbolNotFound,
    outcall,
)
from tests.guests.core import HERE, SOURCE, core


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def elf(request, build_guest) -> Path:
    return build_guest(SOURCE, xlen=request.param)


def declaring(elf: Path, tmp_path: Path, text: str, *plugins: object) -> Machine:
    spec = tmp_path / "guest.cas"
    spec.write_text(text)
    return Machine(elf, spec=spec, plugins=plugins)


# Replacing


def test_a_declared_outcall_is_the_body_of_the_guests_function(elf):
    assert Machine(elf).call("ask", 5) == -994
    assert core(elf, lambda focus, n: 10 * n).call("ask", 5) == 51


def test_a_replacement_lasts_as_long_as_its_block(elf):
    machine = Machine(elf)
    with machine.replace("add", lambda focus, a, b: int(a) * int(b)):
        assert machine.call("add", 6, 7) == 42
    assert machine.call("add", 6, 7) == 13


def test_a_replacement_takes_effect_in_code_that_has_run(elf):
    """A hook that is set after the code was translated never fires in some emulators."""
    machine = Machine(elf)
    assert [machine.call("outer", 5) for _ in range(3)] == [-984] * 3
    with machine.replace("host", lambda focus, n: 1):
        assert machine.call("outer", 5) == 12
    assert machine.call("outer", 5) == -984


def test_a_replacement_takes_effect_in_a_program_that_is_paused(elf):
    machine = core(elf)
    while machine.backtrace()[0].name != "main":
        machine.step()
    with machine.replace("host", lambda focus, n: 77):
        assert machine.run() == Stop(StopKind.EXITED, 77)


def test_an_outcall_replaces_itself_from_the_next_call_on(elf):
    blocks = contextlib.ExitStack()

    def answer(focus, n):
        blocks.enter_context(focus.replace("host", lambda focus, n: 7))
        return n

    machine = core(elf, answer)
    with blocks:
        assert machine.call("ask_twice", 3) == 307
    assert machine.call("ask", 3) == 4


def test_an_exception_restores_what_was_replaced(elf):
    machine = Machine(elf)
    with pytest.raises(ZeroDivisionError), machine.replace("host", lambda focus, n: 1 // 0):
        machine.call("ask", 5)
    assert machine.call("ask", 5) == -994


def test_replacements_nest(elf):
    machine = core(elf)
    with machine.replace("host", lambda focus, n: 20):
        with machine.replace("host", lambda focus, n: 30):
            assert machine.call("ask", 1) == 31
        assert machine.call("ask", 1) == 21
    assert machine.call("ask", 1) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_replacements_end_in_any_order(elf, order):
    machine = Machine(elf)
    blocks = [machine.replace("add", lambda focus, a, b, n=n: n) for n in (100, 200)]
    for block in blocks:
        block.__enter__()
    assert machine.call("add", 1, 2) == 200
    blocks[order[0]].__exit__(None, None, None)
    assert machine.call("add", 1, 2) == (200 if order[0] == 0 else 100)
    blocks[order[1]].__exit__(None, None, None)
    assert machine.call("add", 1, 2) == 3


def test_a_static_function_can_be_replaced(elf):
    machine = Machine(elf)
    pointer = machine.call("pointer_to_hidden")
    with machine.replace("hidden", lambda focus, n: 50):
        assert machine.call("apply", pointer, 2) == 51


def test_a_function_is_replaced_by_its_address(elf):
    machine = Machine(elf)
    with machine.replace(machine.address_of("add"), lambda focus, a, b: 9):
        assert machine.call("add", 1, 2) == 9


def test_a_replacement_of_a_function_that_nothing_declares_need_not_return_anything(elf):
    machine, seen = Machine(elf), []
    with machine.replace("notify", lambda focus: seen.append(focus.frame.caller.name)):
        machine.run()
    assert seen == ["main"]


def test_a_parameter_with_a_default_gets_an_operand_only_where_there_is_one(elf):
    machine = core(elf)
    for number in (7, 8):
        with machine.replace("add", lambda focus, a, n=number: int(a) + n):
            assert machine.call("add", 100, 2) == 100 + number
        with machine.replace("host", lambda focus, a, n=number: a.signed + n):
            assert machine.call("ask", 100) == 101 + number


def test_a_declaration_gives_a_replacement_its_types(elf, tmp_path):
    machine = declaring(elf, tmp_path, 'L("checksum"); backcall("uint32_t", "g", "c", "bytes");')
    with machine.replace("checksum", lambda focus, data: len(data.slice())):
        assert machine.call("checksum", b"12345") == 5
        with machine.replace("checksum", lambda focus, data: -1), pytest.raises(ResultError):
            machine.call("checksum", b"12345")


def test_the_platforms_system_calls_can_be_replaced(elf):
    machine = core(elf)
    with machine.replace("exit", lambda focus, status: None):
        assert machine.run(budget=1000) == Stop(StopKind.BUDGET)
    assert machine.run() == Stop(StopKind.EXITED, 1)


@pytest.mark.parametrize(
    ("name", "function", "error", "message"),
    [
        ("nope", lambda focus: 1, SymbolNotFound, "nothing to replace: no symbol 'nope'"),
        ("counter", lambda focus: 1, SymbolNotFound, "'counter' is a variable"),
        ("add", 5, BindError, "its parameters cannot be read"),
        ("add", lambda: 5, BindError, "first parameter is the Focus"),
        ("host", lambda focus: 5, BindError, "declared with 1 parameters, but .* takes 0"),
    ],
)
def test_what_cannot_be_replaced_says_why(elf, name, function, error, message):
    machine = core(elf)
    with pytest.raises(error, match=message), machine.replace(name, function):
        pass
    assert machine.call("ask", 1) == 2


# The original


def test_the_guests_own_function_is_the_original(elf):
    machine = Machine(elf)
    with machine.replace("host", lambda focus, n: CALL_ORIGINAL if int(n) == 5 else 0):
        assert [machine.call("ask", n) for n in (4, 5)] == [1, -994]


def test_a_plugins_function_may_leave_it_to_the_guests_own(elf):
    assert core(elf, lambda focus, n: CALL_ORIGINAL).call("ask", 5) == -994


def test_the_plugins_function_is_the_original_of_a_replacement(elf):
    machine = core(elf, lambda focus, n: n * 2)
    with machine.replace("host", lambda focus, n: CALL_ORIGINAL):
        assert machine.call("ask", 5) == 11


def test_originals_chain_down_to_the_guest(elf):
    machine, seen = core(elf, lambda focus, n: CALL_ORIGINAL), []
    with machine.replace("host", lambda focus, n: seen.append(int(n)) or CALL_ORIGINAL):
        assert machine.call("ask", 5) == -994
    assert seen == [5]


def test_calling_the_original_costs_what_the_original_costs(elf):
    plain, replaced = Machine(elf), core(elf, lambda focus, n: CALL_ORIGINAL)
    assert plain.call("ask", 5) == replaced.call("ask", 5)
    assert plain.instructions == replaced.instructions


def test_an_original_runs_in_portions_as_well(elf):
    machine, asked = core(elf, lambda focus, n: asked.append(n) or CALL_ORIGINAL), []
    pending = machine.begin("ask", 5)
    while not pending.advance(1):
        assert len(asked) <= 1
    assert (pending.result, asked) == (-994, [5])


def test_an_original_that_is_paused_at_its_first_instruction_goes_on_after_other_calls(elf):
    machine, asked = core(elf, lambda focus, n: asked.append(n) or CALL_ORIGINAL), []
    pending = machine.begin("ask", 5)
    while not asked:
        pending.advance(1)
    assert machine.call("ask", 6) == -993
    assert pending.advance(100)
    assert (pending.result, asked) == (-994, [5, 6])


def test_a_system_call_of_the_platform_is_the_original_of_its_replacement(elf):
    machine = core(elf)
    with machine.replace("exit", lambda focus, status: CALL_ORIGINAL):
        assert machine.run() == Stop(StopKind.EXITED, 1)


def test_a_system_call_without_original_says_so(elf, build_guest):
    class Plugin:
        @outcall(syscall=404)
        def answer(self, focus, n):
            return CALL_ORIGINAL

    guest = build_guest(HERE / "outcalls.c")
    with pytest.raises(ResultError, match=r"answer\(\) has no original: it is a system call"):
        Machine(guest, plugins=[Plugin()]).call("system_call", 404, 1, 2)
