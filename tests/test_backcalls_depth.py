"""Calls nested in each other: how deep they go, and what exceptions do to them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from simfw import (
    BackcallStub,
    BudgetExhausted,
    CallDepthError,
    GuestExit,
    Machine,
    MemoryFault,
    Stop,
    StopKind,
    outcall,
)
from tests.guests.core import HERE, SOURCE, core, state


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(SOURCE, xlen=xlen)


@pytest.fixture(scope="module")
def tricks(build_guest, xlen) -> Path:
    return build_guest(HERE / "tricks.c", xlen=xlen)


class Deep:
    """Guest and host in each other, `n` more times; what happens then is `bottom`."""

    def __init__(self, bottom: Callable[..., int] = lambda focus: 0) -> None:
        self.bottom = bottom

    @outcall("host")
    def host(self, focus, n: int) -> int:
        return focus.call("ask", n - 1) if n else self.bottom(focus)


def deep(elf: Path, bottom: Callable[..., int] = lambda focus: 0, **options: int) -> Machine:
    return Machine(elf, spec=HERE / "host.cas", plugins=[Deep(bottom)], **options)


def fail(focus: object) -> int:
    raise ZeroDivisionError("at the bottom")


# Depth


def test_calls_nest_to_the_depth_that_is_allowed(tricks):
    machine = deep(tricks)
    assert machine.max_depth == 200
    assert machine.call("ask", 199) == 200


def test_the_next_level_raises_and_changes_nothing(tricks):
    machine = deep(tricks)
    before = state(machine)
    with pytest.raises(CallDepthError, match=r"ask\(\) would be call 201 .* max_depth is 200"):
        machine.call("ask", 200)
    assert state(machine) == before
    assert machine.call("ask", 199) == 200


def test_an_outcall_may_catch_that_and_go_on(tricks):
    def bottom(focus):
        with pytest.raises(RecursionError):
            focus.call("add", 1, 2)
        return 7

    assert deep(tricks, bottom, max_depth=20).call("ask", 19) == 27


WAYS = {
    "call": lambda focus: lambda n: focus.call("ask", n),
    "machine.call": lambda focus: lambda n: focus.machine.call("ask", n),
    "function": lambda focus: focus.function("ask"),
    "stub": lambda focus: lambda n: focus.invoke(STUB, n),
    "partial": lambda focus: functools.partial(focus.function("ask")),
    "map": lambda focus: lambda n: next(map(focus.function("ask"), [n])),
    "key": lambda focus: lambda n: n and sorted([n - 1], key=focus.function("ask"))[0],
    "generator": lambda focus: lambda n: sum(focus.call("ask", n) for _ in range(1)),
    "begin": lambda focus: lambda n: focus.begin("ask", n).advance(1_000_000),
}
STUB = BackcallStub("ask", "int32_t", ("int32_t",), "of no declaration")


@pytest.mark.parametrize("way", WAYS)
def test_where_pythons_stack_ends_a_call_is_refused_and_nothing_changes(tricks, way):
    class Endless:
        @outcall("host")
        def host(self, focus, n: int) -> int:
            return WAYS[way](focus)(n + 1)

    machine = Machine(tricks, spec=HERE / "host.cas", plugins=[Endless()], max_depth=1000)
    before = state(machine)
    with pytest.raises(CallDepthError, match="more of Python's stack than is left"):
        machine.call("ask", 0)
    assert state(machine) == before
    assert machine.call("add", 1, 2) == 3
    machine.close()


def test_a_mock_that_calls_back_is_refused_in_time_as_well(tricks):
    machine = deep(tricks, max_depth=1000)
    endless = Mock(side_effect=lambda focus, n: focus.call("ask", int(n) + 1))
    before = state(machine)
    with machine.replace("host", endless), pytest.raises(CallDepthError):
        machine.call("ask", 0)
    assert state(machine) == before
    machine.close()


def test_a_larger_recursion_limit_makes_room_for_more(tricks):
    machine = deep(tricks, max_depth=400)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    try:
        assert machine.call("ask", 399) == 400
    finally:
        sys.setrecursionlimit(limit)


def test_the_recursion_limit_is_the_users(tricks):
    limit = sys.getrecursionlimit()
    with pytest.raises(CallDepthError):
        deep(tricks, max_depth=10_000).call("ask", 5000)
    assert sys.getrecursionlimit() == limit


# Exceptions


@pytest.mark.parametrize("levels", [1, 3, 150])
def test_an_exception_crosses_levels_and_restores_each(tricks, levels):
    machine = deep(tricks, fail)
    before = state(machine)
    with pytest.raises(ZeroDivisionError, match="at the bottom") as caught:
        machine.call("ask", levels - 1)
    assert state(machine) == before
    (note,) = caught.value.__notes__
    times = f" ({levels} times)" if levels > 1 else ""
    assert note.startswith(f"called from the guest{times}: ask+0x")
    assert note.endswith("← backcall ask")


def test_each_note_has_the_guest_frames_of_its_level(elf):
    def answer(focus, n):
        return focus.call("ask_twice", 0) if n else 1 // 0

    with pytest.raises(ZeroDivisionError) as caught:
        core(elf, answer).call("outer", 5)
    inner, beneath = caught.value.__notes__
    assert [frame.split("+")[0].split()[-1] for frame in inner.split("←")] == ["ask_twice"] * 2
    assert "ask+" in beneath and "outer+" in beneath and beneath.endswith("backcall outer")


def test_an_exception_that_is_caught_half_way_leaves_the_rest_running(elf):
    def answer(focus, n):
        if n == 3:
            raise KeyError(n)
        try:
            return focus.call("ask", n + 1)
        except KeyError:
            return 70

    machine = core(elf, answer)
    assert machine.call("ask", 1) == 72


def test_run_tries_an_outcall_again_that_raised(elf):
    failures = [ZeroDivisionError, KeyError]

    def answer(focus, n):
        if failures:
            raise failures.pop()
        return 8

    machine = core(elf, answer)
    with pytest.raises(KeyError):
        machine.run()
    count, before = machine.instructions, state(machine)
    with pytest.raises(ZeroDivisionError):
        machine.run()
    assert (machine.instructions, state(machine)) == (count, before)
    assert machine.run() == Stop(StopKind.EXITED, 8)


def test_an_exit_in_a_called_function_is_an_exception_to_its_caller(elf):
    machine = core(elf)
    before = state(machine)
    with pytest.raises(
        GuestExit, match=r"quit\(\) ended the guest program with status 9"
    ) as caught:
        machine.call("quit", 9)
    assert caught.value.status == 9
    assert not machine.exited
    assert state(machine) == before
    assert machine.memory.load(machine.address_of("counter"), "u32") == 77
    assert machine.run() == Stop(StopKind.EXITED, 1)


def test_an_exit_that_passes_an_outcall_ends_the_program(elf):
    machine = core(elf, lambda focus, n: focus.call("quit", 9))
    assert machine.run() == Stop(StopKind.EXITED, 9)


def test_an_exit_that_an_outcall_catches_does_not(elf):
    def answer(focus, n):
        with pytest.raises(GuestExit):
            focus.call("quit", 9)
        return n

    assert core(elf, answer).run() == Stop(StopKind.EXITED, 1)


def test_an_outcall_catches_a_guest_fault_and_goes_on(elf):
    def answer(focus, n):
        with pytest.raises(MemoryFault) as caught:
            focus.call("checksum", 4, 4)
        assert caught.value.address == 4
        return 5

    assert core(elf, answer).call("ask", 1) == 6


def test_a_budget_that_runs_out_discards_the_call(elf):
    machine = core(elf)
    before = state(machine)
    with pytest.raises(BudgetExhausted):
        machine.call("forever", budget=10_001)
    assert state(machine) == before
    assert machine.instructions == 10_001
