"""Guest code or host: a call does not know, and either can take the other's place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from simfw import CALL_ORIGINAL, NONE, Focus, Machine, NaRFault, OutcallArg, Outcalls

Served = Callable[..., Any]


def machine(text: str, **functions: Served) -> Machine:
    """A machine with a unit whose outcalls these functions serve."""
    calls = Outcalls("host")
    for name, function in functions.items():
        calls.outcall(name)(function)
    return Machine(text.encode(), plugins=[calls] if functions else ())


def called(text: str, name: str, function: Served, *args: object) -> Any:
    return machine(text, **{name: function}).call("f", *args)


CALLER = 'F("f") %a; call1("twice", %a) %t; add(%t, 1), retn(b0);'
IN_GUEST = CALLER + 'F("twice") %a; add(%a, %a), retn(b0);'
IN_HOST = CALLER + 'F("twice") outcall(1, w);'


def test_a_function_is_guest_code_or_an_outcall_without_another_change():
    assert machine(IN_GUEST).call("f", 20) == 41
    assert machine(IN_HOST, twice=lambda focus, a: 2 * a.signed).call("f", 20) == 41


def test_guest_code_can_be_replaced_by_the_host_and_back():
    guest = machine(IN_GUEST)
    assert guest.call("f", 1) == 3
    with guest.replace("twice", lambda focus, a: a.signed + 100):
        assert guest.call("f", 1) == 102
        assert guest.call("twice", 1) == 101
    assert guest.call("f", 1) == 3


def test_an_outcall_can_be_replaced_and_back():
    guest = machine(IN_HOST, twice=lambda focus, a: 2 * a.signed)
    with guest.replace("twice", lambda focus, a: NONE), pytest.raises(NaRFault, match="None:w"):
        guest.call("f", 1)
    assert guest.call("f", 1) == 3


def test_a_replacement_may_let_the_guests_own_code_run():
    guest, seen = machine(IN_GUEST), []

    def replacement(focus: Focus, a: OutcallArg) -> object:
        seen.append(a.signed)
        return CALL_ORIGINAL if a.signed < 5 else 0

    with guest.replace("twice", replacement):
        assert (guest.call("f", 4), guest.call("f", 5)) == (9, 1)
    assert seen == [4, 5]


def test_indirect_calls_find_replacements_too():
    text = (
        'F("f") %a; lea("twice") %p; call1(%p, %a), retn(b0); F("twice") %a; add(%a, %a), retn(b0);'
    )
    guest = machine(text)
    with guest.replace("twice", lambda focus, a: 7):
        assert guest.call("f", 1) == 7
    assert guest.call("f", 1) == 2


def test_a_replacement_begins_with_the_next_call_even_from_within():
    text = CALLER.replace("add(%t, 1)", 'call1("swap"), call1("twice", %a) %u; add(%t, %u)')
    text += 'F("twice") %a; add(%a, %a), retn(b0); F("swap") outcall(0, w);'

    with ExitStack() as stack:

        def swap(focus: Focus) -> int:
            stack.enter_context(focus.replace("twice", lambda focus, a: 1000))
            return 0

        assert called(text, "swap", swap, 3) == 1006


def test_a_spy_sees_calls_of_guest_code():
    guest = machine(IN_GUEST)
    with guest.spy("twice") as spy:
        assert guest.call("f", 3) == 7
    assert spy.call_count == 1


def test_a_replaced_function_that_returns_nothing_gives_nars():
    guest = machine(CALLER.replace("add(%t, 1)", "isNaR(%t)") + IN_GUEST[len(CALLER) :])
    with guest.replace("twice", lambda focus, a: None):
        assert guest.call("f", 1) == 1
