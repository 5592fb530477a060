"""Who made an outcall: focus, frames, processes; and system calls."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from simfw import (
    BindError,
    Focus,
    FrameKind,
    GuestExit,
    Machine,
    StateError,
    Stop,
    StopKind,
    UnknownSyscall,
    open_image,
    outcall,
)
from tests.guests.core import HERE, SOURCE, SPEC, Host, core


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(SOURCE, xlen=xlen)


@pytest.fixture(scope="module")
def outcalls_elf(build_guest, xlen) -> Path:
    return build_guest(HERE / "outcalls.c", xlen=xlen)


# Focus


def test_a_focus_names_machine_process_thread_and_memory(elf):
    def answer(focus, n):
        assert focus.machine is machine
        assert focus.process is machine.processes[0]
        assert focus.thread is machine.threads[0]
        assert focus.memory is machine.memory
        return n

    machine = core(elf, answer)
    assert machine.call("ask", 1) == 2


@pytest.mark.parametrize(
    ("function", "caller"),
    [
        ("ask", (FrameKind.GUEST, "ask")),
        ("outer", (FrameKind.GUEST, "ask")),
        ("tail", (FrameKind.BACKCALL, "tail")),
        ("host", (FrameKind.BACKCALL, "host")),
    ],
)
def test_the_caller_is_the_nearest_live_frame(elf, function, caller):
    seen = []

    def answer(focus, n):
        frame = focus.frame
        assert (frame.kind, frame.name) == (FrameKind.OUTCALL, "host")
        assert frame.pc == focus.machine.address_of("host")
        seen.append((frame.caller.kind, frame.caller.name))
        return n

    core(elf, answer).call(function, 1)
    assert seen == [caller]


def test_the_caller_of_a_call_that_ends_its_function_is_that_function(elf):
    """`exit` does not return, so the return address belongs to the next function."""
    seen = []

    def ends(focus, status):
        seen.append(focus.frame.caller.name)
        focus.stop(int(status))

    machine = core(elf)
    with machine.replace(machine.address_of("exit"), ends), pytest.raises(GuestExit):
        machine.call("quit", 1)
    assert seen == ["quit"]


def test_a_focus_is_over_with_its_outcall(elf):
    kept = []
    machine = core(elf, lambda focus, n: kept.append(focus) or n)
    machine.run()
    (focus,) = kept
    assert not focus.valid
    assert "(over)" in repr(focus)
    for use in (
        lambda: focus.machine,
        lambda: focus.process,
        lambda: focus.thread,
        lambda: focus.memory,
        lambda: focus.frame,
        lambda: focus.registers,
        lambda: focus.symbols,
        lambda: focus.call("add", 1, 2),
        lambda: focus.function("add"),
        lambda: focus.backtrace(),
        lambda: focus.stop(),
        lambda: focus.replace("add", lambda focus: 1).__enter__(),
    ):
        with pytest.raises(StateError, match=r"a call of host\(\) that is over"):
            use()


def test_a_focus_is_over_when_its_outcall_raised(elf):
    kept = []

    def answer(focus, n):
        kept.append(focus)
        raise KeyError

    with pytest.raises(KeyError):
        core(elf, answer).call("ask", 1)
    assert not kept[0].valid


def test_a_focus_stays_valid_while_calls_of_it_run(elf):
    def answer(focus, n):
        if n:
            assert focus.call("ask", 0) == 1
            assert focus.valid and focus.frame.caller.name == "ask"
        return n

    assert core(elf, answer).call("ask", 5) == 6


def test_a_focus_does_not_serve_other_threads(elf):
    refused = []

    def intrude(focus):
        try:
            focus.call("add", 1, 2)
        except StateError as error:
            refused.append(str(error))

    def answer(focus, n):
        thread = threading.Thread(target=intrude, args=[focus])
        thread.start()
        thread.join()
        return n

    core(elf, answer).call("ask", 1)
    assert len(refused) == 1 and "another thread" in refused[0]


def test_registers_tell_what_the_guest_passed(elf):
    seen = []

    def answer(focus, n):
        seen.append((focus.registers["a0"], focus.registers["pc"]))
        return n

    machine = core(elf, answer)
    machine.call("ask", 1234)
    assert seen == [(1234, machine.address_of("host"))]


# System calls


class Calls:
    """Answers numbers that nothing declares."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    @outcall(syscall=404)
    def sum(self, focus: Focus, a, b):
        self.seen.append((a.signed, b.signed))
        return a.signed + b.signed

    @outcall(syscall=405)
    def silent(self, focus: Focus):
        self.seen.append(focus.frame.caller.name)


def test_a_system_call_by_number_gets_as_many_operands_as_its_function_takes(outcalls_elf):
    plugin = Calls()
    machine = Machine(outcalls_elf, plugins=[plugin])
    assert machine.call("system_call", 404, -5, 3) == -2
    assert plugin.seen == [(-5, 3)]


def test_a_system_call_by_number_that_returns_nothing_leaves_the_registers(outcalls_elf):
    plugin = Calls()
    assert Machine(outcalls_elf, plugins=[plugin]).call("system_call", 405, 77, 3) == 77
    assert plugin.seen == ["system_call"]


