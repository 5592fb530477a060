"""The ready-made outcalls, called by RISC-V guests of both widths and by belt guests.

For every outcall of the library each guest has a function `do_NAME` that passes its arguments
on and returns the result: what is tested is the same for all of them.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time as host
from pathlib import Path

import pytest

import conasm
from conasm.nodes import OutcallDeclaration
from outcalls import console, files, sim, time
from outcalls.console import Console
from outcalls.files import Files, Limits
from outcalls.sim import Sim
from outcalls.time import CountingClock, SetClock, Time
from simfw import (
    NONE,
    ArgumentError,
    GuestExit,
    Machine,
    MemoryFault,
    NaR,
    NaRKind,
    StateError,
    StopKind,
    open_image,
    outcall,
)
from simfw.tools.headers import write_assembly, write_header

SPECS = [module.SPEC for module in (sim, console, files, time)]
UNITS = [conasm.load(spec) for spec in SPECS]
OUTCALLS = [one for unit in UNITS for one in unit.outcalls]
PATH = 512
"""Where in the guest's buffer of 1024 bytes the tests put paths."""


def types_of(one: OutcallDeclaration) -> tuple[str, ...]:
    """Result and parameters; the untyped operand is 64 bits wide here."""
    return one.types or ("void", *["int64_t"] * one.count)


def c_forwarder(one: OutcallDeclaration) -> str:
    result, *parameters = types_of(one)
    parameters = [part for each in parameters for part in
                  (["const void*", "size_t"] if each == "bytes" else [each])]  # fmt: skip
    listed = ", ".join(f"{each} a{n}" for n, each in enumerate(parameters))
    passed = ", ".join(f"a{n}" for n in range(len(parameters)))
    returns = "" if result == "void" else "return "
    return (
        f"SIMFW_BACKCALL {result} do_{one.name}({listed or 'void'})"
        f" {{ {returns}{one.name}({passed}); }}"
    )


def belt_forwarder(one: OutcallDeclaration) -> str:
    result, *parameters = types_of(one)
    names = [f"%a{n}" for n in range(one.count)]
    listed = "".join(f', "{each}"' for each in parameters)
    call = ", ".join([f'"{one.name}"', *names])
    body = f"call0({call}), retn();" if result == "void" else f"call1({call}) %r, retn(%r);"
    return (
        f'L("do_{one.name}") {" ".join(names)}; '
        f'backcall("{result}", "do", "{one.name}"{listed}); {body}'
    )


BELT = "\n".join(
    [
        *(f'include "outcalls/{spec.name}";' for spec in SPECS),
        'D("buffer") zero(1024);',
        'F("main"); call0("sim_pause"); con(7, w) %s; call0("sim_stop", %s); retn();',
        *map(belt_forwarder, OUTCALLS),
    ]
)
C = "\n".join(
    [
        write_header(UNITS, "library"),
        "char buffer[1024];",
        "int main(void) { sim_pause(); sim_stop(7); return 1; }",
        *map(c_forwarder, OUTCALLS),
    ]
)
DECLARED = "\n".join(
    [
        *(f'include "outcalls/{spec.name}";' for spec in SPECS),
        *(
            f'L("do_{one.name}") backcall({", ".join(f"{each!r}" for each in texts)});'.replace(
                "'", '"'
            )
            for one in OUTCALLS
            for texts in [(types_of(one)[0], "do", one.name, *types_of(one)[1:])]
        ),
    ]
)


@pytest.fixture(scope="session", params=["rv32", "rv64", "belt"])
def load(request, build_guest, tmp_path_factory):
    """Make a machine with the library, and with plugins of the test instead of the usual ones."""
    directory = tmp_path_factory.mktemp("library")
    spec, assembly = directory / "library.cas", directory / "library.S"
    spec.write_text(DECLARED)
    assembly.write_text(write_assembly(UNITS))
    if request.param == "belt":
        image, keywords = open_image(BELT.encode()), {}
    else:
        image = open_image(build_guest(C, assembly, xlen=int(request.param[2:])))
        keywords = {"spec": spec}

    def make(*plugins: object) -> Machine:
        usual = [Console(io.BytesIO(), io.BytesIO()), Sim(), Files("."), Time()]
        kinds = {type(plugin) for plugin in plugins}
        rest = [plugin for plugin in usual if type(plugin) not in kinds]
        return Machine(image, plugins=[*plugins, *rest], **keywords)

    return make


def do(machine: Machine, name: str, *args: object) -> object:
    return machine.call(f"do_{name}", *args)


