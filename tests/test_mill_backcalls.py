"""The Mill's page "Backcalls", read aloud: a test for each sentence, numbered as in `docs/mill.md`.

As in `test_mill_outcalls.py`, each program stands where it is used.
"""

from __future__ import annotations

import importlib.util
import inspect
from types import ModuleType

import pytest
from click.testing import CliRunner

from simfw import (
    ArgumentError,
    Focus,
    FrameKind,
    Machine,
    NaRFault,
    OutcallArg,
    Outcalls,
    RangeError,
    ResultError,
    SpecError,
    Stop,
    StopKind,
)
from simfw.belt.state import BeltFrame, frames
from simfw.tools.cli import cli

PEEK_AND_POKE = """
    // The word at an address.
    L("peek_w") %p; backcall("uint32_t", "sim", "peek::w", "uint64_t");
        load(%p, 0, w, 0) %value, retn(%value);
    // Store a word.
    L("poke_w") %p %value; backcall("void", "sim", "poke::w", "uint64_t", "uint32_t");
        store(%p, 0, %value), retn();
    """


def machine(code: str, /, **functions: object) -> Machine:
    """A belt machine for a unit, its outcalls served by these functions."""
    calls = Outcalls("the test's")
    for name, function in functions.items():
        calls.outcall(name)(function)
    return Machine(code.encode(), plugins=[calls] if functions else [])


@pytest.fixture
def stubs(tmp_path):
    """Writes the stub module of a unit, as `simfw stubs` does, and imports it."""

    def write(code: str) -> ModuleType:
        source, module = tmp_path / "unit.cas", tmp_path / "unit_stubs.py"
        source.write_text(code)
        result = CliRunner().invoke(cli, ["stubs", str(source), "-o", str(module)])
        assert result.exit_code == 0, result.output
        spec = importlib.util.spec_from_file_location("unit_stubs", module)
        assert spec is not None and spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        return loaded

    return write


def test_backcalls_01_they_go_the_other_way():
    order = []

    def out(focus: Focus) -> None:
        order.append("the program calls the host")
        order.append(focus.call("back"))

    simulated = machine(
        """
        F("out") outcall(0);
        L("back"); backcall("int", "sim", "back"); con(5, w) %five; retn(%five);
        F("main"); call0("out"); retn();
        """,
        out=out,
    )
    simulated.run()
    assert order == ["the program calls the host", 5]


def test_backcalls_02_they_are_written_in_conasm_and_linked_with_the_program(tmp_path):
    (tmp_path / "library.cas").write_text(
        'L("twice") %n; backcall("int", "sim", "twice", "int"); add(%n, %n) %sum; retn(%sum);'
    )
    program = tmp_path / "program.cas"
    program.write_text('include "library.cas"; F("main"); retn();')
    assert Machine(program).call("twice", 21) == 42


def test_backcalls_03_their_definition_is_a_functions_that_begins_with_the_pseudo_operation():
    simulated = machine(
        """
        L("foo"); backcall("int", "sim", "foo", "int"); sub(b0, 1) %less; retn(%less);
        F("bar") %n; call1("foo", %n) %m; retn(%m);
        """
    )
    assert (simulated.call("foo", 8), simulated.call("bar", 8)) == (7, 7)
    with pytest.raises(SpecError, match="must come first"):
        machine('L("foo"); nop(); backcall("int", "sim", "foo"); con(1, w), retn(b0);')


def test_backcalls_04_there_are_examples_to_copy_from():
    """Those of `backcalls`, with their stubs; here peeking."""
    from backcalls.peek import peek

    simulated = machine('include "backcalls/peek.cas"; F("main"); retn(); D("data") w(0x01020304);')
    address = simulated.address_of("data")
    assert (peek.w(simulated, address), peek.b(simulated, address)) == (0x01020304, 4)


def test_backcalls_05_an_outcall_peeks_and_pokes_with_them():
    def look(focus: Focus, address: OutcallArg) -> int:
        focus.call("poke_w", address.unsigned + 4, 99)
        return focus.call("peek_w", address.unsigned)

    simulated = machine(
        PEEK_AND_POKE
        + """
        F("look") outcall(1, w);
        F("f"); lea("data") %p; call1("look", %p) %first; load(%p, 4, w, 0) %second;
            retn(%first, %second);
        D("data") w(7, 8);
        """,
        look=look,
    )
    assert simulated.call("f") == (7, 99)


