"""Running: what `run` returns, and that budgets, steps and time limits are exact."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simfw import (
    BudgetExhausted,
    Machine,
    StateError,
    Stop,
    StopKind,
    WallTimeout,
    open_image,
    outcall,
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


# What run returns


def test_run_returns_how_the_program_ended(elf):
    machine = core(elf)
    assert machine.run() == Stop(EXITED, 1)
    assert (machine.exited, machine.status, machine.stopped) == (True, 1, False)


def test_the_program_gets_its_arguments(elf):
    assert core(elf, args=["-v", "file"]).run() == Stop(EXITED, 3)


def test_a_program_that_has_ended_does_not_run_again_but_can_be_called(elf):
    machine = core(elf)
    machine.run()
    with pytest.raises(StateError, match=r"exited with status 1; its functions can still"):
        machine.run()
    assert machine.call("add", 2, 3) == 5


def test_a_negative_status_is_the_int_that_the_guest_gave(elf):
    assert core(elf, lambda focus, n: -7).run() == Stop(EXITED, -7)


# Budgets


@pytest.mark.parametrize("budget", [0, 1, 2, 31, 32, 33, 100, 1000])
def test_a_budget_is_exact_to_the_instruction(xlen, budget):
    machine = flat(xlen, *[ADDI_A0] * 1200)
    start = machine.registers["a0"]
    assert machine.run(budget=budget) == BUDGET
    assert machine.instructions == budget
    assert machine.registers["a0"] == start + budget
    assert machine.registers["pc"] == BASE + 4 * budget


def test_a_budget_ends_within_a_loop(xlen):
    machine = flat(xlen, ADDI_A0, JUMP_BACK)
    start = machine.registers["a0"]
    machine.run(budget=1_000_001)
    assert machine.registers["a0"] - start == 500_001
    assert machine.registers["pc"] == BASE + 4


def test_step_runs_one_instruction(xlen):
    machine = flat(xlen, ADDI_A0, JUMP_BACK)
    places = []
    for _ in range(4):
        assert machine.step() == BUDGET
        places.append(machine.registers["pc"] - BASE)
    assert places == [4, 0, 4, 0]


@pytest.mark.parametrize("budget", [4, 5, 6])
def test_the_last_instruction_of_a_budget_may_end_the_program(xlen, budget):
    machine = flat(xlen, ADDI_A0, ADDI_A0, ADDI_A0, *call_of(93))
    assert machine.run(budget=budget) == (Stop(EXITED, 4) if budget >= 5 else BUDGET)
    assert machine.instructions == min(budget, 5)


def test_the_last_instruction_of_a_budget_may_not_be_the_one_after_it(xlen):
    machine = flat(xlen, ADDI_A0, 0)  # 0 is no instruction
    assert machine.run(budget=1) == BUDGET
    assert machine.instructions == 1


@settings(max_examples=25)
@given(portions=st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_any_split_of_a_run_gives_the_same_result_and_count(elf, portions):
    whole, split = core(elf), core(elf)
    expected = whole.run()
    stop = BUDGET
    while stop == BUDGET:
        for portion in portions:
            stop = split.run(budget=portion)
            if stop != BUDGET:
                break
    assert (stop, split.instructions) == (expected, whole.instructions)
    assert dict(split.registers) == dict(whole.registers)


@settings(max_examples=25)
@given(portions=st.lists(st.integers(1, 300), min_size=1, max_size=20))
def test_any_split_of_a_call_gives_the_same_result_and_count(elf, portions):
    whole, split = core(elf), core(elf)
    assert whole.call("sum_to", 60) == 1830
    call = split.begin("sum_to", 60)
    while not all(call.advance(portion) for portion in portions):
        pass
    assert call.result == 1830
    assert split.instructions == whole.instructions


def test_the_smallest_budget_of_a_call_is_what_it_retires(elf):
    machine = core(elf)
    machine.call("sum_to", 10)
    needed = machine.instructions
    assert machine.call("sum_to", 10, budget=needed) == 55
    before = dict(machine.registers)
    with pytest.raises(BudgetExhausted, match=r"ran out in the call of sum_to\(\)"):
        machine.call("sum_to", 10, budget=needed - 1)
    assert machine.instructions == 3 * needed - 1
    assert dict(machine.registers) == before


def test_a_budget_that_ends_before_an_outcall_does_not_make_it(elf):
    whole, asked, made = core(elf), [], []
    whole.call("ask", 1)
    for budget in range(whole.instructions):
        machine = core(elf, lambda focus, n: asked.append(n) or n)
        with pytest.raises(BudgetExhausted):
            machine.call("ask", 1, budget=budget)
        assert machine.instructions == budget
        made.append(len(asked))
    assert made[:3] == [0, 0, 0]
    assert made[-1] > 0


def test_an_outcall_counts_as_one_instruction(elf):
    with_host, without = core(elf), Machine(elf)
    assert (with_host.call("ask", 5), without.call("ask", 5)) == (6, -994)
    body = without.instructions - with_host.instructions + 1
    own = core(elf)
    with own.replace("host", lambda focus, n: 1):
        own.call("ask", 5)
    assert own.instructions == with_host.instructions
    assert body >= 2  # at least an addition and a return


def test_a_nested_budget_may_be_smaller_than_what_is_left(elf):
    spent = []

    def answer(focus, n):
        before = focus.machine.instructions
        with pytest.raises(BudgetExhausted, match=r"in the call of forever\(\)"):
            focus.call("forever", budget=10)
        spent.append(focus.machine.instructions - before)
        return n

    assert core(elf, answer).call("outer", 1, budget=1000) == 12
    assert spent == [10]


def test_a_nested_budget_is_never_larger_than_what_is_left(elf):
    def answer(focus, n):
        with pytest.raises(BudgetExhausted):
            focus.call("forever", budget=1_000_000)
        return n

    machine = core(elf, answer)
    with pytest.raises(BudgetExhausted, match=r"in the call of outer\(\)"):
        machine.call("outer", 1, budget=1000)
    assert machine.instructions == 1000


def test_budget_left_is_that_of_the_outermost_entry(elf):
    left = []

    def answer(focus, n):
        left.append((focus.machine.budget_left, focus.machine.instructions))
        return n

    machine = core(elf, answer)
    machine.call("ask", 1, budget=500)
    ((remaining, spent),) = left
    assert remaining == 500 - spent
    assert machine.budget_left is None


def exhausting(limit: int):
    """An answer that needs `limit` instructions of its own for each call."""
    return lambda focus, n: focus.call("sum_to", limit) and n


def test_a_budget_that_ends_within_an_outcall_pauses_run(elf):
    machine = core(elf, exhausting(1000))
    assert machine.run(budget=500) == BUDGET
    assert 499 <= machine.instructions <= 500
    assert machine.backtrace()[-1].name == "_start"
    assert machine.call("add", 1, 2) == 3
    assert machine.run() == Stop(EXITED, 1)


def test_a_budget_that_ends_within_a_system_call_pauses_run(xlen, build_guest):
    class Plugin:
        @outcall(syscall=404)
        def answer(self, focus, n):
            return focus.call("spin", 1000) and 7

    machine = Machine(build_guest(SYSTEM_CALL, xlen=xlen), plugins=[Plugin()])
    assert machine.run(budget=100) == BUDGET
    assert machine.run() == Stop(EXITED, 7)


def test_a_budget_that_ends_within_an_outcall_pauses_a_begun_call(elf):
    machine = core(elf, exhausting(100))
    call = machine.begin("ask", 4)
    assert not call.advance(50)
    assert not call.advance(50)
    assert call.advance(100_000)
    assert call.result == 5


# Limits of time


def test_a_time_limit_pauses_run(xlen):
    machine = flat(xlen, ADDI_A0, JUMP_BACK)
    began = time.monotonic()
    assert machine.run(timeout=0.02) == TIMEOUT
    assert time.monotonic() - began < 2
    assert machine.run(budget=10) == BUDGET


def test_a_time_limit_ends_a_call(elf):
    machine = core(elf)
    before = dict(machine.registers)
    with pytest.raises(WallTimeout, match=r"in the call of forever\(\)"):
        machine.call("forever", timeout=0.02)
    assert dict(machine.registers) == before


def test_a_time_limit_holds_where_outcalls_take_the_time(elf):
    asked = []

    def answer(focus, n):
        asked.append(n)
        time.sleep(0.02)
        return n

    machine = core(elf, answer)
    with pytest.raises(WallTimeout):
        machine.call("ask_twice", 3, timeout=0.01)
    assert asked == [3]
    assert machine.run(timeout=0.01) == TIMEOUT
    assert machine.run() == Stop(EXITED, 1)


def test_a_time_limit_within_an_outcall_ends_the_run(elf):
    machine = core(elf, lambda focus, n: focus.call("forever"))
    assert machine.run(timeout=0.02) == TIMEOUT