@pytest.fixture
def buffer(load):
    return load().address_of("buffer")


# --- all


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_every_outcall_is_described(spec):
    assert [one.name for one in conasm.load(spec).outcalls if not one.comment] == []


@pytest.mark.parametrize(
    ("spec", "plugin"),
    list(zip(SPECS, [Sim(), Console(), Files("."), Time()], strict=True)),
    ids=lambda one: getattr(one, "stem", ""),
)
def test_a_class_serves_what_its_spec_declares(spec, plugin):
    unit = f'include "outcalls/{spec.name}"; F("main"); retn();'
    assert Machine(unit.encode(), plugins=[plugin]).run().status == 0
    assert Path(plugin.spec) == spec


def test_what_a_guest_does_not_declare_it_does_not_get():
    unit = b'F("console_newline") outcall(0); F("main"); call0("console_newline"); retn();'
    out = io.BytesIO()
    assert Machine(unit, plugins=[Console(out), Sim()]).run().status == 0
    assert out.getvalue() == b"\n"


# --- sim


def test_a_program_pauses_and_ends_itself(load):
    machine = load()
    assert machine.run().kind is StopKind.STOPPED
    stop = machine.run()
    assert (stop.kind, stop.status) == (StopKind.EXITED, 7)


def test_a_called_function_ends_the_program(load):
    machine = load()
    with pytest.raises(GuestExit) as caught:
        do(machine, "sim_stop", -3)
    assert caught.value.status == -3


def test_instructions_are_those_of_the_machine(load):
    machine = load()
    first = do(machine, "sim_instructions")
    each = machine.instructions
    assert 1 < first <= each
    assert do(machine, "sim_instructions") == each + first


def test_cycles_are_those_of_the_machine(load):
    machine = load()
    assert 0 < do(machine, "sim_cycles") <= machine.cycles <= machine.instructions


def test_an_outcall_takes_no_cycle_of_a_belt_program():
    unit = b"""
        include "outcalls/sim.cas";
        F("main");
            call1("sim_cycles") %a;
            call1("sim_cycles") %b, call1("sim_cycles") %c;
            sub(%b, %a) %one, sub(%c, %b) %none;
            narrow(%one) %x, narrow(%none) %y;
            retn(%x, %y);
    """
    machine = Machine(unit, plugins=[Sim()])
    assert machine.call("main") == (1, 0)
    assert (machine.instructions, machine.cycles) == (5 + 3, 5)


def test_a_function_asks_for_its_own_name(load, buffer):
    machine = load()
    assert do(machine, "sim_function", buffer, 64) == len("do_sim_function")
    assert machine.memory.cstr(buffer) == "do_sim_function"


def test_a_name_is_cut_off_where_there_is_no_room(load, buffer):
    machine = load()
    machine.memory.write(buffer, b"#" * 16)
    assert do(machine, "sim_function", buffer, 6) == len("do_sim_function")
    assert machine.memory.read(buffer, 8) == b"do_si\0##"
    assert do(machine, "sim_function", 0, 0) == len("do_sim_function")


def test_a_bad_buffer_is_a_fault(load):
    with pytest.raises(MemoryFault):
        do(load(), "sim_function", 0, 8)


def test_a_program_switches_its_trace(load):
    trace = io.StringIO()
    machine = load(Sim(trace_to=trace))
    do(machine, "sim_cycles")
    do(machine, "sim_trace", True)
    do(machine, "sim_cycles")
    do(machine, "sim_trace", False)
    shown = trace.getvalue()
    assert "do_sim_cycles" in shown and "do_sim_trace" in shown
    do(machine, "sim_cycles")
    assert trace.getvalue() == shown


# --- console


@pytest.fixture
def written(load):
    """What a call writes to the console."""

    def call(name: str, *args: object) -> bytes:
        out = io.BytesIO()
        do(load(Console(out)), name, *args)
        return out.getvalue()

    return call


@pytest.mark.parametrize(
    ("name", "value", "output"),
    [
        ("console_text", "Grüße\n", "Grüße\n".encode()),
        ("console_text", b"\xff\x80 no UTF-8", b"\xff\x80 no UTF-8"),
        ("console_bytes", b"a\0b\r\n\xff", b"a\0b\r\n\xff"),
        ("console_bytes", b"", b""),
        ("console_char", 0xE9, b"\xe9"),
        ("console_char", 0, b"\0"),
        ("console_signed", -(2**63), b"-9223372036854775808"),
        ("console_unsigned", 2**64 - 1, b"18446744073709551615"),
        ("console_hex", 0xDEADBEEF, b"0xdeadbeef"),
        ("console_hex", 0, b"0x0"),
        ("console_float", 0.1, b"0.1"),
        ("console_float", -1e300, b"-1e+300"),
        ("console_float", float("nan"), b"nan"),
    ],
)
def test_what_is_written(written, name, value, output):
    assert written(name, value) == output


