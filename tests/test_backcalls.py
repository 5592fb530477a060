"""Calls of the host into the guest: wherever it stands, and by every way to call."""

from __future__ import annotations

from pathlib import Path

import pytest

from simfw import (
    ArgumentError,
    FrameKind,
    Machine,
    StateError,
    Stop,
    StopKind,
    SymbolNotFound,
)
from tests.guests.core import HERE, SOURCE, core, state

BUDGET = Stop(StopKind.BUDGET)


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(SOURCE, xlen=xlen)


@pytest.fixture(scope="module")
def tricks(build_guest, xlen) -> Path:
    return build_guest(HERE / "tricks.c", xlen=xlen)


# Where calls are possible


def test_at_rest_after_an_exit_in_main_the_stack_of_main_stays(elf):
    machine = core(elf)
    machine.run()
    before = state(machine)
    assert all(bytes([each] * 4) in before[1] for each in (0x11, 0x22, 0x33, 0x44))
    assert machine.call("checksum", b"\xff" * 5000, 5000) != 0
    assert machine.call("outer", 4) == 15
    assert state(machine) == before


def test_before_the_program_runs(elf):
    machine = core(elf)
    assert machine.call("add", 2, 3) == 5
    assert machine.run() == Stop(StopKind.EXITED, 1)


def test_at_every_instruction_of_a_function(elf):
    whole = core(elf)
    assert whole.call("keeps", 3) == 102
    for spent in range(whole.instructions + 1):
        machine = core(elf)
        call = machine.begin("keeps", 3)
        call.advance(spent)
        before = state(machine)
        assert machine.call("keeps", 10) == 228
        assert machine.call("checksum", b"ab", 2) == 97 * 31 + 98
        assert state(machine) == before
        assert call.advance(10_000)
        assert call.result == 102


def test_at_every_instruction_of_a_program(elf):
    machine = core(elf)
    while machine.step() == BUDGET:
        before = state(machine)
        assert machine.call("outer", 1) == 12
        assert state(machine) == before
    assert machine.status == 1


def test_inside_an_outcall(elf):
    machine = core(elf, lambda focus, n: focus.call("checksum", b"x" * n, n) and n)
    assert machine.call("keeps", 3) == 102


def test_a_call_restores_what_its_function_spoils(tricks):
    machine = Machine(tricks)
    before = state(machine)
    machine.call("spoil")
    assert state(machine) == before


def test_an_interrupted_load_reserved_fails_and_is_repeated(tricks):
    machine = Machine(tricks)
    cell = machine.address_of("cell")
    call = machine.begin("locked_add", cell, 1)
    call.advance(2)  # the reservation is made, and the old value read
    machine.call("locked_add", cell, 10)
    assert call.advance(100)
    assert machine.memory.load(cell, "u32") == 11


# Other ways to call


def test_a_function_by_its_address(elf):
    machine = core(elf)
    assert machine.call(machine.address_of("add"), 2, 3) == 5


def test_a_function_bound_once(elf):
    machine = core(elf)
    add = machine.function("add")
    assert (add.name, add.address, add.section) == ("add", machine.address_of("add"), ".text")
    assert [add(n, 1) for n in range(3)] == [1, 2, 3]


def test_a_static_function_and_one_by_pointer(elf):
    machine = core(elf)
    assert machine.call("hidden", 4) == 12
    assert machine.call(machine.call("pointer_to_hidden", result="uintptr_t"), 5) == 15


def test_a_function_of_another_machine_is_refused(elf):
    add = core(elf).function("add")
    with pytest.raises(ArgumentError, match="belongs to another guest"):
        core(elf).call(add, 1, 2)


@pytest.mark.parametrize("function", [None, 1.5, True, b"add", ["add"], 3, -2, 1 << 64])
def test_what_is_no_function_is_refused(elf, function):
    with pytest.raises(ArgumentError):
        core(elf).call(function)


def test_a_missing_function_is_refused_with_names_that_are_near(elf):
    with pytest.raises(SymbolNotFound, match="'checksm'.*'checksum'"):
        core(elf).call("checksm")


def test_a_variable_is_no_function(elf):
    with pytest.raises(SymbolNotFound, match="'counter' is a variable"):
        core(elf).call("counter")


def test_a_begun_call_runs_in_portions(elf):
    machine = core(elf)
    call = machine.begin("sum_to", 50)
    assert not call.done
    with pytest.raises(StateError, match=r"sum_to\(\) has not returned yet"):
        _ = call.result
    portions = list(call.slices(100))
    assert portions == list(range(1, len(portions) + 1)) and portions
    assert (call.done, call.result) == (True, 1275)
    assert call.advance(1)


def test_a_begun_call_can_be_cancelled(elf):
    machine = core(elf)
    before = state(machine)
    call = machine.begin("forever")
    call.advance(1000)
    call.cancel()
    call.cancel()
    assert state(machine) == before
    for use in (lambda: call.advance(1), lambda: call.result):
        with pytest.raises(StateError, match=r"forever\(\) was discarded"):
            use()


def test_begun_calls_end_in_the_reverse_order(elf):
    machine = core(elf)
    first, second = machine.begin("add", 1, 2), machine.begin("add", 3, 4)
    for use in (lambda: first.advance(100), first.cancel):
        with pytest.raises(StateError, match="not the innermost one"):
            use()
    assert second.advance(100) and first.advance(100)
    assert (first.result, second.result) == (3, 7)


def test_a_call_that_an_outcall_leaves_pending_is_discarded_and_reported(elf):
    begun = []
    machine = core(elf, lambda focus, n: begun.append(focus.begin("add", 1, 2)) or n)
    before = state(machine)
    with pytest.raises(StateError, match=r"host\(\).*while the call of add\(\).*is pending"):
        machine.call("ask", 1)
    assert state(machine) == before
    with pytest.raises(StateError, match="was discarded"):
        begun[0].advance(1)


def test_an_exception_discards_the_calls_that_its_outcall_began(elf):
    def answer(focus, n):
        focus.begin("add", 1, 2)
        raise ZeroDivisionError

    machine = core(elf, answer)
    before = state(machine)
    with pytest.raises(ZeroDivisionError):
        machine.call("ask", 1)
    assert state(machine) == before


@pytest.mark.parametrize("use", [lambda call: call.advance(10), lambda call: call.cancel()])
def test_an_outcall_of_a_begun_call_cannot_end_it(elf, use):
    def answer(focus, n):
        with pytest.raises(StateError, match="is running: this is an outcall of it"):
            use(call)
        return n

    machine = core(elf, answer)
    call = machine.begin("ask", 1)
    assert call.advance(1000)
    assert call.result == 2


def test_the_frames_of_host_and_guest_are_told(elf):
    frames = []

    def answer(focus, n):
        if n:
            return focus.call("outer", 0)
        frames.extend(focus.backtrace())
        return 0

    core(elf, answer).run()
    assert [(frame.kind, frame.name) for frame in frames] == [
        (FrameKind.OUTCALL, "host"),
        (FrameKind.GUEST, "ask"),
        (FrameKind.GUEST, "outer"),
        (FrameKind.BACKCALL, "outer"),
        (FrameKind.OUTCALL, "host"),
        (FrameKind.GUEST, "main"),
        (FrameKind.GUEST, "_start"),
    ]
