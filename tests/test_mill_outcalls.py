"""The Mill's page "Outcalls", read aloud: a test for each sentence, numbered as `docs/mill.md` is.

Programs are as small as the sentence allows, and stand where they are used. A line in the first
column is a declaration or a function's label; `main` and what it calls is ordinary code.
"""

from __future__ import annotations

import io
import threading

import pytest

from simfw import (
    CALL_ORIGINAL,
    NONE,
    BindError,
    Focus,
    Machine,
    NaR,
    NaRFault,
    NaRKind,
    OutcallArg,
    Outcalls,
    ResultError,
    ResultRangeError,
    SpecError,
    Stop,
    StopKind,
    outcall,
)


def machine(code: str, /, **functions: object) -> Machine:
    """A belt machine for a unit, its outcalls served by these functions."""
    calls = Outcalls("the test's")
    for name, function in functions.items():
        calls.outcall(name)(function)
    return Machine(code.encode(), plugins=[calls] if functions else [])


def test_outcalls_01_the_program_causes_events_in_the_host():
    events = []
    simulated = machine(
        """
        F("announce") outcall(1);
        F("main"); con(42, w) %n; call0("announce", %n); retn();
        """,
        announce=lambda focus, n: events.append(int(n)),
    )
    assert simulated.run() == Stop(StopKind.EXITED, 0)
    assert events == [42]


def test_outcalls_02_a_function_whose_body_is_the_pseudo_operation():
    simulated = machine(
        """
        F("add3") outcall(3, w);
        F("total") %a %b %c; call1("add3", %a, %b, %c) %sum; retn(%sum);
        """,
        add3=lambda focus, a, b, c: a.unsigned + b.unsigned + c.unsigned,
    )
    assert simulated.call("total", 1, 20, 300) == 321
    with pytest.raises(SpecError, match="nothing may follow the outcall"):
        machine('F("add3") outcall(3, w); retn();')
    with pytest.raises(SpecError, match="the count of its arguments first"):
        machine('F("add3") outcall(w);')


def test_outcalls_03_the_call_site_is_that_of_any_function():
    """Direct, indirect and conditional calls of guest code and of the host, in the same words."""
    calls = """
        F("three_ways") %n %yes;
            lea("f") %address;
            call1("f", %n) %direct;
            call1(%address, %n) %indirect;
            calltr1(%yes, "f", %n) %conditional;
            retn(%direct, %indirect, %conditional);
        """
    in_the_guest = machine('F("f") %n; add(%n, 1) %sum; retn(%sum);' + calls)
    in_the_host = machine('F("f") outcall(1, w);' + calls, f=lambda focus, n: n.unsigned + 1)
    assert in_the_guest.call("three_ways", 4, 1) == (5, 5, 5)
    assert in_the_host.call("three_ways", 4, 1) == (5, 5, 5)


def test_outcalls_04_the_host_function_of_that_name_is_found():
    code = """
        F("one") outcall(0, w);
        F("two") outcall(0, w);
        F("both"); call1("one") %a, call1("two") %b; retn(%a, %b);
        """
    simulated = machine(code, two=lambda focus: 2, one=lambda focus: 1)
    assert simulated.call("both") == (1, 2)
    with pytest.raises(BindError, match="two"):
        machine(code, one=lambda focus: 1)


def test_outcalls_05_it_is_part_of_the_host_and_not_of_the_program():
    """However much it does, to the program it is one instruction that takes no time."""
    numbers = []

    def work(focus: Focus) -> None:
        numbers.extend(range(10_000))

    simulated = machine('F("work") outcall(0); F("main"); call0("work"); nop(); retn();', work=work)
    assert simulated.run() == Stop(StopKind.EXITED, 0)
    assert len(numbers) == 10_000
    assert (simulated.instructions, simulated.cycles) == (5, 3)


def test_outcalls_06a_the_result_has_the_declared_width():
    code = """
        F("give") outcall(0, h);
        F("look") outcall(1, w);
        F("width"); call1("give") %x; call1("look", %x) %width; retn(%width);
        """
    given = [0xFFFF]
    simulated = machine(code, give=lambda focus: given[0], look=lambda focus, x: x.width)
    assert simulated.call("width") == 2
    given[0] = 0x10000
    with pytest.raises(ResultRangeError, match="65536"):
        simulated.call("width")
    given[0] = None
    with pytest.raises(ResultError):
        simulated.call("width")


def test_outcalls_06b_the_first_argument_is_the_focus():
    kinds = []
    simulated = machine(
        'F("look") outcall(0); F("f"); call0("look"); retn();',
        look=lambda *args: kinds.extend(map(type, args)),
    )
    simulated.call("f")
    assert kinds == [Focus]


def test_outcalls_06c_the_others_are_operands_as_many_as_declared():
    code = """
        F("look") outcall(3, w);
        F("f") %a %b %c; call1("look", %a, %b, %c) %count; retn(%count);
        """

    def look(focus: Focus, *args: OutcallArg) -> int:
        assert all(isinstance(arg, OutcallArg) for arg in args)
        return len(args)

    assert machine(code, look=look).call("f", 1, 2, 3) == 3
    with pytest.raises(BindError, match="look"):
        machine(code, look=lambda focus, a, b: 0)


