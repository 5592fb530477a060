"""Guests that do what they must not: the right error, its place, and a machine that goes on."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from simfw import (
    ArgumentError,
    Breakpoint,
    BudgetExhausted,
    GuestFault,
    IllegalInstruction,
    LoadError,
    Machine,
    MemoryFault,
    MisalignedAccess,
    UnknownSyscall,
    open_image,
)
from tests.elf_writer import FUNC, GLOBAL, Name, make_elf, symbol_parts
from tests.guests.core import HERE


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(HERE / "hostile.c", xlen=xlen)


@pytest.fixture
def machine(elf) -> Machine:
    return Machine(elf)


def fault_of(machine: Machine, function: str, *arguments: object, **options: object) -> GuestFault:
    """The fault of a call; that it changes nothing, and that calls work after it."""
    before, depth = dict(machine.registers), machine.threads[0].depth
    with pytest.raises(GuestFault) as caught:
        machine.call(function, *arguments, **options)
    assert dict(machine.registers) == before
    assert machine.threads[0].depth == depth
    assert machine.call("add", 2, 3) == 5
    return caught.value


def region(machine: Machine, name: str):
    return next(one for one in machine.memory.regions if one.name == name)


# Loads and stores


ACCESSES = [
    ("load_8", 1),
    ("load_16", 2),
    ("load_32", 4),
    ("store_8", 1),
    ("store_16", 2),
    ("store_32", 4),
]
PLACES = {
    "null": lambda machine, xlen: 0,
    "low": lambda machine, xlen: 0x8000,
    "the host's return address": lambda machine, xlen: (1 << xlen) - 4096,
    "the last byte": lambda machine, xlen: (1 << xlen) - 1,
    "the middle": lambda machine, xlen: 1 << (xlen - 1),
    "behind the stack": lambda machine, xlen: region(machine, "stack").end,
    "below the stack": lambda machine, xlen: region(machine, "stack").address - 4,
}


@pytest.mark.parametrize(("function", "size"), ACCESSES)
@pytest.mark.parametrize("place", PLACES)
def test_an_access_to_nowhere(machine, xlen, function, size, place):
    """Unmapped memory reads as 0 in some simulators."""
    address = PLACES[place](machine, xlen)
    fault = fault_of(machine, function, address, 1)
    assert type(fault) is MemoryFault
    assert fault.address == address
    assert fault.pc == machine.address_of(function)
    assert fault.function == function
    assert fault.registers["a0"] == address
    assert f"{address:#x}" in str(fault)


@pytest.mark.parametrize(("function", "size"), ACCESSES)
def test_an_access_that_reaches_beyond_its_region(machine, function, size):
    for inside in range(1, size):  # of one byte there is none
        fault = fault_of(machine, function, region(machine, "stack").end - inside, 1)
        assert fault.function == function
        assert "region stack" in fault.cause


@pytest.mark.parametrize("name", ["text", "rodata"])
@pytest.mark.parametrize("function", ["store_8", "store_16", "store_32"])
def test_a_write_to_code_or_constants(machine, function, name):
    start = region(machine, name).address
    content = machine.memory.read(start, 64)
    fault = fault_of(machine, function, start, 0)
    assert type(fault) is MemoryFault
    assert (fault.address, fault.function) == (start, function)
    assert f"region {name}" in fault.cause and "not writable" in fault.cause
    assert machine.memory.read(start, 64) == content


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_a_misaligned_access_is_served_byte_by_byte(machine, offset):
    start = machine.address_of("counter")
    machine.call("store_32", start + offset, 0x04030201)
    assert machine.call("load_32", start + offset) == 0x04030201
    assert machine.memory.read(start, 8) == bytes(offset) + b"\1\2\3\4" + bytes(4 - offset)


@pytest.mark.parametrize("function", ["swap", "reserve", "conditional"])
@pytest.mark.parametrize("offset", [1, 2, 3])
def test_a_misaligned_atomic(machine, function, offset):
    fault = fault_of(machine, function, machine.address_of("counter") + offset, 1)
    assert type(fault) is MisalignedAccess
    assert fault.address == machine.address_of("counter") + offset
    assert (fault.pc, fault.function) == (machine.address_of(function), function)


def test_an_atomic_on_a_constant(machine):
    fault = fault_of(machine, "swap", machine.address_of("constant"), 1)
    assert type(fault) is MemoryFault and fault.function == "swap"
    assert machine.memory.load(machine.address_of("constant"), "u32") == 0x12345678


HIGH = 1 << 40


@pytest.mark.parametrize(
    "address",
    [0, HIGH - 4096, HIGH - 8, HIGH - 1, HIGH + (1 << 33), (1 << 63) - 1, 1 << 63, (1 << 64) - 4],
)
def test_the_memory_of_a_program_high_up_does_not_wrap_around(address):
    """Its arena begins at the program; what lies below is no negative offset."""
    words = (0x0005_2503, 0x0000_8067)  # lw a0, 0(a0); ret
    code = b"".join(word.to_bytes(4, "little") for word in words)
    machine = Machine(open_image(code, xlen=64, base=HIGH, size=8192), platform="bare")
    assert machine.call(HIGH, HIGH) == words[0]
    with pytest.raises(MemoryFault) as caught:
        machine.call(HIGH, address if address < 1 << 63 else address - (1 << 64))
    assert (caught.value.pc, caught.value.address) == (HIGH, address)
    with pytest.raises(MemoryFault):
        machine.memory.read(address, 4)
    with pytest.raises(MemoryFault) as caught:
        machine.call(address & -2)
    assert caught.value.pc == address & -2


# Jumps


@pytest.mark.parametrize(
    "place",
    [
        lambda machine: machine.address_of("counter"),
        lambda machine: machine.address_of("constant"),
        lambda machine: region(machine, "stack").end - 16,
        lambda machine: 0,
        lambda machine: 0x7000_0000,
        lambda machine: machine.memory.mask - 1,
    ],
    ids=["data", "constants", "stack", "null", "unmapped", "the last address"],
)
def test_a_jump_to_what_is_no_code(machine, place):
    """Calling a missing symbol jumps to 0 with no name in some simulators."""
    target = place(machine)
    fault = fault_of(machine, "through", target, 1)
    assert type(fault) is MemoryFault
    assert (fault.pc, fault.address) == (target, target)
    assert f"jump to non-executable {target:#x}" in fault.cause
    assert [frame.name for frame in fault.backtrace][1:3] == ["through", "through"]


def test_a_jump_to_an_odd_address_loses_the_bit_as_the_manual_has_it(machine):
    machine.call("jump", machine.address_of("add") + 1, 5)
    fault = fault_of(machine, "jump", 1)
    assert (fault.pc, fault.address) == (0, 0)


def test_code_at_an_odd_address_is_not_called(machine):
    with pytest.raises(ArgumentError, match="odd"):
        machine.call(machine.address_of("add") + 1)


@pytest.mark.parametrize("function", ["zeros", "ones", "reserved_word"])
def test_bits_that_are_no_instruction(machine, function):
    fault = fault_of(machine, function)
    assert type(fault) is IllegalInstruction
    assert (fault.pc, fault.function) == (machine.address_of(function), function)


@pytest.mark.parametrize("function", ["read_csr", "write_counter", "return_from_trap"])
def test_instructions_that_a_program_may_not_use(machine, function):
    fault = fault_of(machine, function)
    assert type(fault) is IllegalInstruction
    assert (fault.pc, fault.function) == (machine.address_of(function), function)


def test_waiting_for_an_interrupt_ends(machine):
    """Whatever it means here, it must not wait for ever."""
    with contextlib.suppress(GuestFault):
        machine.call("wait_for_interrupt", budget=1000)
    assert machine.call("add", 2, 3) == 5


def test_a_breakpoint(machine):
    fault = fault_of(machine, "stop_point")
    assert type(fault) is Breakpoint
    assert (fault.pc, fault.function) == (machine.address_of("stop_point"), "stop_point")


@pytest.mark.parametrize("number", [0, 17, 1 << 20, -1])
def test_an_unknown_system_call(machine, number, xlen):
    fault = fault_of(machine, "call_host", number, 1, 2)
    assert type(fault) is UnknownSyscall
    assert fault.function is not None and fault.function.startswith("call_host+0x")
    assert f"unknown system call {number % (1 << xlen)}" in str(fault)
    assert "'bare'" in str(fault) and "64, 93" in str(fault)


@pytest.mark.parametrize(
    ("address", "length"), [(0, 5), (0x10000, 1 << 31), (0x10000, -1), (-1, 2), (-16, 32)]
)
def test_a_system_call_with_a_wild_pointer(machine, capfd, address, length):
    before = dict(machine.registers)
    with pytest.raises(MemoryFault) as caught:
        machine.call("write", 1, address, length)
    assert caught.value.function is not None and caught.value.function.startswith("write")
    assert dict(machine.registers) == before
    assert capfd.readouterr().out == ""


# The stack


def test_recursion_without_end_runs_into_the_guard(machine):
    fault = fault_of(machine, "dig", 0)
    assert type(fault) is MemoryFault
    stack = region(machine, "stack")
    assert fault.address is not None and stack.address - 4096 < fault.address < stack.address
    assert fault.function is not None and fault.function.startswith("dig")
    assert {frame.name for frame in fault.backtrace[:50]} == {"dig"}


def test_recursion_without_end_is_bounded_by_a_budget(machine):
    with pytest.raises(BudgetExhausted):
        machine.call("dig", 0, budget=5000)
    assert machine.call("add", 2, 3) == 5


def test_a_program_that_recurses_without_end_faults_and_its_functions_can_be_called(machine):
    with pytest.raises(MemoryFault) as caught:
        machine.run()
    stack = region(machine, "stack")
    assert machine.registers["sp"] < stack.address + 4096
    assert machine.registers["pc"] == caught.value.pc
    with pytest.raises(MemoryFault):
        machine.run()
    machine.reset_stack()
    assert machine.call("add", 2, 3) == 5


@pytest.mark.parametrize("sp", [0, 8, 0x10000, 0x7FFF_FFF0, -16, 3])
def test_a_wild_stack_pointer(machine, sp):
    fault = fault_of(machine, "wild_stack", sp)
    assert fault.function is not None and fault.function.startswith("wild_stack")


@pytest.mark.parametrize("sp", [0, 8, 0x10004, -16, 3])
def test_calls_from_a_program_whose_stack_pointer_is_wild(elf, sp):
    machine = Machine(elf)
    process = machine.processes[0]
    process.engine.x[2] = sp & machine.memory.mask
    with pytest.raises(MemoryFault, match=r"stack overflow|not writable"):
        machine.call("load_8", b"text")
    assert machine.call("load_8", machine.address_of("constant")) == 0x78  # it needs no stack
    machine.reset_stack()
    assert machine.call("load_8", b"text") == ord("t")


# What a fault tells


def test_a_fault_has_the_frames_up_to_the_host(machine):
    fault = fault_of(machine, "top", 0x40)
    assert [frame.name for frame in fault.backtrace][:4] == ["leaf", "middle", "top", "top"]
    text = str(fault)
    assert text.startswith("read of 4 bytes at 0x40: nothing is mapped there")
    assert "in leaf at pc" in text or "in leaf+" in text
    assert "\n  middle+0x" in text and "\n  backcall top" in text


def test_a_damaged_symbol_table_does_not_hide_a_fault(xlen):
    parts = symbol_parts([Name("f", 0x10000, 16, FUNC | GLOBAL, 1)], xlen)
    table = parts[2].data[: -16 if xlen == 32 else -24] + b"\xff" * (16 if xlen == 32 else 24)
    parts[2] = parts[2]._replace(data=table)
    machine = Machine(make_elf(xlen, parts=parts), platform="bare")
    with pytest.raises(LoadError, match="damaged"):
        machine.address_of("f")
    for enter in (machine.run, lambda: machine.call(0x10000)):
        with pytest.raises(IllegalInstruction) as caught:
            enter()
        assert (caught.value.pc, caught.value.function) == (0x10010, None)


def test_a_fault_in_a_program_leaves_it_at_the_instruction(machine):
    with pytest.raises(MemoryFault) as caught:
        machine.run()
    count = machine.instructions
    with pytest.raises(MemoryFault) as again:
        machine.run()
    assert (again.value.pc, machine.instructions) == (caught.value.pc, count)


def test_a_fault_is_not_reached_by_a_budget_that_ends_before_it(machine):
    call = machine.begin("load_8", 0)
    assert not call.advance(0)
    with pytest.raises(MemoryFault):
        call.advance(1)


def test_endless_code_is_bounded_by_a_budget(machine):
    with pytest.raises(BudgetExhausted):
        machine.call("spin", budget=100_000)
    assert machine.instructions == 100_000
