"""What crosses between belt code and the host: operands with all that belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simfw import (
    NONE,
    ArgumentError,
    Focus,
    Machine,
    NaR,
    NaRFault,
    NaRKind,
    OutcallArg,
    Outcalls,
    RangeError,
    ResultError,
)

Served = Callable[..., Any]


def machine(text: str, **functions: Served) -> Machine:
    """A machine with a unit whose outcalls these functions serve."""
    calls = Outcalls("host")
    for name, function in functions.items():
        calls.outcall(name)(function)
    return Machine(text.encode(), plugins=[calls] if functions else ())


def called(text: str, name: str, function: Served, *args: object) -> Any:
    return machine(text, **{name: function}).call("f", *args)


# --- arguments of outcalls


WIDTHS = [("b", 1, 0xFE), ("h", 2, 0xFFFE), ("w", 4, 0xFFFFFFFE), ("d", 8, 2**64 - 2),
          ("q", 16, 2**128 - 2)]  # fmt: skip


@pytest.mark.parametrize(("letter", "width", "unsigned"), WIDTHS)
def test_an_argument_shows_width_and_payload(letter, width, unsigned):
    seen: list[object] = []

    def look(focus: Focus, arg: OutcallArg) -> None:
        seen.extend((arg.width, arg.unsigned, arg.signed, int(arg), arg.is_nar, arg.is_none))

    called(f'F("look") outcall(1); F("f"); con(-2, {letter}); call0("look", b0), retn();',
           "look", look)  # fmt: skip
    assert seen == [width, unsigned, -2, -2, False, False]


def test_an_argument_shows_that_it_is_a_nar_and_why():
    seen: list[OutcallArg] = []
    text = 'F("look") outcall(1); F("f") %a; addx(%a, 1); call0("look", b0), retn();'
    called(text, "look", lambda focus, arg: seen.append(arg), 2**31 - 1)
    (arg,) = seen
    assert (arg.width, arg.is_nar, arg.is_none, arg.kind) == (4, True, False, NaRKind.OVERFLOW)
    with pytest.raises(NaRFault, match=r"NaR\(overflow\):w, made by addx at <bytes>:1:34"):
        _ = arg.unsigned


def test_an_argument_shows_that_it_is_a_none():
    seen: list[OutcallArg] = []
    text = 'F("look") outcall(1); F("f"); rd(noned); call0("look", b0), retn();'
    called(text, "look", lambda focus, arg: seen.append(arg))
    (arg,) = seen
    assert (arg.width, arg.is_nar, arg.is_none, arg.kind) == (8, False, True, None)


USES: list[Callable[[OutcallArg], object]] = [
    lambda arg: arg.unsigned,
    lambda arg: arg.signed,
    lambda arg: arg.value,
    lambda arg: arg.float,
    lambda arg: arg.address,
    lambda arg: arg.as_("int32_t"),
    lambda arg: arg.cstr(),
    lambda arg: arg.slice(1),
    lambda arg: arg.store(1, "int8_t"),
    int,
    float,
    bool,
    lambda arg: arg == 0,
    lambda arg: [0, 1][arg],
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("special", ["rd(nonew)", "divu(b0, 0)"])
def test_whatever_wants_the_value_of_a_special_faults(special, use):
    waiting = "nop(); " * 8
    text = (
        f'F("look") outcall(1); F("f"); con(1, w); {special}; {waiting} call0("look", b0), retn();'
    )

    def look(focus: Focus, arg: OutcallArg) -> None:
        with pytest.raises(NaRFault, match=r"None:w|NaR\(division by zero\):w, made by divu at"):
            use(arg)

    called(text, "look", look)


def test_an_argument_that_is_not_given_is_a_nar():
    text = 'F("look") outcall(2); F("f"); lea("look"); call0(b0, b0), retn();'
    seen: list[OutcallArg] = []
    called(text, "look", lambda focus, a, b: seen.extend((a, b)))
    assert (seen[0].is_nar, seen[1].kind) == (False, NaRKind.INVALID_OPERAND)


TYPED = """
F("take") outcall(1, w, "int32_t", "{type}");
F("f") %a; {code}; call1("take", b0), retn(b0);
"""


def test_a_plain_parameter_refuses_a_nar():
    def take(focus: Focus, value: int) -> int:
        raise AssertionError("it is not called")

    text = TYPED.format(type="int32_t", code="addx(%a, 1)")
    with pytest.raises(NaRFault, match=r"operand 1 of take\(\) is NaR\(overflow\):w, made by addx"):
        called(text, "take", take, 2**31 - 1)


def test_a_plain_parameter_refuses_a_none():
    text = TYPED.format(type="int32_t", code="rd(nonew)")

    def take(focus: Focus, value: int) -> int:
        raise AssertionError("it is not called")

    with pytest.raises(ArgumentError, match=r"operand 1 of take\(\) is None:w, made by rd at"):
        called(text, "take", take, 1)


@pytest.mark.parametrize("kind", [int, OutcallArg])
def test_a_typed_parameter_refuses_another_width(kind):
    def take(focus: Focus, value) -> int:
        raise AssertionError("it is not called")

    take.__annotations__["value"] = kind
    text = TYPED.format(type="int64_t", code="add(%a, 1)")
    with pytest.raises(ArgumentError, match=r"declared int64_t, 8 bytes, and the guest passed 4"):
        called(text, "take", take, 1)


def test_an_untyped_int_is_the_operand_signed_whatever_its_width():
    text = (
        'F("take") outcall(2, d); F("f"); con(-1, b), con(-2, q); call1("take", b1, b0), retn(b0);'
    )

    def take(focus: Focus, a: int, b: int) -> int:
        return 10 * a + b

    assert called(text, "take", take) == -12


def test_typed_parameters_are_what_their_annotations_say():
    text = """
    D("text") asciz("belt");
    F("take") outcall(4, "void", "const char*", "double", "bool", "uint8_t");
    F("f"); lea("text"), con(1.5, d), con(1, b), con(200, b); call0("take", b3, b2, b1, b0), retn();
    """
    seen: list[object] = []

    def take(focus: Focus, text: str, ratio: float, flag: bool, small: int) -> None:
        seen.extend((text, ratio, flag, small))

    called(text, "take", take)
    assert seen == ["belt", 1.5, True, 200]


def test_a_bytes_parameter_takes_two_operands():
    text = """
    D("data") b(1, 2, 3, 4);
    F("take") outcall(2, "void", "bytes");
    F("f"); lea("data"), con(3, d); call0("take", b1, b0), retn();
    """
    seen: list[object] = []

    def take(focus: Focus, data: OutcallArg) -> None:
        seen.extend((bytes(data.slice()), data.length))

    called(text, "take", take)
    assert seen == [b"\1\2\3", 3]


# --- results of outcalls


ASKED = 'F("ask") outcall(1, {widths}); F("f") %a; {call}; retn({results});'


@pytest.mark.parametrize("kind", list(NaRKind))
def test_an_outcall_may_return_a_nar(kind):
    text = ASKED.format(widths="h", call='call1("ask", %a) %r; isNaR(%r), isNone(%r)',
                        results="b1, b0")  # fmt: skip
    assert called(text, "ask", lambda focus, a: NaR(kind), 0) == (1, 0)


def test_an_outcall_may_return_a_none():
    text = ASKED.format(widths="q", call='call1("ask", %a) %r; isNaR(%r), isNone(%r)',
                        results="b1, b0")  # fmt: skip
    assert called(text, "ask", lambda focus, a: NONE, 0) == (0, 1)


def test_a_nar_of_the_host_is_named_where_it_faults():
    text = ASKED.format(widths="w", call='call1("ask", %a) %r', results="%r")
    with pytest.raises(NaRFault, match=r"f\(\) returned NaR\(user\):w in f"):
        called(text, "ask", lambda focus, a: NaR(), 0)


def test_a_special_may_be_returned_as_it_came():
    text = 'F("ask") outcall(1, w); F("f") %a; addx(%a, 1); call1("ask", b0), retn(b0);'
    with pytest.raises(NaRFault, match=r"NaR\(overflow\):w, made by addx at <bytes>:1:36"):
        called(text, "ask", lambda focus, a: a, 2**31 - 1)


def test_a_special_of_another_width_is_no_result():
    text = 'F("ask") outcall(1, d); F("f") %a; addx(%a, 1); call1("ask", b0), retn(b0);'
    with pytest.raises(ResultError, match="is not 8 bytes wide"):
        called(text, "ask", lambda focus, a: a, 2**31 - 1)


def test_several_results_are_dropped_the_first_nearest_b0():
    text = ASKED.format(widths="b, h, d", call='calln(3, "ask", %a)', results="b0, b1, b2")
    assert called(text, "ask", lambda focus, a: (1, 2, 3), 0) == (1, 2, 3)


@pytest.mark.parametrize("value", [(1,), (1, 2, 3), 1, None, [1, 2]])
def test_several_results_are_a_tuple_of_as_many(value):
    text = ASKED.format(widths="w, w", call='calln(2, "ask", %a)', results="b0, b1")
    with pytest.raises(ResultError, match="declared with 2 results; return a tuple of them"):
        called(text, "ask", lambda focus, a: value, 0)


def test_a_special_may_be_among_several_results():
    call = 'calln(2, "ask", %a); isNone(b0), isNaR(b1)'
    text = ASKED.format(widths="w, w", call=call, results="b1, b0")
    assert called(text, "ask", lambda focus, a: (NONE, NaR()), 0) == (1, 1)


def test_a_void_outcall_returns_nothing():
    text = 'F("ask") outcall(1); F("f") %a; call0("ask", %a), retn();'
    assert called(text, "ask", lambda focus, a: None, 0) is None
    with pytest.raises(ResultError, match="declared void but returned 1"):
        called(text, "ask", lambda focus, a: 1, 0)


RANGES = [("b", -128, 255), ("h", -(2**15), 2**16 - 1), ("w", -(2**31), 2**32 - 1),
          ("d", -(2**63), 2**64 - 1), ("q", -(2**127), 2**128 - 1)]  # fmt: skip


@pytest.mark.parametrize(("letter", "least", "greatest"), RANGES)
def test_an_untyped_result_has_the_range_of_its_width(letter, least, greatest):
    text = ASKED.format(widths=letter, call='call1("ask", %a)', results="b0")
    assert called(text, "ask", lambda focus, a: least, 0) == least
    assert called(text, "ask", lambda focus, a: greatest, 0) == -1
    for value in (least - 1, greatest + 1):
        with pytest.raises(ResultError, match=r"the result of ask\(\)") as caught:
            called(text, "ask", lambda focus, a, value=value: value, 0)
        assert isinstance(caught.value, RangeError)


@pytest.mark.parametrize("value", ["1", 1.5, None, b"x", object()])
def test_a_result_of_another_kind_is_refused(value):
    text = ASKED.format(widths="w", call='call1("ask", %a)', results="b0")
    with pytest.raises(ResultError, match=r"return one, or NONE, or NaR|the result of ask\(\)"):
        called(text, "ask", lambda focus, a: value, 0)


# --- calls of belt functions


DECLARED = 'L("f"); backcall("{result}", "ns", "f", {types}); {code}'


def declared(result: str, types: list[str], code: str) -> Machine:
    listed = ", ".join(f'"{type_}"' for type_ in types)
    text = DECLARED.format(result=result, types=listed, code=code).replace('"f", )', '"f")')
    return machine(text)


def test_the_first_argument_is_b0_and_each_is_as_wide_as_its_type():
    text = """
    L("f"); backcall("int16_t", "ns", "f", "uint8_t", "int16_t", "uint32_t", "int64_t");
        addx(b0, 0) %a, addx(b1, 0) %b, addx(b2, 0) %c, addx(b3, 0) %d;
        widenu(%a) %a2, narrow(%c) %c2, narrow(%d) %d2;
        narrow(%d2) %d3, shiftl(%a2, 12);
        orl(b0, %b), shiftl(%c2, 8), shiftl(%d3, 4);
        orl(b0, b1); orl(b0, b3); retn(b0);
    """
    assert machine(text).call("f", 1, 2, 3, 4) == 0x1342


SCALARS = [("bool", True, True), ("int8_t", -128, -128), ("uint8_t", 255, 255),
           ("int16_t", -1, -1), ("uint16_t", 65535, 65535), ("int32_t", -1, -1),
           ("uint32_t", 2**32 - 1, 2**32 - 1), ("int64_t", -1, -1),
           ("uint64_t", 2**64 - 1, 2**64 - 1), ("float", 0.5, 0.5), ("double", -0.1, -0.1),
           ("size_t", 7, 7), ("void*", 0x10000, 0x10000)]  # fmt: skip


@pytest.mark.parametrize(("type_", "given", "returned"), SCALARS)
def test_every_scalar_goes_in_and_comes_out(type_, given, returned):
    assert declared(type_, [type_], "retn(b0);").call("f", given) == returned


def test_a_void_function_returns_none_and_what_it_returns_is_discarded():
    assert declared("void", [], "retn();").call("f") is None
    assert declared("void", ["int"], "retn(b0);").call("f", 1) is None


def test_text_and_bytes_lie_below_the_frame():
    text = """
    L("f"); backcall("uint8_t", "ns", "f", "const char*", "bytes");
        load(b0, 1, b, 0), load(b1, 2, b, 0); add(b0, b1); retn(b0);
    """
    assert machine(text).call("f", "a\x05", b"\1\2\3") == 8


def test_an_argument_out_of_range_or_too_few_are_refused():
    guest = declared("int", ["int8_t"], "widens(b0); widens(b0); retn(b0);")
    with pytest.raises(RangeError, match=r"argument 1 of f\(\)"):
        guest.call("f", 128)
    with pytest.raises(ArgumentError, match=r"f\(int8_t\) takes 1 argument, not 0"):
        guest.call("f")
    assert guest.call("f", -3) == -3


RESULTS = [
    ("rd(nonew), retn(b0);", NaRFault, r"the result of f\(\) is None:w, made by rd at <bytes>:1:"),
    ("con(0, w); addx(b1, b1), retn(b0);", NaRFault, r"is NaR\(overflow\):w, made by addx"),
    ("con(0, d), retn(b0);", ResultError, r"declared int32_t, 4 bytes, and the guest returned 8"),
    ('brtr(b1, "no"), retn(b0); L("no"); retn();', NaRFault, r"invalid operand"),
]


@pytest.mark.parametrize(("code", "error", "message"), RESULTS)
def test_a_result_must_be_a_value_of_its_width(code, error, message):
    guest = declared("int32_t", ["int32_t"], code)
    with pytest.raises(error, match=message):
        guest.call("f", 2**31 - 1)
    assert guest.backtrace() == ()


def test_a_missing_result_is_refused():
    guest = declared(
        "int32_t", ["uint8_t"], 'con(1, w); brtr(b1, "no"), retn(b0); L("no"); retn();'
    )
    assert guest.call("f", 0) == 1
    with pytest.raises(ResultError, match=r"the result of f\(\) is missing: the guest returned 0"):
        guest.call("f", 1)


def test_without_a_declaration_ints_are_w_and_floats_d():
    guest = machine('F("f") %a %b; addf(%b, %b), retn(%a, b0);')
    assert guest.call("f", -1, 1.5) == (-1, 0x4008000000000000)
    assert guest.call("f", 2**32 - 1, 1.5)[0] == -1
    for value in (2**32, -(2**31) - 1):
        with pytest.raises(RangeError):
            guest.call("f", value, 1.0)


def test_without_a_declaration_all_results_come():
    text = """
    F("none"); retn();
    F("one"); con(-1, b), retn(b0);
    F("two"); con(1, b), con(2, q), retn(b0, b1);
    """
    guest = machine(text)
    assert (guest.call("none"), guest.call("one"), guest.call("two")) == (None, -1, (2, 1))


def test_a_result_type_may_be_said():
    guest = machine('F("f"); con(-1, w), retn(b0);')
    assert guest.call("f", result="uint32_t") == 2**32 - 1
    with pytest.raises(ResultError, match="declared uint64_t, 8 bytes"):
        guest.call("f", result="uint64_t")


def test_the_host_may_pass_specials():
    guest = machine('F("f") %a %b; isNone(%a), isNaR(%b); retn(b1, b0);')
    assert guest.call("f", NONE, NaR(NaRKind.OVERFLOW)) == (1, 1)
    typed = declared("bool", ["uint64_t"], "isNone(b0); retn(b0);")
    assert typed.call("f", NONE) is True
    assert typed.call("f", 5) is False


def test_an_operand_goes_through_the_host_as_it_is():
    text = """
    F("ask") outcall(1, b);
    F("width") %x; isNaR(%x), retn(b0);
    F("f") %a; addx(%a, 1); call1("ask", b0), retn(b0);
    """
    assert called(text, "ask", lambda focus, a: focus.call("width", a), 2**31 - 1) == 1