def test_outcalls_07_there_are_samples_to_copy_from():
    """Those of `outcalls`, declared beside the Python; here the console."""
    from outcalls.console import Console

    output = io.BytesIO()
    simulated = Machine(
        b"""
        include "outcalls/console.cas";
        F("main"); lea("text") %text; call0("console_text", %text), call0("console_newline");
            retn();
        D("text") asciz("hello");
        """,
        plugins=[Console(output=output)],
    )
    simulated.run()
    assert output.getvalue() == b"hello\n"


def test_outcalls_08_the_function_that_was_found_is_called():
    seen = []
    simulated = machine(
        """
        F("note") outcall(1);
        F("main"); con(1, w) %a, con(2, w) %b; call0("note", %a), call0("note", %b); retn();
        """,
        note=lambda focus, n: seen.append(int(n)),
    )
    simulated.run()
    assert seen == [1, 2]


def test_outcalls_09_the_focus_tells_process_thread_and_frame():
    """One function; what it answers depends on who asks: two processes, three frames."""
    code = b"""
        F("who") outcall(0, w);
        F("first"); call1("who") %answer; retn(%answer);
        F("second"); call1("who") %answer; retn(%answer);
        F("third"); call1("first") %a, call1("who") %b; retn(%a, %b);
        """
    answers = {"first": 1, "second": 2, "third": 3}

    calls = Outcalls("the test's")

    @calls.outcall()
    def who(focus: Focus) -> int:
        assert focus.thread in focus.process.threads
        hundreds = 100 * focus.machine.processes.index(focus.process)
        return hundreds + answers[focus.frame.caller.name]

    simulated = Machine(code, plugins=[calls])
    other = simulated.load(code, plugins=[calls])
    assert (simulated.call("first"), simulated.call("second")) == (1, 2)
    assert (other.call("first"), other.call("second")) == (101, 102)
    assert (simulated.call("third"), other.call("third")) == ((1, 3), (101, 103))


def test_outcalls_10_an_argument_is_the_operand_on_the_belt():
    """With its width, its bits, and whether it is a NaR or a None."""
    seen = []

    def look(focus: Focus, arg: OutcallArg) -> None:
        seen.append((arg.width, arg.is_nar, arg.is_none, arg.kind, str(arg.operand)))
        if arg.is_nar:
            with pytest.raises(NaRFault, match=r"NaR\(overflow\)"):
                _ = arg.unsigned

    simulated = machine(
        """
        F("look") outcall(1);
        F("main");
            con(255, b) %byte, con(-1, q) %wide, con(0x7fffffff, w) %most, con(0, b) %no;
            addsx(%most, 1) %nar, pick(%no, %most) %none;
            call0("look", %byte), call0("look", %wide), call0("look", %nar), call0("look", %none);
            retn();
        """,
        look=look,
    )
    simulated.run()
    assert seen == [
        (1, False, False, None, "255:b"),
        (16, False, False, None, f"{2**128 - 1}:q"),
        (4, True, False, NaRKind.OVERFLOW, "NaR(overflow):w"),
        (4, False, True, None, "None:w"),
    ]


def test_outcalls_11_several_results_and_memory_are_allowed_here():
    """More than the page: both are what it says that there is no support for."""
    simulated = machine(
        """
        F("divmod") outcall(2, d, d);
        F("measure") outcall(3, w, "uint32_t", "const char*", "bytes");
        F("divide") %a %b; widens(%a) %x, widens(%b) %y; calln(2, "divmod", %x, %y) %q %r;
            retn(%q, %r);
        F("lengths"); lea("text") %text, con(3, d) %size;
            call1("measure", %text, %text, %size) %sum; retn(%sum);
        D("text") asciz("seven..");
        """,
        divmod=lambda focus, a, b: divmod(a.signed, b.signed),
        measure=_lengths,
    )
    assert simulated.call("divide", 47, 5) == (9, 2)
    assert simulated.call("lengths") == 73


def _lengths(focus: Focus, text: str, data: bytes) -> int:
    return 10 * len(text) + len(data)


def test_outcalls_12_it_can_do_whatever_it_wants(tmp_path):
    """Here: write a file, run a thread, run another simulation; and fail as Python fails."""

    def indulge(focus: Focus, n: OutcallArg) -> int:
        (tmp_path / "note").write_text("written")
        thread = threading.Thread(target=(tmp_path / "thread").touch)
        thread.start()
        thread.join()
        another = machine('F("square") %n; mul(%n, %n) %p; nop(); nop(); retn(%p);')
        return another.call("square", n.signed) // n.signed

    simulated = machine(
        'F("indulge") outcall(1, w); F("f") %n; call1("indulge", %n) %r; retn(%r);',
        indulge=indulge,
    )
    assert simulated.call("f", 7) == 7
    assert (tmp_path / "note").read_text() == "written" and (tmp_path / "thread").exists()
    with pytest.raises(ZeroDivisionError):
        simulated.call("f", 0)


_calls_so_far = 0


def _count(focus: Focus) -> int:
    global _calls_so_far
    _calls_so_far += 1
    return _calls_so_far