def test_a_line_break(written):
    assert written("console_newline") == b"\n"


def test_operands_show_their_widths_and_specials():
    class Makers:
        @outcall
        def none(self, focus) -> object:
            return NONE

        @outcall
        def nar(self, focus) -> object:
            return NaR(NaRKind.OVERFLOW)

    unit = b"""
        include "outcalls/console.cas";
        F("none") outcall(0, d); F("nar") outcall(0, q);
        F("main");
            con(-1, h) %h, call1("none") %none, call1("nar") %nar;
            call0("console_operand", %h), call0("console_newline");
            call0("console_operand", %none), call0("console_newline");
            call0("console_operand", %nar), call0("console_newline");
            call0("console_operand", b9), retn();
    """
    out = io.BytesIO()
    Machine(unit, plugins=[Console(out), Makers()]).run()
    assert out.getvalue() == b"65535:h\nNone:d\nNaR(overflow):q\nNaR(invalid operand):b"


def test_output_goes_to_the_hosts_own_stream(load, capfdbinary):
    do(load(Console()), "console_bytes", b"\xff\0")
    assert capfdbinary.readouterr().out == b"\xff\0"


def test_output_goes_to_a_text_stream(load):
    text = io.StringIO()
    machine = load(Console(text))
    do(machine, "console_bytes", b"\xe2\x82")
    do(machine, "console_bytes", b"\xac")
    assert text.getvalue() == "€"


def test_a_host_without_output_is_an_error(load, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(StateError, match="no standard output"):
        do(load(Console()), "console_newline")


def lines(machine: Machine, size: int) -> list[bytes]:
    """What a guest reads with a buffer of that size, to the end."""
    at, found = machine.address_of("buffer"), []
    while count := do(machine, "console_read_line", at, size):
        found.append(machine.memory.read(at, count))
        assert machine.memory.read(at + count, 1) == b"\0"
    return found


def test_input_comes_by_lines(load):
    machine = load(Console(source=io.BytesIO(b"one\n\nlast \xff without end")))
    assert lines(machine, 64) == [b"one\n", b"\n", b"last \xff without end"]


def test_a_long_line_comes_in_parts(load):
    machine = load(Console(source=io.BytesIO(b"abcdefg\nh\n")))
    assert lines(machine, 5) == [b"abcd", b"efg\n", b"h\n"]


def test_input_comes_from_text_streams(load):
    assert lines(load(Console(source=io.StringIO("ä\nö"))), 64) == ["ä\n".encode(), "ö".encode()]


def test_a_bad_buffer_loses_no_line(load):
    machine = load(Console(source=io.BytesIO(b"kept\n")))
    with pytest.raises(MemoryFault):
        do(machine, "console_read_line", 0, 64)
    assert lines(machine, 64) == [b"kept\n"]


def test_a_line_without_end_comes_in_parts_whatever_the_guest_says(load):
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    machine = load(Console(source=Endless()))
    with pytest.raises(MemoryFault):
        do(machine, "console_read_line", machine.address_of("buffer"), 2**32 - 1)


def test_a_buffer_without_room_takes_nothing(load):
    machine = load(Console(source=io.BytesIO(b"kept\n")))
    assert do(machine, "console_read_line", 0, 0) == 0
    assert lines(machine, 64) == [b"kept\n"]


# --- files


@pytest.fixture
def granted(tmp_path):
    directory = tmp_path / "granted"
    (directory / "inner").mkdir(parents=True)
    (directory / "a.txt").write_bytes(b"0123456789")
    (directory / "inner" / "b.txt").write_bytes(b"inner")
    (tmp_path / "secret").write_text("secret")
    return directory


@pytest.fixture
def opened(load, granted):
    """A machine with files, and its `file_open`."""

    def make(**options: object):
        machine = load(Files(granted, **options))
        return machine, lambda path, mode="r": do(machine, "file_open", path, mode)

    return make


def content(machine: Machine, handle: object, size: int = 64) -> bytes:
    at = machine.address_of("buffer")
    count = do(machine, "file_read", handle, at, size)
    assert count >= 0
    return machine.memory.read(at, count)


def test_a_file_is_read_to_its_end_and_closed(opened):
    machine, open_file = opened()
    handle = open_file("a.txt")
    assert handle == 3
    parts = [content(machine, handle, 4) for _ in range(4)]
    assert parts == [b"0123", b"4567", b"89", b""]
    assert do(machine, "file_size", handle) == 10
    assert do(machine, "file_close", handle) == 0
    assert do(machine, "file_close", handle) == -9


def test_seeking(opened):
    machine, open_file = opened()
    handle = open_file("a.txt")
    assert do(machine, "file_seek", handle, 6, 0) == 6
    assert content(machine, handle, 2) == b"67"
    assert do(machine, "file_seek", handle, -3, 1) == 5
    assert do(machine, "file_seek", handle, -1, 2) == 9
    assert content(machine, handle) == b"9"
    assert do(machine, "file_seek", handle, 100, 0) == 100
    assert content(machine, handle) == b""


@pytest.mark.parametrize(("offset", "whence"), [(-1, 0), (-11, 2), (0, 3), (0, -1), (2**62 + 1, 0)])
def test_senseless_seeks_are_refused(opened, offset, whence):
    machine, open_file = opened()
    assert do(machine, "file_seek", open_file("a.txt"), offset, whence) == -22


@pytest.mark.parametrize("path", ["inner/b.txt", "./inner/./b.txt", "inner//b.txt"])
def test_directories_are_walked(opened, path):
    machine, open_file = opened()
    assert content(machine, open_file(path)) == b"inner"


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("../secret", -13),
        ("inner/../../secret", -13),
        ("inner/..", -13),
        ("/etc/passwd", -13),
        ("/", -13),
        ("none.txt", -2),
        ("none/b.txt", -2),
        ("", -2),
        ("x" * 300, -2),
        ("a.txt/b", -20),
        ("inner", -21),
        ("inner/", -21),
        (".", -21),
        ("a.txt/", -21),
    ],
)
def test_paths_that_are_refused(opened, path, number):
    assert opened()[1](path) == number


