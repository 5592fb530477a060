"""Stopping a machine, and who may enter it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from simfw import (
    ArgumentError,
    GuestExit,
    Machine,
    StateError,
    Stop,
    StopKind,
    open_image,
)
from tests.guests.core import SOURCE, core

BUDGET, EXITED, STOPPED, TIMEOUT = (
    Stop(StopKind.BUDGET),
    StopKind.EXITED,
    Stop(StopKind.STOPPED),
    Stop(StopKind.TIMEOUT),
)
SYSTEM_CALL = """
#include <simfw/guest.h>
SIMFW_EXPORT long spin(long n) { volatile long i = 0; while (i < n) i++; return i; }
int main(void) {
    register long a0 __asm__("a0") = 3, a7 __asm__("a7") = 404;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
    return (int)a0;
}
"""
BASE = 0x1_0000
ADDI_A0 = 0x0015_0513  # addi a0, a0, 1
JUMP_BACK = 0xFFDF_F06F  # j .-4
LI_A7 = 0x0000_0893  # li a7, imm << 20
ECALL = 0x0000_0073


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(SOURCE, xlen=xlen)


def flat(xlen: int, *words: int, **options: object) -> Machine:
    data = b"".join(word.to_bytes(4, "little") for word in words)
    return Machine(open_image(data, xlen=xlen, base=BASE), platform="bare", **options)


def call_of(number: int) -> tuple[int, int]:
    return LI_A7 | number << 20, ECALL


# Stopping


def test_an_outcall_pauses_the_program_after_itself(elf):
    asked = []

    def answer(focus, n):
        asked.append(n)
        focus.stop()
        return 9

    machine = core(elf, answer)
    assert machine.run() == STOPPED
    assert (machine.stopped, machine.exited) == (True, False)
    assert machine.run() == Stop(EXITED, 9)
    assert asked == [1]


def test_an_outcall_ends_the_program_with_a_status(elf):
    machine = core(elf, lambda focus, n: focus.stop(42) or n)
    assert machine.run() == Stop(EXITED, 42)


@pytest.mark.parametrize(("status", "expected"), [(None, STOPPED), (6, Stop(EXITED, 6))])
def test_another_thread_stops_a_run(xlen, status, expected):
    machine = flat(xlen, ADDI_A0, JUMP_BACK)
    timer = threading.Timer(0.05, machine.stop, [status] if status else [])
    timer.start()
    assert machine.run() == expected


def test_another_thread_stops_a_call(elf):
    machine = core(elf)
    threading.Timer(0.05, machine.stop).start()
    with pytest.raises(StateError, match=r"stop\(\) ended the call of forever\(\)"):
        machine.call("forever")
    assert machine.call("add", 1, 1) == 2


def test_a_stop_with_a_status_ends_the_first_program_though_another_runs(xlen, elf):
    machine = flat(xlen, ADDI_A0, JUMP_BACK)
    second = machine.load(elf)
    with second.replace("notify", lambda focus: machine.stop(42)):
        assert machine.run() == STOPPED
    assert (machine.status, second.exited) == (42, None)
    assert machine.run() == Stop(EXITED, 42)
    assert second.exited == -999


def test_a_stop_within_an_outcalls_call_passes_it_and_pauses_run(elf):
    machine = core(elf, lambda focus, n: focus.machine.stop() or focus.call("forever"))
    assert machine.run() == STOPPED


def test_a_stop_ends_one_portion_of_a_begun_call(elf):
    machine = core(elf, lambda focus, n: focus.stop() or n)
    call = machine.begin("outer", 1)
    assert not call.advance(10_000)
    assert call.advance(10_000)
    assert call.result == 12


def test_a_stop_with_a_status_ends_a_call_as_an_exit_does(elf):
    machine = core(elf, lambda focus, n: focus.stop(3) or n)
    with pytest.raises(GuestExit, match="status 3") as caught:
        machine.call("ask", 1)
    assert caught.value.status == 3
    assert machine.call("add", 1, 1) == 2


def test_a_request_to_end_is_forgotten_when_the_outcall_raises(elf):
    def answer(focus, n):
        if n == 1:
            focus.stop(3)
            raise ZeroDivisionError
        return n

    machine = core(elf, answer)
    with pytest.raises(ZeroDivisionError):
        machine.run()
    assert machine.call("ask", 2) == 3


def test_a_request_to_end_waits_for_its_own_outcall(elf):
    def answer(focus, n):
        if n == 1:
            focus.stop(5)
            assert focus.call("ask", 2) == 3
        return n

    assert core(elf, answer).run() == Stop(EXITED, 5)


# What is refused


@pytest.mark.parametrize("budget", [-1, 1.5, "3", True])
def test_a_budget_is_a_number_of_instructions(elf, budget):
    machine = core(elf)
    for refused in (machine.run, lambda budget: machine.call("bump", budget=budget)):
        with pytest.raises(ArgumentError, match="budget="):
            refused(budget=budget)
    assert machine.instructions == 0


@pytest.mark.parametrize("timeout", [-1, float("nan"), "3", False])
def test_a_time_limit_is_a_number_of_seconds(elf, timeout):
    with pytest.raises(ArgumentError, match="timeout="):
        core(elf).run(timeout=timeout)


def test_run_is_refused_inside_an_outcall(elf):
    def answer(focus, n):
        for _ in range(2):
            with pytest.raises(StateError, match=r"inside an outcall use call\(\)"):
                focus.machine.run()
            focus.call("add", 1, 2)  # and it stays so
        return n

    assert core(elf, answer).run() == Stop(EXITED, 1)


def test_run_waits_for_a_call_that_was_begun(elf):
    machine = core(elf)
    call = machine.begin("add", 1, 2)
    with pytest.raises(StateError, match="finish or cancel"):
        machine.run()
    call.cancel()
    assert machine.run() == Stop(EXITED, 1)


def test_one_python_thread_at_a_time(elf):
    refused = []

    def intrude(machine, call):
        for enter in (machine.run, lambda: machine.call("bump"), lambda: call.advance(1)):
            try:
                enter()
            except StateError as error:
                refused.append(str(error))

    def answer(focus, n):
        call = focus.begin("add", 1, 2)
        thread = threading.Thread(target=intrude, args=(focus.machine, call))
        thread.start()
        thread.join()
        assert call.advance(100)
        return n

    machine = core(elf, answer)
    assert machine.run() == Stop(EXITED, 1)
    assert (
        refused == ["another thread is running this machine; give each thread its own Machine"] * 3
    )


def test_python_threads_take_a_machine_in_turn(elf):
    machine = core(elf)
    results = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: results.append(machine.call("bump")))
        thread.start()
        thread.join()
    assert [*results, machine.call("bump")] == [1, 2, 3]


@pytest.mark.parametrize(
    "use",
    [
        lambda machine: machine.run(),
        lambda machine: machine.call("add", 1, 2),
        lambda machine: machine.processes[0].call("add", 1, 2),
        lambda machine: machine.begin("add", 1, 2),
        lambda machine: machine.memory,
        lambda machine: machine.registers,
        lambda machine: machine.load(b""),
        lambda machine: machine.replace("add", lambda focus: 1).__enter__(),
        lambda machine: machine.stop(3),
    ],
)
def test_a_closed_machine_says_so(elf, use):
    machine = core(elf)
    machine.close()
    with pytest.raises(StateError, match="the machine is closed"):
        use(machine)


def test_a_bound_function_of_a_closed_machine_says_so(elf):
    with core(elf) as machine:
        add = machine.function("add")
    with pytest.raises(StateError, match="closed"):
        add(1, 2)


def test_a_machine_is_not_closed_while_it_runs(elf):
    def answer(focus, n):
        with pytest.raises(StateError, match="is running"):
            focus.machine.close()
        return n

    assert core(elf, answer).run() == Stop(EXITED, 1)


def test_leaving_a_machines_block_by_an_exception_keeps_the_exception(elf):
    with pytest.raises(ZeroDivisionError), core(elf) as machine:
        machine.begin("add", 1, 2)
        raise ZeroDivisionError
