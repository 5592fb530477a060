"""Belt programs as a whole: main and its status, members, steps, stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conasm.member import Member
from simfw import (
    ArgumentError,
    Focus,
    GuestExit,
    LoadError,
    Machine,
    NaRFault,
    Outcalls,
    SpecError,
    Stop,
    StopKind,
    open_image,
)

Served = Callable[..., Any]


def machine(text: str, member: str | Member = "silver", **functions: Served) -> Machine:
    calls = Outcalls("host", optional=True)
    for name, function in functions.items():
        calls.outcall(name)(function)
    return Machine(text.encode(), plugins=[calls], member=member)


# --- main


@pytest.mark.parametrize(("code", "status"), [("con(7, w), retn(b0);", 7), ("retn();", 0),
    ("con(-1, b), retn(b0);", -1), ("con(3, d), con(4, d), retn(b1, b0);", 3),
    ("con(300, h), retn(b0);", 300)])  # fmt: skip
def test_the_return_of_main_is_the_exit_status(code, status):
    guest = machine(f'F("main"); {code}')
    assert guest.run() == Stop(StopKind.EXITED, status)
    assert guest.exited


@pytest.mark.parametrize(("code", "message"), [
    ("rd(nonew), retn(b0);", r"main\(\) returned None:w, made by rd at <bytes>:1:12"),
    ("con(0, w); divu(b0, b0); nop(); nop(); nop(); nop(); nop(); nop(); nop(); retn(b0);",
     r"main\(\) returned NaR\(division by zero\):w, made by divu at <bytes>:1:23"),
    ("retn(b3);", r"main\(\) returned NaR\(invalid operand\):b, made by retn"),
])  # fmt: skip
def test_a_special_is_no_exit_status(code, message):
    with pytest.raises(NaRFault, match=message):
        machine(f'F("main"); {code}').run()


def test_main_gets_its_arguments_if_it_names_them():
    text = 'F("main") %argc %argv; load(%argv, 8, d, 0) %p; load(%p, 0, b, 0); retn(b0);'
    assert Machine(text.encode(), args=["xyz"]).run().status == ord("x")
    text = 'F("main") %argc; isNaR(b1) %r; widenu(%r); widenu(b0); add(b0, %argc), retn(b0);'
    assert Machine(text.encode(), args=["a", "b"]).run().status == 1 + 3


def test_the_host_can_end_the_program_anywhere():
    text = """
    F("main"); call1("f"), retn(b0);
    F("f"); con(1, w), call0("end", b0); con(2, w), retn(b0);
    F("end") outcall(1);
    """
    guest = machine(text, end=lambda focus, a: focus.stop(40 + a.signed))
    with pytest.raises(GuestExit) as caught:
        guest.call("f")
    assert caught.value.status == 41
    assert guest.run() == Stop(StopKind.EXITED, 41)


def test_the_program_can_be_stopped_and_goes_on():
    text = 'F("main"); con(1, w); call0("pause"), add(b0, 1), retn(b0); F("pause") outcall(0);'
    guest = machine(text, pause=lambda focus: focus.stop())
    assert guest.run() == Stop(StopKind.STOPPED)
    assert guest.run() == Stop(StopKind.EXITED, 2)


def test_a_step_is_an_instruction_whatever_the_frame():
    text = 'F("main"); con(1, w); call1("f", b0) %r, con(5, w); nop(); retn(%r);'
    text += 'F("f") %a; add(%a, 1); retn(b0);'
    guest = machine(text)
    places: list[str] = []
    while guest.step().kind is not StopKind.EXITED:
        frames = guest.backtrace()
        places.append(frames[0].location.partition(" ")[0] if frames else "over")
    assert places == ["main.1", "f.0", "f.1", "main.2", "main.3", "over"]
    assert guest.instructions == 6 + 1  # the return of main is one


def test_instructions_are_counted_at_issue_and_an_outcall_as_one():
    text = """
    F("host") outcall(0);
    F("f"); con(1, w), con(2, w), add(b0, b1); nop(); call0("host"), call0("g"), call0("host");
        retn();
    F("g"); nop(); retn();
    """
    guest = machine(text, host=lambda focus: None)
    guest.call("f")
    assert guest.instructions == 4 + 2 + 2


# --- members


def test_the_member_decides_how_long_the_belt_is():
    text = 'F("f"); con(1, b), con(2, b), con(3, b), con(4, b), con(5, b), con(6, b), con(7, b), '
    text += "con(8, b), con(9, b); retn({});"
    assert machine(text.format("b7"), "tin").call("f") == 2
    with pytest.raises(SpecError, match="b8 is beyond the belt: Tin has b0 to b7"):
        machine(text.format("b8"), "tin")
    assert machine(text.format("b8"), "silver").call("f") == 1
    assert machine(text.format("b8"), "GOLD").call("f") == 1


def test_a_member_of_ones_own():
    copper = Member("Copper", belt=10, scratchpad=8, latencies={"mul": 2, "add": 3})
    text = 'F("f") %a; mul(%a, 3), add(%a, 1); nop(), conform(b0); retn(b1, b0);'
    assert machine(text, copper).call("f", 5) == (15, 6)
    text = 'F("f") %a; mul(%a, 3) %m, add(%a, 1) %s; nop(); nop(); retn(%m, %s);'
    assert machine(text, copper).call("f", 5) == (15, 6)


def test_a_member_must_exist():
    with pytest.raises(ArgumentError, match="'copper' is none of Tin, Silver, Gold"):
        machine('F("f"); retn();', "copper")


def test_a_unit_may_be_an_image_beforehand():
    image = open_image(b'F("main"); con(9, w), retn(b0);', member="tin")
    assert image.kind == "belt"
    assert Machine(image).run().status == 9


def test_declarations_alone_cannot_be_run():
    with pytest.raises(LoadError, match="only declares"):
        Machine(b'F("f") outcall(1, w);')


# --- several programs


def test_a_belt_program_and_others_take_turns():
    text = """
    F("say") outcall(1);
    F("main"); con({first}, w) %n; br("loop", %n);
    L("loop") %n; call0("say", %n), add(%n, 1) %m, eql(%n, {last}) %z;
        brtr(%z, "end"), br("loop", %m);
    L("end"); retn();
    """
    said: dict[int, list[int]] = {}

    def say(focus: Focus, n: int) -> None:
        said.setdefault(focus.machine.processes.index(focus.process), []).append(n)

    guest = machine(text.format(first=1, last=3), say=say)
    calls = Outcalls("host")
    calls.outcall("say")(say)
    other = guest.load(text.format(first=10, last=12).encode(), plugins=[calls], member="gold")
    assert guest.run().kind is StopKind.EXITED
    assert said == {0: [1, 2, 3], 1: [10, 11, 12]}
    assert other.exited == 0


def test_programs_share_nothing():
    text = """
    D("cell") w(5);
    F("bump") %n; lea("cell") %p; load(%p, 0, w, 0) %a; add(%a, %n); store(%p, 0, b0), retn(b0);
    """
    one, two = machine(text), machine(text)
    assert [one.call("bump", 1), two.call("bump", 10), one.call("bump", 1)] == [6, 15, 7]
