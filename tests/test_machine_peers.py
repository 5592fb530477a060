"""What users of comparable systems trip over, one regression test each.

The names say what happens there; the tests that it does not happen here.
"""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from simfw import (
    BudgetExhausted,
    Machine,
    MemoryFault,
    RangeError,
    StateError,
    Stop,
    StopKind,
    SymbolNotFound,
    open_image,
    outcall,
)
from tests.guests.core import HERE, SOURCE, core


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(SOURCE, xlen=xlen)


@pytest.fixture(scope="module")
def abi(build_guest, xlen) -> Machine:
    source = """
        #include <simfw/guest.h>
        #include <stdint.h>
        SIMFW_EXPORT int64_t nine(int a, int b, int c, int d, int e, int f, int g, int h, int i) {
            return a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h + 9*i;
        }
        __asm__(".globl same\\n.type same, @function\\nsame: lla t0, 1f; jalr t0, 0(t0)\\n"
                "li a0, 0; ret; 1: mv a0, t0; ret\\n.size same, .-same");
    """
    return Machine(build_guest(source, xlen=xlen))


# Silence


def test_a_hook_set_after_code_was_translated_never_fires(elf):
    machine = Machine(elf)
    for _ in range(3):
        machine.call("ask", 1)
    with machine.replace("host", lambda focus, n: 5):
        assert machine.call("ask", 1) == 6


def test_an_exception_in_a_callback_is_printed_and_0_returned(elf, capfd):
    machine = core(elf, lambda focus, n: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        machine.call("ask", 1)
    assert capfd.readouterr() == ("", "")


def test_a_registered_handler_is_ignored_in_favour_of_a_default(elf):
    class Own:
        @outcall(syscall=93)
        def exit(self, focus, status):
            focus.stop(123)

    assert Machine(elf, plugins=[Own()]).run() == Stop(StopKind.EXITED, 123)


def test_calling_a_missing_symbol_jumps_to_0_with_no_name(elf):
    machine = core(elf)
    with pytest.raises(SymbolNotFound, match="no symbol 'adds' in .*'add'"):
        machine.call("adds")
    assert machine.instructions == 0


def test_integers_are_silently_truncated(elf):
    with pytest.raises(RangeError, match="does not fit"):
        core(elf).call("add", 1 << 70, 0)


def test_unmapped_memory_reads_as_0_and_is_made_by_a_write(elf):
    machine = core(elf)
    for address in (0x7_FFFF_F000 & machine.memory.mask, machine.memory.mask - 7):
        with pytest.raises(MemoryFault):
            machine.call("checksum", address, 4)
        with pytest.raises(MemoryFault):
            machine.memory.write(address, b"x")


def test_a_budget_is_checked_at_the_ends_of_blocks_only(xlen):
    machine = Machine(open_image(b"\x13\x05\x15\0" * 64, xlen=xlen, base=0x1_0000))
    start = machine.registers["a0"]
    for count in range(1, 11):
        machine.step()
        assert machine.registers["a0"] - start == count


def test_running_a_program_that_has_ended_makes_it_look_as_if_it_had_not(elf):
    machine = core(elf)
    machine.run()
    with pytest.raises(StateError):
        machine.run()
    assert (machine.exited, machine.status) == (True, 1)


# Re-entrancy


def test_nesting_kills_python_at_depth_63(build_guest, xlen):
    class Deep:
        @outcall("host")
        def host(self, focus, n: int) -> int:
            return focus.call("ask", n - 1) if n else 0

    guest = build_guest(HERE / "tricks.c", xlen=xlen)
    machine = Machine(guest, spec=HERE / "host.cas", plugins=[Deep()])
    for depth in (61, 62, 63, 64, 102, 150, 199):
        assert machine.call("ask", depth) == depth + 1


def test_a_host_function_that_calls_its_own_guest_hangs(elf):
    assert core(elf, lambda focus, n: focus.machine.call("add", n, 1)).run() == Stop(
        StopKind.EXITED, 2
    )


def test_a_sentinel_return_address_is_confused_by_nested_calls(elf):
    def answer(focus, n):
        return focus.call("outer", 5) + focus.call("add", n, 100) if n == 1 else n

    assert core(elf, answer).call("outer", 1) == (5 + 11) + (1 + 100) + 11


def test_an_exception_in_an_outcall_at_depth_3_loses_registers(elf):
    def answer(focus, n):
        return focus.call("keeps", n + 1) if n < 3 else 1 // 0

    machine = core(elf, answer)
    before = dict(machine.registers)
    with pytest.raises(ZeroDivisionError):
        machine.call("keeps", 1)
    assert dict(machine.registers) == before


def test_two_machines_in_one_process_share_their_handlers(elf):
    first, second = core(elf, lambda focus, n: 1), core(elf, lambda focus, n: 2)
    assert [first.call("ask", 0), second.call("ask", 0), first.call("ask", 0)] == [2, 3, 2]


# Interrupts


@pytest.mark.parametrize("enter", ["run", "call"])
def test_ctrl_c_is_delivered_only_when_the_run_ends(xlen, enter):
    machine = Machine(open_image(b"\x13\x05\x15\0\x6f\xf0\xdf\xff", xlen=xlen, base=0x1_0000))
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        machine.run() if enter == "run" else machine.call(0x1_0000)
    assert time.monotonic() - began < 5
    assert machine.instructions > 0
    with pytest.raises(BudgetExhausted):
        machine.call(0x1_0000, budget=10)
    assert machine.run(budget=10) == Stop(StopKind.BUDGET)


# The calling convention


def test_jalr_with_rd_and_rs1_the_same_jumps_to_its_own_link(abi):
    assert abi.call("same") == abi.address_of("same") + 12  # what lies behind the jalr


def test_unsigned_words_from_2_31_on_are_zero_extended(tmp_path, build_guest, xlen):
    spec = tmp_path / "words.cas"
    spec.write_text('L("passed"); backcall("uintptr_t", "abi", "passed", "uint32_t");')
    source = '__asm__(".globl passed\\n.type passed, @function\\npassed: ret");'
    machine = Machine(build_guest(source, xlen=xlen), spec=spec)
    assert machine.call("passed", 0xF000_0000) == (1 << xlen) - 0x1000_0000


def test_the_ninth_argument_is_lost(abi):
    assert abi.call("nine", *range(1, 10)) == 285


def test_a_64_bit_value_takes_one_register_of_32(tmp_path, build_guest, xlen):
    spec = tmp_path / "pair.cas"
    spec.write_text('L("pair"); backcall("int", "abi", "pair", "int", "int64_t");')
    source = """
        #include <simfw/guest.h>
        #include <stdint.h>
        SIMFW_EXPORT int pair(int a, int64_t b) { return a + (int)(b >> 32) * 10 + (int)b * 100; }
    """
    machine = Machine(build_guest(source, xlen=xlen), spec=spec)
    assert machine.call("pair", 1, 2 << 32 | 3) == 321


def test_a_length_that_wraps_around_gives_the_host_4_gib(build_guest, xlen):
    seen = []

    class Plugin:
        @outcall(syscall=7)
        def show(self, focus, pointer, length):
            seen.append(bytes(pointer.slice(length.unsigned)))

    machine = Machine(build_guest(HERE / "outcalls.c", xlen=xlen), plugins=[Plugin()])
    address = machine.address_of("message")
    with pytest.raises(MemoryFault):
        machine.call("system_call", 7, address, (1 << xlen) - 16)
    machine.call("system_call", 7, address, 3)
    assert seen == [b"\1\2\3"]
