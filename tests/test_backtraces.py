"""What faults and exceptions say of the guest frames they come from: the right, in few rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simfw import GuestFault, Machine, MemoryFault, outcall
from simfw.errors import folded
from simfw.notes import note_crossed

SOURCE = """
    #include <simfw/guest.h>
    __attribute__((weak, noinline)) void note(const char *text) { (void)text; }
    __attribute__((weak, noinline)) void halt(const char *text) { (void)text; }
    __attribute__((noinline)) static int last(int n) {
        volatile int here = n;
        note((char *)0x40000000);
        return here;
    }
    SIMFW_EXPORT void tail(void) { note((char *)0x40000000); }
    SIMFW_EXPORT int calls(int n) { note((char *)0x40000000); return n; }
    SIMFW_EXPORT int goes_on(int n) { return last(n) + 1; }
    SIMFW_EXPORT void never_returns(void) { halt((char *)0x40000000); __builtin_unreachable(); }
    SIMFW_EXPORT int after_it(void) { return 5; }
    SIMFW_EXPORT int deep(int n) {
        volatile int here = n;
        return n ? deep(n - 1) + here : *(volatile int *)4;
    }
    int main(void) { note((char *)0x40000000); return 0; }
"""

SPEC = 'F("note") outcall(1, "void", "const char*"); F("halt") outcall(1, "void", "const char*");'


class Host:
    @outcall
    def note(self, focus, text: str) -> None: ...

    @outcall
    def halt(self, focus, text: str) -> None: ...


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def elf(request, build_guest) -> Path:
    return build_guest(SOURCE, xlen=request.param)


@pytest.fixture
def machine(elf, tmp_path) -> Machine:
    spec = tmp_path / "notes.cas"
    spec.write_text(SPEC)
    return Machine(elf, spec=spec, plugins=[Host()])


def fault_of(machine: Machine, name: str, *args: int) -> GuestFault:
    with pytest.raises(GuestFault) as caught:
        machine.call(name, *args)
    return caught.value


def test_a_bad_pointer_is_blamed_on_the_call_site_and_the_outcall_is_shown(machine):
    fault = fault_of(machine, "calls", 1)
    start = machine.address_of("calls")
    assert fault.pc is not None and start < fault.pc < start + 32
    assert fault.function == f"calls+{fault.pc - start:#x}"
    assert [str(frame) for frame in fault.backtrace][:3] == [
        "outcall note",
        f"{fault.function} at {fault.pc:#x}",
        "backcall calls",
    ]


def test_after_a_tail_call_the_nearest_live_frame_is_blamed(machine):
    fault = fault_of(machine, "tail")
    assert (fault.pc, fault.function) == (machine.address_of("tail"), "tail")
    assert [str(frame) for frame in fault.backtrace][:2] == ["outcall note", "backcall tail"]
    assert "0xfff" not in str(fault)


def test_frames_below_the_call_site_are_shown_too(machine):
    fault = fault_of(machine, "goes_on", 1)
    names = [frame.name for frame in fault.backtrace]
    assert names[:4] == ["note", "last", "goes_on", "goes_on"]


def test_a_call_that_is_the_last_instruction_belongs_to_its_function(machine):
    fault = fault_of(machine, "never_returns")
    assert fault.function is not None and fault.function.startswith("never_returns")


def test_a_bad_pointer_of_the_program_itself(machine):
    with pytest.raises(MemoryFault) as caught:
        machine.run()
    assert [frame.name for frame in caught.value.backtrace][:2] == ["note", "main"]


def test_a_fault_that_the_outcall_met_shows_it(machine):
    with (
        machine.replace("note", lambda focus, text: focus.memory.read(0x40000000, 1)),
        pytest.raises(MemoryFault) as caught,
    ):
        machine.call("calls", 1)
    assert str(caught.value.backtrace[0]) == "outcall note"


def test_a_fault_after_an_outcall_does_not_show_it(machine):
    def fails(focus, text):
        pass

    with machine.replace("note", fails):
        fault = fault_of(machine, "deep", 0)
    assert fault.backtrace[0].name == "deep"


def test_recursion_is_folded_in_the_text_and_complete_in_the_backtrace(machine):
    fault = fault_of(machine, "deep", 85)
    assert [frame.name for frame in fault.backtrace][:87] == ["deep"] * 87
    (row,) = re.findall(r"\n  (deep\+0x\w+ at 0x\w+ \(.+\))", str(fault))
    assert row.endswith("(85 times)")
    assert len(str(fault).splitlines()) < 10


def test_rows_that_differ_stay():
    assert folded(["a", "a", "b", "a"]) == ["a (2 times)", "b", "a"]


def test_of_many_rows_the_middle_is_counted():
    rows = folded([*range(100), "end", "end"])
    assert (rows[:2], rows[-2:]) == (["0", "1"], ["99", "end (2 times)"])
    assert rows[22] == "… 69 more …"
    assert len(rows) == 33


def test_a_row_is_no_longer_than_a_few_lines():
    assert len(folded(["x" * 10_000])[0]) == 201


def test_equal_notes_are_one_with_a_count():
    error = KeyError()
    for _ in range(12):
        note_crossed(error, ["f+0x4 at 0x10", "backcall f"])
    note_crossed(error, ["g"])
    assert error.__notes__ == [
        "called from the guest (12 times): f+0x4 at 0x10 ← backcall f",
        "called from the guest: g",
    ]


def test_notes_of_others_stay():
    error = KeyError()
    error.add_note("mine (2 times)")
    note_crossed(error, ["f"])
    error.add_note("yours")
    note_crossed(error, ["f"])
    assert error.__notes__ == [
        "mine (2 times)", "called from the guest: f", "yours", "called from the guest: f",
    ]  # fmt: skip


def test_of_many_notes_the_outer_ones_are_counted():
    error = KeyError()
    for number in range(100):
        note_crossed(error, ["even", "odd"][number % 2 :])
    assert len(error.__notes__) == 9
    assert error.__notes__[-1] == "called from the guest: … (92 more)"