def test_no_link_is_followed(opened, granted):
    (granted / "out").symlink_to("..")
    (granted / "out.txt").symlink_to("../secret")
    (granted / "here").symlink_to("inner")
    _, open_file = opened(writable=True)
    assert open_file("out.txt") == -13
    assert open_file("out.txt", "w") == -13
    assert open_file("out/secret") in (-13, -20)
    assert open_file("here/b.txt") in (-13, -20)
    assert (granted.parent / "secret").read_text() == "secret"


def test_a_dangling_link_makes_no_file(opened, granted):
    (granted / "new").symlink_to("../made")
    assert opened(writable=True)[1]("new", "w") == -13
    assert not (granted.parent / "made").exists()


def test_pipes_and_devices_are_not_opened(opened, granted):
    os.mkfifo(granted / "pipe")
    assert opened(writable=True)[1]("pipe") == -13


def test_the_directory_stays_the_one_that_was_granted(opened, granted):
    machine, open_file = opened()
    granted.rename(granted.with_name("moved"))
    granted.mkdir()
    assert content(machine, open_file("a.txt")) == b"0123456789"


@pytest.mark.parametrize("mode", ["w", "a", "r+", "x", "w+b"])
def test_a_directory_for_reading_cannot_be_written(opened, granted, mode):
    assert opened()[1]("a.txt", mode) == -30
    assert (granted / "a.txt").read_bytes() == b"0123456789"


@pytest.mark.parametrize("mode", ["", "q", "rw", "rr", "r++", b"\xff"])
def test_modes_that_are_none(opened, mode):
    assert opened(writable=True)[1]("a.txt", mode) == -22


@pytest.mark.parametrize(
    ("mode", "result"),
    [("w", b"XY"), ("wb+", b"XY"), ("r+", b"XY23456789"), ("a", b"0123456789XY")],
)
def test_modes_of_writing(opened, granted, mode, result):
    machine, open_file = opened(writable=True)
    handle = open_file("a.txt", mode)
    assert do(machine, "file_write", handle, b"X") == 1
    assert do(machine, "file_write", handle, b"Y") == 1
    assert (granted / "a.txt").read_bytes() == result


def test_only_x_insists_on_a_new_file(opened, granted):
    machine, open_file = opened(writable=True)
    assert open_file("a.txt", "x") == -17
    assert do(machine, "file_write", open_file("inner/new", "x"), b"data") == 4
    assert (granted / "inner" / "new").read_bytes() == b"data"