class _Counter:
    """State in an object, which the page does not know: each machine may have its own."""

    def __init__(self) -> None:
        self.calls = 0

    @outcall
    def count(self, focus: Focus) -> int:
        self.calls += 1
        return self.calls


def test_outcalls_13_state_is_kept_in_globals_or_in_objects():
    code = 'F("count") outcall(0, w); F("f"); call1("count") %n; retn(%n);'
    first, second = machine(code, count=_count), machine(code, count=_count)
    before = _calls_so_far
    assert (first.call("f"), second.call("f"), first.call("f")) == tuple(
        before + n for n in (1, 2, 3)
    )
    first = Machine(code.encode(), plugins=[_Counter()])
    second = Machine(code.encode(), plugins=[_Counter()])
    assert (first.call("f"), second.call("f"), first.call("f")) == (1, 1, 2)


def test_outcalls_14_it_alters_how_the_simulation_runs():
    """Tracing is switched on and off by the program, and nothing else changes."""
    shown = io.StringIO()
    code = """
        F("trace") outcall(1, "void", "bool");
        F("main");
            con(1, b) %on, con(0, b) %off, con(20, w) %a;
            sub(%a, 19) %untraced;
            call0("trace", %on);
            add(%a, 22) %traced;
            call0("trace", %off);
            mul(%a, %a) %late;
            nop(); nop();
            retn(%traced);
        """

    def trace(focus: Focus, on: bool) -> None:
        focus.trace(on, to=shown)

    simulated = machine(code, trace=trace)
    assert simulated.run() == Stop(StopKind.EXITED, 42)
    assert "add" in shown.getvalue() and "42:w" in shown.getvalue()
    assert "sub" not in shown.getvalue() and "mul" not in shown.getvalue()


def test_outcalls_15_it_can_make_backcalls():
    simulated = machine(
        """
        F("ask") outcall(1, w);
        L("helper"); backcall("uint32_t", "sim", "helper", "uint32_t"); mul(b0, 10) %p;
            nop(); nop(); retn(%p);
        F("f") %n; call1("ask", %n) %answer; retn(%answer);
        """,
        ask=lambda focus, n: focus.call("helper", n.unsigned + 1) + 1,
    )
    assert simulated.call("f", 3) == 41


def test_outcalls_16_it_completes_and_returns_its_result():
    """The program stands while it runs, and goes on with what it returned."""
    order = []

    def slow(focus: Focus) -> int:
        order.append("begins")
        standing = focus.machine.instructions
        order.append("ends")
        assert focus.machine.instructions == standing
        return 9

    simulated = machine(
        """
        F("slow") outcall(0, w);
        F("next") outcall(1);
        F("main"); call1("slow") %n; call0("next", %n); retn();
        """,
        slow=slow,
        next=lambda focus, n: order.append(int(n)),
    )
    simulated.run()
    assert order == ["begins", "ends", 9]


def test_outcalls_17_the_result_joins_the_belt_as_a_calls_result_does():
    """In listed order, newest first, in time for the pick phase, whether value, NaR or None."""
    uses = """
        F("plain") %yes %a %b;
            call1("f", %a), call1("g", %b), pick(b2, b1, b0);
            retn(b0, b1, b2, b3, b4, b5);
        F("special") %yes %least %no;
            call1("f", %least), call1("g", %no);
            isNaR(b1), isNone(b0);
            retn(b0, b1);
        """
    in_the_guest = machine(
        """
        F("f") %x; con(1, w) %one; subsx(%x, %one) %y; retn(%y);
        F("g") %x; add(%x, %x) %y, neq(%x, 0) %some; pick(%some, %y) %z; retn(%z);
        """
        + uses
    )
    in_the_host = machine(
        'F("f") outcall(1, w); F("g") outcall(1, w);' + uses,
        f=lambda focus, x: x.signed - 1 if x.signed > -(2**31) else NaR(NaRKind.OVERFLOW),
        g=lambda focus, x: 2 * x.signed if x else NONE,
    )
    for simulated in (in_the_guest, in_the_host):
        assert simulated.call("plain", 1, 5, 6) == (4, 12, 4, 1, 5, 6)
        assert simulated.call("special", 1, -(2**31), 0) == (1, 1)


def test_outcalls_18_guest_code_and_outcall_take_each_others_place():
    """In the text, and while the machine lives; the rest of the program is the same letters."""
    main = 'F("main"); con(20, w) %n; call1("scale", %n) %r; add(%r, 2) %sum; retn(%sum);'
    guest = machine('F("scale") %n; shiftl(%n, 1) %r; retn(%r);' + main)
    host = machine('F("scale") outcall(1, w);' + main, scale=lambda focus, n: 2 * n.unsigned)
    assert guest.run() == host.run() == Stop(StopKind.EXITED, 42)
    with guest.replace("scale", lambda focus, n: 3 * n.unsigned):
        assert guest.call("main") == 62
    with guest.replace("scale", lambda focus, n: CALL_ORIGINAL):
        assert guest.call("main") == 42
    assert (guest.call("main"), host.call("main")) == (42, 42)
