"""What the Mill's two pages leave open, and `docs/mill.md` therefore says of its own."""

from __future__ import annotations

import pytest

from simfw import ArgumentError, Machine, NaRFault, Outcalls


def machine(code: str, /, **functions: object) -> Machine:
    """A belt machine for a unit, its outcalls served by these functions."""
    calls = Outcalls("the test's")
    for name, function in functions.items():
        calls.outcall(name)(function)
    return Machine(code.encode(), plugins=[calls] if functions else [])


def test_choices_01_the_first_listed_is_b0():
    """Called by guest or host, in guest or host."""
    callers = """
        F("ask") %a %b; call1("f", %a, %b) %r; retn(%r);
        F("split"); con(47, w) %n, con(5, w) %m; calln(2, "g", %n, %m); retn(b0, b1);
        """
    in_the_guest = machine(
        """
        F("f"); sub(b0, b1) %r; retn(%r);
        F("g"); sub(b0, 40) %r, add(b1, 40) %s; retn(%r, %s);
        """
        + callers
    )
    in_the_host = machine(
        'F("f") outcall(2, w); F("g") outcall(2, w, w);' + callers,
        f=lambda focus, a, b: a.unsigned - b.unsigned,
        g=lambda focus, a, b: (a.unsigned - 40, b.unsigned + 40),
    )
    for simulated in (in_the_guest, in_the_host):
        assert simulated.call("ask", 50, 8) == 42
        assert simulated.call("split") == (7, 45)
    assert in_the_guest.call("f", 50, 8) == 42


def test_choices_02_operands_without_a_type_are_bits():
    seen = []

    def look(focus, plain: int, operand) -> int:
        seen.append((plain, operand.signed, operand.unsigned))
        return [-1, 2**32 - 1][len(seen) - 1]

    simulated = machine(
        'F("look") outcall(2, w); F("f") %n; call1("look", %n, %n) %r; retn(%r);', look=look
    )
    assert (simulated.call("f", -2), simulated.call("f", 3)) == (-1, -1)
    assert seen == [(-2, -2, 2**32 - 2), (3, 3, 3)]


def test_choices_03_specials_reach_the_host():
    """To an `OutcallArg` they are what they are; whoever wants a value cannot have one."""
    seen = []

    def plain(focus, n: int) -> None:
        raise AssertionError("there is no value to be called with")

    simulated = machine(
        """
        F("look") outcall(1);
        F("plain") outcall(1);
        F("nar") %most; addsx(%most, 1) %nar; call0("look", %nar), call0("plain", %nar); retn();
        F("none") %no; pick(%no, %no) %none, call0("look", %no), nop(); call0("look", %none);
            call0("plain", %none), retn();
        """,
        look=lambda focus, operand: seen.append((operand.is_nar, operand.is_none)),
        plain=plain,
    )
    with pytest.raises(NaRFault, match=r"operand 1 of plain\(\) is NaR\(overflow\)"):
        simulated.call("nar", 2**31 - 1)
    with pytest.raises(ArgumentError, match=r"operand 1 of plain\(\) is None:w"):
        simulated.call("none", 0)
    assert seen == [(True, False), (False, False), (False, True)]


def test_choices_04_of_several_results_the_host_gets_the_first():
    simulated = machine('L("f") %a %b; backcall("int", "sim", "f", "int", "int"); retn(%b, %a);')
    assert simulated.call("f", 1, 2) == 2


def test_choices_05_a_call_that_is_not_made_drops_nones():
    entered = []
    simulated = machine(
        """
        F("f") outcall(0, w, d);
        F("width") outcall(1, w);
        F("g") %yes;
            calltrn(%yes, 2, "f") %first %second;
            call1("width", %first) %a, call1("width", %second) %b, isNone(%first) %none;
            retn(%a, %b, %none);
        F("unsure") %no; pick(%no, %no) %none; br("sure", %none);
        L("sure") %none; calltrn(%none, 2, "f"), callfln(%none, 2, "f"); isNone(b0), isNone(b3);
            retn(b0, b1);
        """,
        f=lambda focus: entered.append(1) or (1, 2),
        width=lambda focus, operand: operand.width,
    )
    assert simulated.call("g", 0) == (4, 8, 1)
    assert simulated.call("unsure", 0) == (1, 1)
    assert entered == []
    assert simulated.call("g", 1) == (4, 8, 0)
    assert entered == [1]