def test_what_was_written_is_read_back(opened):
    machine, open_file = opened(writable=True)
    handle = open_file("new", "w+")
    do(machine, "file_write", handle, b"a\0\xff")
    do(machine, "file_seek", handle, 0, 0)
    assert content(machine, handle) == b"a\0\xff"


def test_a_handle_does_what_it_was_opened_for(opened):
    machine, open_file = opened(writable=True)
    assert do(machine, "file_write", open_file("a.txt", "r"), b"x") == -9
    at = machine.address_of("buffer")
    assert do(machine, "file_read", open_file("a.txt", "a"), at, 8) == -9
    for handle in (0, 1, 2, 99, -1):
        assert do(machine, "file_read", handle, at, 8) == -9


def test_a_bad_buffer_leaves_the_place(opened):
    machine, open_file = opened()
    handle = open_file("a.txt")
    with pytest.raises(MemoryFault):
        do(machine, "file_read", handle, 0, 8)
    assert content(machine, handle) == b"0123456789"


def test_open_files_are_limited(opened):
    machine, open_file = opened(limits=Limits(open_files=2))
    assert [open_file("a.txt") for _ in range(3)] == [3, 4, -24]
    do(machine, "file_close", 3)
    assert open_file("a.txt") == 3


def test_the_size_of_files_is_limited(opened, granted):
    machine, open_file = opened(writable=True, limits=Limits(file_size=12))
    handle = open_file("a.txt", "a")
    assert do(machine, "file_write", handle, b"abcd") == 2
    assert do(machine, "file_write", handle, b"cd") == -27
    assert do(machine, "file_write", handle, b"") == 0
    other = open_file("inner/b.txt", "r+")
    assert do(machine, "file_seek", other, 1 << 40, 0) == 1 << 40
    assert do(machine, "file_write", other, b"x") == -27
    assert (granted / "a.txt").read_bytes() == b"0123456789ab"


def test_new_files_are_limited(opened):
    _, open_file = opened(writable=True, limits=Limits(new_files=2))
    assert [open_file(f"new{n}", "w") for n in range(3)] == [3, 4, -28]
    assert open_file("a.txt", "a") == 5


def test_handles_belong_to_a_process(load, granted):
    grant = Files(granted)
    first, second = load(grant), load(grant)
    handle = do(first, "file_open", "a.txt", "r")
    assert do(second, "file_size", handle) == -9
    assert do(first, "file_size", handle) == 10


def test_closed_files_are_gone(load, granted):
    with Files(granted) as grant:
        machine = load(grant)
        handle = do(machine, "file_open", "a.txt", "r")
    assert do(machine, "file_size", handle) == -9
    assert do(machine, "file_open", "a.txt", "r") == -13
    grant.close()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_no_descriptor_is_left_behind(load, granted):
    before = descriptors()
    for path in ("a.txt", "inner/b.txt", "none/b", "inner", "inner/none"):
        with Files(granted) as grant:
            do(load(grant), "file_open", path, "r")
    with contextlib.closing(Files(granted)):
        pass
    assert descriptors() <= before


def test_a_directory_that_cannot_be_granted(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(ArgumentError, match="cannot be opened"):
            Files(path)


# --- time


def times(machine: Machine) -> tuple[object, object]:
    return do(machine, "time_monotonic_ns"), do(machine, "time_wall_ns")


def test_time_of_the_host(load):
    machine = load()
    before, first, second, after = host.time_ns(), times(machine), times(machine), host.time_ns()
    assert 0 <= first[0] <= second[0] <= after - before + 10**9
    assert before <= first[1] <= second[1] <= after


def test_a_clock_that_the_test_moves(load):
    clock = SetClock(wall=10**18)
    machine = load(Time(clock))
    assert times(machine) == (0, 10**18)
    clock.advance(1500)
    assert times(machine) == (1500, 10**18 + 1500)
    with pytest.raises(ArgumentError, match="cannot go back"):
        clock.advance(-1)


def test_a_clock_that_runs_with_the_guest_is_the_same_in_every_run(load):
    seen = [[times(load(Time(CountingClock(7, wall=100)))) for _ in range(2)] for _ in range(2)]
    assert seen[0] == seen[1]
    machine = load(Time(CountingClock(7)))
    first = do(machine, "time_monotonic_ns")
    assert first > 0 and first % 7 == 0
    assert do(machine, "time_monotonic_ns") > first


def test_a_cycle_takes_time():
    with pytest.raises(ArgumentError, match="from 1"):
        CountingClock(0)