def test_backcalls_06_the_pseudo_operation_takes_strings():
    for wrong in ('int, "sim", "f"', '"int", "sim", "f", w', '"int", sim, "f"'):
        with pytest.raises(SpecError, match="takes strings only"):
            machine(f'L("f"); backcall({wrong}); retn();')
    with pytest.raises(SpecError, match="result type, namespace and name"):
        machine('L("f"); backcall("int", "sim"); retn();')


@pytest.mark.parametrize(
    ("result", "width", "value"),
    [
        ("bool", "b", True),
        ("uint8_t", "b", 200),
        ("int16_t", "h", -2),
        ("unsigned int", "w", 1 << 31),
        ("int64_t", "d", -(1 << 63)),
        ("float", "w", 1.5),
        ("double", "d", -2.25),
        ("void*", "d", 4096),
    ],
)
def test_backcalls_07a_the_first_string_is_the_result_of_a_belts_width(result, width, value):
    simulated = machine(
        f'L("f"); backcall("{result}", "sim", "f"); con({+value}, {width}) %x; retn(%x);'
    )
    assert simulated.call("f") == value


def test_backcalls_07b_or_void_and_nothing_else():
    assert machine('L("f"); backcall("void", "sim", "f"); retn();').call("f") is None
    for wrong in ("struct point", "bytes"):
        with pytest.raises(SpecError, match="allowed: void, bool"):
            machine(f'L("f"); backcall("{wrong}", "sim", "f"); retn();')


def test_backcalls_08_the_second_is_the_namespace_in_the_host(stubs):
    code = """
        L("f"); backcall("int", "left", "f"); con(1, w) %x; retn(%x);
        L("g"); backcall("int", "right", "f"); con(2, w) %x; retn(%x);
        """
    module = stubs(code)
    simulated = machine(code)
    assert (module.left.f(simulated), module.right.f(simulated)) == (1, 2)


def test_backcalls_09_the_third_is_the_qualified_name_of_a_function_or_of_a_member(stubs):
    code = """
        L("f"); backcall("int", "sim", "free"); con(1, w) %x; retn(%x);
        L("g"); backcall("int", "sim", "outer::inner::member"); con(2, w) %x; retn(%x);
        """
    sim, simulated = stubs(code).sim, machine(code)
    assert (sim.free(simulated), sim.outer.inner.member(simulated)) == (1, 2)
    with pytest.raises(SpecError, match="cannot name a host function"):
        machine('L("f"); backcall("void", "sim", "outer::"); retn();')


def test_backcalls_10_the_others_are_the_types_of_the_arguments():
    simulated = machine(
        """
        L("f"); backcall("int64_t", "sim", "f", "int8_t", "uint16_t", "const char*", "bytes");
            retn(b4);
        L("none"); backcall("void", "sim", "none"); retn();
        """
    )
    assert simulated.call("f", -1, 65535, "text", b"12345") == 5
    with pytest.raises(RangeError, match="int8_t"):
        simulated.call("f", 128, 0, "", b"")
    with pytest.raises(ArgumentError):
        simulated.call("none", 1)
    with pytest.raises(SpecError, match="unknown type"):
        machine('L("f"); backcall("void", "sim", "f", "uint23_t"); retn();')


def test_backcalls_11_they_become_functions_of_the_host_with_that_name_and_signature(stubs):
    """When `simfw stubs` has written them; the comment above comes along."""
    module = stubs(PEEK_AND_POKE)
    assert inspect.getdoc(module.sim.peek.w) == "The word at an address."
    parameters = inspect.signature(module.sim.poke.w).parameters
    assert [(p.name, p.annotation) for p in parameters.values()] == [
        ("target", "Machine | Focus | Process"),
        ("arg0", "int"),
        ("arg1", "int"),
    ]
    assert inspect.signature(module.sim.poke.w).return_annotation == "None"


