"""What calls push, how they return, and that an interrupt leaves them whole or undone."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simfw import (
    ArgumentError,
    GuestFault,
    Machine,
    MemoryFault,
    RangeError,
    Stop,
    StopKind,
    outcall,
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


# Returning


def test_a_return_needs_the_stack_pointer_of_the_entry(tricks):
    machine = Machine(tricks)
    before = state(machine)
    with pytest.raises(GuestFault, match=r"return from crooked\(\) with the stack pointer at 0x"):
        machine.call("crooked")
    assert state(machine) == before


@pytest.mark.parametrize("target", ["to_sentinel", "past_sentinel"])
def test_the_hosts_return_address_is_no_place_to_be_outside_of_calls(tricks, xlen, target):
    machine = Machine(tricks)
    address = machine.address_of(target)
    machine.memory.initialise(machine.symbols.find("main").address, jump_to(address, machine))
    with pytest.raises(GuestFault) as caught:
        machine.run()
    sentinel = (1 << xlen) - 4096
    assert caught.value.pc == sentinel + (4 if target == "past_sentinel" else 0)
    assert machine.call("add", 1, 2) == 3


def jump_to(address: int, machine: Machine) -> bytes:
    """`j address` for the start of main."""
    offset = address - machine.symbols.find("main").address
    bits = (
        (offset >> 20 & 1) << 31
        | (offset >> 1 & 0x3FF) << 21
        | (offset >> 11 & 1) << 20
        | (offset >> 12 & 0xFF) << 12
    )
    return (bits | 0x6F).to_bytes(4, "little")


def test_a_function_cannot_return_for_one_that_was_called_before(tricks):
    """It returns to the same address, but from another frame."""
    machine = Machine(tricks)
    machine.call("keep")
    with pytest.raises(GuestFault, match=r"return from leap_without_sp\(\)"):
        machine.call("leap_without_sp")


def test_a_leap_out_of_a_nested_call_is_a_fault_of_that_call(tricks):
    """As `longjmp` out of a callback: the outer function goes on, and returns for the inner one."""
    seen = []

    class Plugin:
        @outcall("host")
        def host(self, focus, n: int) -> int:
            with pytest.raises(GuestFault, match=r"return from leaps\(\) with") as caught:
                focus.call("leaps", b"below the frame" and 1)
            seen.append(caught.value)
            return n

    machine = Machine(tricks, spec=HERE / "host.cas", plugins=[Plugin()])
    assert machine.call("returns_twice", 5) == 1
    assert len(seen) == 1


def test_an_outcall_returns_as_a_jump_does_without_the_lowest_bit(tricks):
    machine = Machine(tricks)
    with machine.replace("host", lambda focus, n: 100):
        assert machine.call("odd_return", 1) == 105


def test_a_lost_return_address_is_a_jump_to_nowhere(tricks):
    with pytest.raises(MemoryFault, match="jump to non-executable 0x0") as caught:
        Machine(tricks).call("lose_ra")
    assert caught.value.pc == 0


# What a call pushes


def test_the_stack_of_a_function_is_aligned_wherever_the_call_comes(elf, tricks):
    machine = core(elf)
    while machine.step() == BUDGET:
        for data in (b"", b"x", b"x" * 17):
            machine.call("checksum", data, 0)
    low = Machine(tricks)
    assert low.call("frame_address") % 16 == 0
    assert low.call("frame_address", b"12345") % 16 == 0


def test_text_and_bytes_lie_below_the_frame_and_vanish_with_it(elf, tricks):
    machine = Machine(tricks)
    sp = machine.registers["sp"]
    assert machine.call("frame_address", "text", b"\1\2\3") == sp - 32
    assert machine.memory.read(sp - 16, 5) == b"text\0"
    assert machine.memory.read(sp - 32, 3) == b"\1\2\3"
    assert machine.registers["sp"] == sp


def test_what_does_not_fit_the_stack_is_refused_and_nothing_is_written(elf):
    machine = core(elf)
    before = state(machine)
    with pytest.raises(MemoryFault, match="stack overflow: the call of checksum"):
        machine.call("checksum", bytes(1 << 20), 1)
    assert state(machine) == before
    assert machine.call("add", 1, 2) == 3


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("a\0b",), ArgumentError),
        (("\ud800",), ArgumentError),
        ((None,), ArgumentError),
        (([1],), ArgumentError),
        ((1 << 64,), RangeError),
        ((-(1 << 63) - 1,), RangeError),
        ((object(),), ArgumentError),
    ],
)
def test_arguments_without_a_counterpart_are_refused(elf, arguments, error):
    machine = core(elf)
    before = state(machine)
    with pytest.raises(error, match=r"argument 1 of identity\(\)"):
        machine.call("identity", *arguments)
    assert (state(machine), machine.instructions) == (before, 0)


# Interrupts, which Python delivers wherever it calls something


class Interrupt(BaseException):
    pass


def interruptions(work: Callable[[], object]) -> Iterator[int]:
    """Do `work` again and again, each time interrupted at the next place where that may be."""
    for wanted in itertools.count():
        places, fired = itertools.count(), []

        def profile(frame, event, argument, places=places, wanted=wanted, fired=fired):
            if event in ("call", "c_return") and next(places) == wanted:
                fired.append(True)
                raise Interrupt  # lost where it meets a generator that is being closed

        sys.setprofile(profile)
        try:
            work()
        except Interrupt:
            pass
        finally:
            sys.setprofile(None)
        if not fired:
            return
        yield wanted


@pytest.mark.parametrize(
    "work",
    [
        lambda machine: machine.call("add", 1, 2),
        lambda machine: machine.call("ask", 3),
        lambda machine: machine.call("checksum", b"abc", 3),
        lambda machine: machine.begin("ask", 0).cancel(),
    ],
)
def test_an_interrupt_anywhere_in_a_call_leaves_the_program_as_it_was(elf, work):
    machine = core(elf, lambda focus, n: focus.call("ask", n - 1) if n else 0)
    before, calls = state(machine), 0
    machine.call("add", 1, 2)
    for _ in interruptions(lambda: work(machine)):
        calls += 1
        while [thread.depth for thread in machine.threads] != [0]:
            machine.threads[0].process.leave(machine.threads[0].call)  # of the begun one
        assert state(machine) == before
    assert calls > 10
    machine.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_anywhere_in_a_run_loses_nothing(elf, build_guest, xlen, tmp_path):
    """Not even half of a result that takes two registers: the outcall gets the same again."""
    spec = tmp_path / "guest.cas"
    spec.write_text('F("wide") outcall(1, "int64_t", "int32_t");')
    source = """
        #include <simfw/guest.h>
        #include <stdint.h>
        SIMFW_EXPORT __attribute__((weak)) int64_t wide(int32_t n) { return n; }
        int main(void) { return wide(3) >> 32 == 7 && (wide(4) & 255) == 4 ? 1 : 99; }
    """

    class Plugin:
        @outcall("wide")
        def wide(self, focus, n: int) -> int:
            assert n in (3, 4)
            return 7 << 32 | n

    def machine() -> Machine:
        return Machine(build_guest(source, xlen=xlen), spec=spec, plugins=[Plugin()])

    whole, again = machine(), machine()
    whole.run()
    process = again.processes[0]
    registers, start = process.engine.x[:], process.thread.pc

    def work() -> None:
        process.engine.x[:], process.thread.pc = registers, start
        again.instructions, process.exited = 0, None
        again.run()

    places = 0
    for _ in interruptions(work):
        places += 1
        if not again.exited:
            assert again.run() == Stop(StopKind.EXITED, 1)
            assert again.instructions == whole.instructions
    assert places > 10
