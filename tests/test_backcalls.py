"""Calls of the host into the guest: at rest, paused and nested, and what ends them."""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from simfw import (
    ArgumentError,
    BackcallStub,
    BudgetExhausted,
    CallDepthError,
    FrameKind,
    GuestExit,
    GuestFault,
    Machine,
    MemoryFault,
    RangeError,
    StateError,
    Stop,
    StopKind,
    SymbolNotFound,
    outcall,
)
from tests.guests.core import HERE, SOURCE, core

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


def stack(machine: Machine) -> bytes:
    """The stack from sp up to where it began."""
    (region,) = (one for one in machine.memory.regions if one.name == "stack")
    sp = machine.registers["sp"]
    return machine.memory.read(sp, region.end - sp)


def state(machine: Machine) -> tuple[object, ...]:
    return dict(machine.registers), stack(machine), [thread.depth for thread in machine.threads]


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
    machine = deep(tricks, max_depth=1000)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    try:
        assert machine.call("ask", 999) == 1000
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


# Interrupts, which Python delivers wherever it calls something


class Interrupt(BaseException):
    pass


def interruptions(work: Callable[[], object]) -> Iterator[int]:
    """Do `work` again and again, each time interrupted at the next place where that may be."""
    for wanted in itertools.count():
        places = itertools.count()

        def profile(frame, event, argument, places=places, wanted=wanted):
            if event in ("call", "c_return") and next(places) == wanted:
                raise Interrupt

        sys.setprofile(profile)
        try:
            work()
        except Interrupt:
            pass
        else:
            return
        finally:
            sys.setprofile(None)
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
def test_an_interrupt_anywhere_in_a_run_loses_nothing(elf):
    whole, machine = core(elf), core(elf)
    whole.run()
    registers, data = machine.threads[0].process.engine.x[:], machine.memory.regions[2]
    content = machine.memory.read(data.address, data.size)
    start = machine.registers["pc"]

    def work():
        process = machine.threads[0].process
        machine.memory.write(data.address, content)
        process.engine.x[:], process.thread.pc = registers, start
        machine.instructions, process.exited = 0, None
        machine.run()

    places = 0
    for _ in interruptions(work):
        places += 1
        if not machine.exited:
            assert machine.run() == Stop(StopKind.EXITED, 1)
            assert machine.instructions == whole.instructions
    assert places > 10