INTERRUPTED = """
    F("pause") outcall(1, w);
    // Use everything that a frame has.
    L("disturb") %n; backcall("int", "sim", "disturb", "int");
        scratchf(64), stackf(32), lea(fp, 0) %local;
        spill(0, %n), spill(8, %local), store(%local, 0, %n), nop();
        load(%local, 0, w, again), mul(%n, %n), divu(%n, 0);
        con(0, w), con(1, w), con(2, w), con(3, w), con(4, w), con(5, w), con(6, w), con(7, w);
        pickup(again) %same, retn(%same);
    F("middle") %p %a %b;
        scratchf(64), stackf(16), lea(fp, 0) %local, con(5, w) %five;
        spill(0, %a), store(%local, 0, %b), nop();
        load(%p, 4, w, again), load(%p, 0, w, 3) %late, mul(%a, %b) %product;
        call1("pause", %a) %n, nop();
        load(%local, 0, w, 0) %local_word, fill(0, w) %spilled;
        nop();
        pickup(again) %picked, retn(%product, %late, %picked, %spilled, %local_word, %n, %five);
    D("data") w(111, 222);
    """


def test_backcalls_12_the_stub_interrupts_the_program(stubs):
    """Whatever it was doing; and the interrupted program does not notice."""
    module = stubs(INTERRUPTED)
    disturbances = [0]
    standing = []

    def pause(focus: Focus, n: OutcallArg) -> int:
        standing.append(_frames(focus))
        for count in range(disturbances[0]):
            assert module.sim.disturb(focus, count) == count
            standing.append(_frames(focus))
        return n.unsigned + 1

    simulated = machine(INTERRUPTED, pause=pause)
    address = simulated.address_of("data")
    results, instructions, cycles = [], [], []
    for disturbances[0] in (0, 1, 5):
        before = simulated.instructions, simulated.cycles
        results.append(simulated.call("middle", address, 6, 7))
        instructions.append(simulated.instructions - before[0])
        cycles.append(simulated.cycles - before[1])
    assert results == [(42, 111, 222, 6, 7, 7, 5)] * 3
    assert [n - instructions[0] for n in instructions] == [0, 5, 25]
    assert [n - cycles[0] for n in cycles] == [0, 5, 25]
    assert standing == standing[:1] * 9
    (_, middle) = standing[0]
    local = middle.stack_pointer
    shown = [str(operand) for operand in middle.belt]
    assert shown == ["5:w", f"{local}:d", f"{address}:w", "6:w", "7:w"]
    assert middle.in_flight == 2
    assert {place: str(kept) for place, kept in middle.scratchpad.items()} == {0: "6:w"}
    assert middle.pending == ("again",)


def _frames(focus: Focus) -> tuple[BeltFrame, ...]:
    """All that the frames of a belt program hold."""
    process = focus.process
    return tuple(frames(process.architecture.program, process.engine.x, process.thread.pc))


def test_backcalls_13_it_enters_a_new_frame():
    """With a belt, a scratchpad and stack memory of its own, above the outcall's frame."""
    kinds = []

    def out(focus: Focus) -> int:
        return focus.call("fresh")

    def look(focus: Focus) -> None:
        kinds.extend((frame.kind, frame.name) for frame in focus.backtrace())

    simulated = machine(
        """
        F("out") outcall(0, w);
        F("look") outcall(0);
        L("fresh"); backcall("int", "sim", "fresh");
            scratchf(16), fill(0, w) %nothing, isNaR(b0) %belt, isNaR(%nothing) %scratch;
            call0("look"), andl(%belt, %scratch) %both;
            widenu(%both) %h; widenu(%h) %w;
            retn(%w);
        F("main"); scratchf(16), con(1, w) %one; spill(0, %one), call1("out") %r; retn(%r);
        """,
        out=out,
        look=look,
    )
    assert simulated.run() == Stop(StopKind.EXITED, 1)
    assert kinds == [
        (FrameKind.OUTCALL, "look"),
        (FrameKind.GUEST, "fresh"),
        (FrameKind.BACKCALL, "fresh"),
        (FrameKind.OUTCALL, "out"),
        (FrameKind.GUEST, "main"),
    ]


def test_backcalls_14a_the_hosts_arguments_are_operands_on_its_belt():
    """The first is b0, each as wide as its type."""
    seen = []
    simulated = machine(
        """
        F("look") outcall(1);
        L("f"); backcall("void", "sim", "f", "int8_t", "uint16_t", "float", "uint64_t");
            call0("look", b0), call0("look", b1), call0("look", b2), call0("look", b3);
            retn();
        """,
        look=lambda focus, x: seen.append((x.width, x.unsigned)),
    )
    simulated.call("f", -1, 2, 1.0, 4)
    assert seen == [(1, 0xFF), (2, 2), (4, 0x3F800000), (8, 4)]