def test_a_declared_system_call_has_types(outcalls_elf, tmp_path):
    spec = tmp_path / "calls.cas"
    spec.write_text('F("measure"); syscall(404), outcall(2, "int32_t", "bytes");')
    seen = []

    @outcall("measure")
    def measure(focus, data: bytes) -> int:
        seen.append(data)
        return -len(data)

    plugin = Calls()
    plugin.measure = measure
    with pytest.raises(BindError, match="404 is served twice"):
        Machine(outcalls_elf, spec=spec, plugins=[plugin])

    class Plugin:
        def __init__(self):
            self.measure = measure

    machine = Machine(outcalls_elf, spec=spec, plugins=[Plugin()])
    address = machine.address_of("message")
    assert machine.call("system_call", 404, address, 3) == -3
    assert seen == [b"\1\2\3"]


def test_a_declared_system_call_is_served_by_number_too(outcalls_elf, tmp_path):
    spec = tmp_path / "calls.cas"
    spec.write_text('F("twice"); syscall(404), outcall(1, "int32_t", "int32_t");')

    class Plugin:
        @outcall(syscall=404)
        def any_name(self, focus, n: int) -> int:
            return 2 * n

    machine = Machine(outcalls_elf, spec=spec, plugins=[Plugin()])
    assert machine.call("system_call", 404, 21, 0) == 42


def test_a_users_system_call_goes_before_the_platforms(outcalls_elf):
    """A registered handler is ignored in favour of a default in some simulators."""

    class Plugin:
        @outcall(syscall=93)
        def exits(self, focus, status):
            focus.stop(int(status) + 100)

    assert Machine(outcalls_elf, plugins=[Plugin()]).run() == Stop(StopKind.EXITED, 142)


@pytest.mark.parametrize("number", [0, 1, 403, (1 << 31) - 1, -1])
def test_an_unknown_system_call_says_which_are_known(outcalls_elf, number, xlen):
    machine = Machine(outcalls_elf, plugins=[Calls()])
    before = dict(machine.registers)
    with pytest.raises(UnknownSyscall, match="64, 93, 404, 405") as caught:
        machine.call("system_call", number, 1, 2)
    fault = caught.value
    assert f"unknown system call {number % (1 << xlen)}" in fault.cause
    assert fault.function is not None and fault.function.startswith("system_call")
    assert fault.pc is not None
    assert machine.memory.read(fault.pc, 4) == b"\x73\0\0\0"
    assert dict(machine.registers) == before


# Several machines, several processes


def test_two_machines_have_plugins_of_their_own(elf):
    first, second = core(elf, lambda focus, n: n + 10), core(elf, lambda focus, n: n + 20)
    assert (first.run().status, second.run().status) == (11, 21)
    assert (first.call("ask", 0), second.call("ask", 0)) == (11, 21)


def test_two_processes_have_memory_and_plugins_of_their_own(elf):
    machine = core(elf, lambda focus, n: n + 10)
    second = machine.load(elf, spec=SPEC, plugins=[Host(lambda focus, n: n + 20)])
    assert machine.run() == Stop(StopKind.EXITED, 11)
    assert [process.exited for process in machine.processes] == [11, 21]
    assert (machine.call("bump"), machine.call("bump"), second.call("bump")) == (6, 7, 6)
    assert machine.instructions == sum(process.instructions for process in machine.processes)


def test_processes_take_turns(elf, xlen):
    """Neither waits for the end of the other."""
    endless = open_image(b"\x6f\0\0\0", xlen=xlen, base=0x8000)  # j .
    machine = Machine(endless, platform="bare")
    second = machine.load(elf)
    assert machine.run(budget=500_000) == Stop(StopKind.BUDGET)
    assert (machine.processes[0].exited, second.exited) == (None, -999)
    assert machine.processes[0].instructions == 500_000 - second.instructions


def test_one_process_calls_the_other(elf):
    def answer(focus, n):
        return second.call("ask", n + 1)

    machine = core(elf, answer)
    second = machine.load(elf, spec=SPEC, plugins=[Host(lambda focus, n: 100 * n)])
    assert machine.call("ask", 1) == 202
    assert machine.run() == Stop(StopKind.EXITED, 201)


def test_processes_that_call_each_other_share_a_budget(elf):
    def answer(focus, n):
        return second.call("forever")

    machine = core(elf, answer)
    second = machine.load(elf)
    assert machine.run(budget=5000) == Stop(StopKind.BUDGET)
    assert 4999 <= machine.instructions <= 5000


def test_a_program_may_end_before_another(elf):
    machine = core(elf)
    second = machine.load(elf, spec=SPEC, plugins=[Host(lambda focus, n: focus.stop() or 2)])
    assert machine.run() == Stop(StopKind.STOPPED)
    assert (machine.processes[0].exited, second.exited, machine.exited) == (1, None, False)
    assert machine.run() == Stop(StopKind.EXITED, 1)
    assert second.exited == 2