def test_backcalls_14b_execution_begins_at_the_function():
    simulated = machine(
        """
        F("main"); con(1, w) %x; retn(%x);
        L("f"); backcall("int", "sim", "f"); con(2, w) %x; retn(%x);
        L("g"); backcall("int", "sim", "g"); con(3, w) %x; retn(%x);
        """
    )
    assert (simulated.call("g"), simulated.call("f")) == (3, 2)
    assert simulated.run() == Stop(StopKind.EXITED, 1)


def test_backcalls_15_it_can_do_anything_outcalls_included():
    """Which make backcalls that make outcalls, as deep as `max_depth` says."""
    simulated = machine(
        """
        F("out") outcall(1, w);
        L("back") %n; backcall("int", "sim", "back", "int");
            eql(%n, 0) %last;
            retntr(%last, %n), br("deeper", %n);
        L("deeper") %n;
            call1("out", %n) %below;
            add(%below, 1) %depth, retn(%depth);
        """,
        out=lambda focus, n: focus.call("back", n.unsigned - 1),
    )
    assert simulated.call("back", 100) == 100
    with pytest.raises(RecursionError):
        simulated.call("back", 1000)
    assert simulated.call("back", 3) == 3


def test_backcalls_16_it_returns_as_any_function_does():
    """To the host when the host has called it, to the guest when the guest has."""
    simulated = machine(
        """
        F("out") outcall(0, w);
        L("f"); backcall("int", "sim", "f"); con(20, w) %x; retn(%x);
        F("g"); call1("f") %by_guest, call1("out") %by_host; add(%by_guest, %by_host) %s; retn(%s);
        """,
        out=lambda focus: focus.call("f") + 2,
    )
    assert simulated.call("g") == 42


def test_backcalls_17_what_it_returned_is_unpacked_to_the_hosts_type():
    simulated = machine(
        """
        L("bits"); backcall("float", "sim", "bits"); con(0x40490fdb, w) %pi; retn(%pi);
        L("truth"); backcall("bool", "sim", "truth"); con(1, b) %yes; retn(%yes);
        L("below"); backcall("int16_t", "sim", "below"); con(-3, h) %x; retn(%x);
        L("wrong"); backcall("int16_t", "sim", "wrong", "int"); retn(b0);
        L("nar"); backcall("int", "sim", "nar"); con(1, w) %one, con(0x7fffffff, w) %most;
            addsx(%one, %most) %nar; retn(%nar);
        L("void"); backcall("void", "sim", "void"); con(1, w) %ignored; retn(%ignored);
        """
    )
    assert simulated.call("bits") == pytest.approx(3.14159274)
    assert simulated.call("truth") is True
    assert simulated.call("below") == -3
    assert simulated.call("void") is None
    with pytest.raises(ResultError, match="2 bytes, and the guest returned 4"):
        simulated.call("wrong", 1)
    with pytest.raises(NaRFault, match=r"NaR\(overflow\)"):
        simulated.call("nar")


def test_backcalls_18_its_frame_is_discarded_and_the_program_stands_where_it_stood():
    """Also when it did not return but failed, and the host carries on."""
    places = []

    def out(focus: Focus) -> int:
        places.append((focus.backtrace(), dict(focus.registers)))
        assert focus.call("f") == 3
        places.append((focus.backtrace(), dict(focus.registers)))
        with pytest.raises(NaRFault):
            focus.call("fails")
        places.append((focus.backtrace(), dict(focus.registers)))
        return 4

    simulated = machine(
        """
        F("out") outcall(0, w);
        L("f"); backcall("int", "sim", "f"); stackf(64), con(3, w) %x; retn(%x);
        L("fails"); backcall("void", "sim", "fails"); stackf(64), store(b0, 0, b0), retn();
        F("g"); stackf(16), con(2, w) %two; call1("out") %four; mul(%two, %four) %p; nop(); nop();
            retn(%p);
        """,
        out=out,
    )
    assert simulated.call("g") == 8
    assert places[0] == places[1] == places[2]


def test_backcalls_19_its_result_is_that_of_the_hosts_function(stubs):
    code = PEEK_AND_POKE + 'F("main"); retn(); D("data") w(0, 0);'
    sim, simulated = stubs(code).sim, machine(code)
    address = simulated.address_of("data")
    assert sim.poke.w(simulated, address, 1 << 31) is None
    assert sim.peek.w(simulated, address) == 1 << 31
