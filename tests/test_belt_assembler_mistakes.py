"""Every mistake that the assembler knows: what it says, where, and that nothing else is said."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import conasm
from conasm.assembler import assemble
from conasm.assembly import AssembledUnit
from conasm.member import Member
from simfw.belt.image import load_unit
from simfw.belt.members import SILVER, TIN
from simfw.belt.operations import GROUPS
from simfw.belt.record import specs
from simfw.errors import SpecError
from tests.belt_text import Generator

OPERATIONS = specs(GROUPS)


def mistakes(text: str, member: Member = SILVER) -> list[str]:
    """All messages, each with the text that its caret points at."""
    with pytest.raises(conasm.ConasmError) as caught:
        assemble(conasm.parse(text), OPERATIONS, member)
    return [f"{_pointed(found)}: {found.message}" for found in caught.value.problems]


def _pointed(found: conasm.Problem) -> str:
    rest = found.source_line[found.position.column - 1 :]
    return re.split("[,); ]", rest)[0]


def assembled(text: str, member: Member = SILVER) -> AssembledUnit:
    return assemble(conasm.parse(text), OPERATIONS, member)


# one operation in F("f") %a, after F("g") %x and others
OPERATION = [
    ("add(%a)", "add(%a: add is written add(value, operand), not with 1 argument"),
    ("nop(%a)", "nop(%a: nop is written nop(), not with 1 argument"),
    ("eql(%a, 1, 2)", "eql(%a: eql is written eql(value, operand) or eql(value) or eql(), "
                      "not with 3 arguments"),
    ("add(1, %a)", "1: argument 1 of add is an operand of the belt, not an integer"),
    ("add(%a, w)", "w: argument 2 of add is an operand of the belt or an integer, "
                   "not the word 'w'"),
    ("add(%a, 1.5)", "1.5: argument 2 of add is an operand of the belt or an integer, not a float"),
    ("load(%a, 0, w, \"t\")", "\"t\": argument 4 of load is a number of instructions, or a tag, "
                              "which is a bare word, not a string"),
    ("call0(1)", "1: argument 1 of call0 is a function in double quotes, "
                 "or an operand of the belt, not an integer"),
    ("con(256, b)", "256: 256 does not fit a constant of width b: -128 to 255"),
    ("con(1.5, h)", "1.5: a float is of width w or d, not h"),
    ("con(1e39, w)", "1e39: 1e+39 is beyond the range of width w"),
    ("con(1, x)", "x: unknown width 'x'; a width is b, h, w, d or q"),
    ("con(1, b), add(b0, 300)", "300: 300 does not fit an operand of width b: -128 to 255"),
    ("con(1, w) %w, con(1, d) %d, add(%w, %d)", "%d: add takes operands of one width, "
                                                "but %w is w and %d is d"),
    ("con(1, w), con(1, d), add(b0, b1)", "b1: add takes operands of one width, "
                                          "but b0 is d and b1 is w"),
    ("con(1, q) %q, widens(%q)", "%q: widens takes no operand of width q, only b h w d; %q is q"),
    ("con(1, h) %h, addf(%a, %h)", "%h: addf takes no operand of width h, only w d; %h is h"),
    ("add(b16, 1)", "b16: b16 is beyond the belt: Silver has b0 to b15"),
    ("add(%b, 1)", "%b: %b is not defined"),
    ("con(1, w) %sum, add(%sun, 1)", "%sun: %sun is not defined; did you mean '%sum'?"),
    ("add(%soon, 1);\nadd(%a, 1) %soon", "%soon: %soon is read before it is defined, in line 4"),
    ("mul(%a, 2) %m; add(%m, 1)", "%m: %m is read before it retires: mul takes 3, "
                                  "it drops in the compute phase 1 instruction further on"),
    ("mul(%a, 2) %m, store(%a, 0, %m)", "%m: %m is read before it retires: mul takes 3, "
                                        "it drops in the compute phase 2 instructions further on"),
    ("add(%a, 2) %m, add(%m, 1)", "%m: %m is read too early: it drops at the end of the phase that "
                                  "reads it here, or in a later one; read it in the next "
                                  "instruction"),
    ("add(b0, 2) %m, pick(%a, %m) %p, nop(); nop(), pick(%n, %m) %n", "%n: %n is read too early"),
    ("add(%a, 1) %a", "%a: %a is defined twice in this block; the first is in line 2"),
    ("add(%a, 1) %s %t", "%t: add has 1 result, but 2 are named"),
    ("store(%a, 0, %a) %s", "%s: store has no result, but 1 is named"),
    ("load(%a, 0, w, tag) %s", "%s: this load has no result of its own; "
                               "name that of the pickup of its tag"),
    ("load(%a, 0, w, d)", "d: 'd' is a width; a tag has another name"),
    ("load(%a, 0, w, 256)", "256: 256 is no number of instructions to wait: it is from 0 to 255"),
    ("load(%a, 0, w, late), pickup(lat)", "lat: no load of this function has the tag 'lat'; "
                                          "did you mean 'late'?"),
    ("carry()", "carry(: carry() reads the condition codes of the operation right before it; "
                "no computation stands there"),
    ("load(%a, 0, w, 0), carry()", "carry(: carry() reads the condition codes of the operation "
                                   "right before it; load has none"),
    ("add(%a, 1), con(1, w), eql()", "eql(: eql() reads the condition codes of the operation "
                                     "right before it; no computation stands there"),
    ("rd(zerow), rd(zerox)", "zerox: rd takes no 'zerox'; did you mean"),
    ("lea(sp, 8)", "sp: lea takes no 'sp'; it takes fp"),
    ("lea(\"textt\")", "\"textt\": there is no data or function 'textt'; did you mean 'text'?"),
    ("call0(\"texts\")", "\"texts\": there is no function 'texts'"),
    ("call0(\"text\")", "\"text\": 'text' is data, which cannot be called"),
    ("call1(\"gg\", %a)", "\"gg\": there is no function 'gg'"),
    ("call1(\"g\")", "call1(\"g\": 'g', a function, takes 1 argument, here are 0"),
    ("call1(\"g\", %a, %a)", "call1(\"g\": 'g', a function, takes 1 argument, here are 2"),
    ("calln(2, \"g\", %a)", "calln(2: 'g', a function, gives 1 result, here are 2 wanted"),
    ("call1(\"host\", %a)", "call1(\"host\": 'host', an outcall, takes 2 arguments, here is 1"),
    ("call1(\"mute\")", "call1(\"mute\": 'mute', an outcall, gives 0 results, here is 1 wanted"),
    ("calln(17, %a)", "17: 17 is no count of results on Silver: it is from 0 to 16"),
    ("call(\"either\")", "call(\"either\": 'either' gives 0 or 1 results; "
                         "say how many are wanted: call(n, …)"),
    ("brtr(%a, \"f\")", "brtr(%a: 'f' takes 1 operand (%a), here are 0"),
    ("brtr(%a, \"end\", %a)", "%a: 'end' names no operands, so none can be carried to it; "
                              "here is 1"),
    ("brtr(%a, \"two\", %a)", "brtr(%a: 'two' takes 2 operands (%x %y), here is 1"),
    ("retnfl(%a, " + ", ".join(["%a"] * 17) + ")", "%a: Silver has a belt of 16, here are 17"),
    ("spill(0, %a)", "0: bytes 0 to 0 of the scratchpad are used, "
                     "but the function reserves none; scratchf(bytes) does"),
    ("scratchf(8), fill(6, w)", "6: bytes 6 to 9 of the scratchpad are used, "
                                "but the function reserves 8 bytes with scratchf"),
    ("scratchf(8), con(1, d), spill(4, b0)", "4: bytes 4 to 11 of the scratchpad are used, "
                                             "but the function reserves 8 bytes with scratchf"),
    ("scratchf(8), spill(-1, %a)", "-1: bytes -1 to -1 of the scratchpad are used, "
                                   "but the function reserves 8 bytes with scratchf"),
    ("scratchf(257)", "257: 257 is no size of Silver's scratchpad: it is from 0 to 256"),
    ("scratchf(8); scratchf(8)", "scratchf(8: a function reserves scratchpad once; "
                                 "the first is in line 3"),
    ("stackf(-1)", "-1: -1 is no size of stack memory: it is from 0 to 2147483647"),
    ("addp(%a, 1, 0x10000000000000000)", "0x10000000000000000: 18446744073709551616 does not fit "
                                         "an offset or a scale of width d"),
    ("rescue()", "rescue(: rescue is written rescue(value, value…), not with 0 arguments"),
]  # fmt: skip

AROUND = """\
F("g") %x; retn(%x); F("host") outcall(2, w); F("mute") outcall(0); F("either"); nop(), retntr(b0, b1), retn();
F("f") %a;
    {};
    br("end");
L("end") retn();
L("two") %x %y; retn();
D("text") asciz("hi");
"""  # noqa: E501


@pytest.mark.parametrize(("operation", "wanted"), OPERATION)
def test_operation(operation, wanted):
    (found,) = mistakes(AROUND.format(operation))
    assert found.startswith(wanted)


DATA = [
    ("b(256)", "256: 256 does not fit an item of width b: -128 to 255"),
    ("h(1.5)", "1.5: a float is of width w or d, not h"),
    ('d("tex")', "\"tex\": there is no data or function 'tex'; did you mean 'text'?"),
    ('w("text")', "\"text\": an address takes 8 bytes: d('text'), not w; text is written asciz(…)"),
    ("w(b0)", "b0: w(…) takes numbers, or names of data and functions"),
    ("asciz(1)", "1: asciz(…) takes strings"),
    ("zero(-1)", "-1: zero(…) takes a number of bytes"),
    ("align(3)", "3: align(…) takes a power of two, at most 4096"),
    ("align(8192)", "8192: align(…) takes a power of two, at most 4096"),
    ("w()", "w(: w() has nothing in it"),
    ("zero(0x4000001)", "0x4000001: the data is larger than 67108864 bytes"),
]


@pytest.mark.parametrize(("item", "wanted"), DATA)
def test_data(item, wanted):
    assert mistakes(f'D("text") {item};') == [wanted]


def test_all_data_together_has_a_limit():
    huge = "zero(0x3000000)"
    found = mistakes(f'D("one") {huge}; D("two") {huge};')
    assert found == ["0x3000000: the data is larger than 67108864 bytes"]


# --- the belt of the member


def test_an_operand_that_has_fallen_off_is_named():
    text = 'F("f") %a;\n' + "    nop(), con(0, w);\n" * 8 + "    retn(%a);"
    assert mistakes(text, TIN) == [
        "%a: %a has fallen off Tin's belt of 8; rescue(%a) in time keeps it, "
        "spill and fill bring it back"
    ]
    assert assembled(text).functions["f"].blocks[0].steps[-1].passes == (0,)


def test_a_position_that_one_member_has_and_another_not():
    text = 'F("f") %a; retn(b8);'
    assert mistakes(text, TIN) == ["b8: b8 is beyond the belt: Tin has b0 to b7"]
    assert assembled(text).functions["f"].blocks[0].steps[-1].passes == (8,)


def test_a_label_names_no_more_than_the_belt_is_long():
    names = " ".join(f"%x{index}" for index in range(9))
    assert mistakes(f'F("f") {names}; retn();', TIN) == [
        "%x8: Tin has a belt of 8, here are 9 names"
    ]


def test_a_name_is_of_its_own_block():
    text = 'F("f") %a; br("next"); L("next") retn(%a);'
    assert mistakes(text) == [
        "%a: %a is not defined here: names end with their block; this one is of 'f'"
    ]


def test_names_of_a_label_are_different():
    assert mistakes('F("f") %a %a; retn();') == [
        "%a: %a is defined twice in this block; the first is in line 1"
    ]


def test_an_unknown_name_is_reported_once_a_block():
    assert len(mistakes('F("f"); add(%x, %x), add(%x, 1); nop(), pick(%x, b0); retn(%x);')) == 1


# --- several mistakes


def test_all_mistakes_are_reported_in_the_order_of_the_text_with_their_lines():
    text = (
        'F("f") %a;\n'
        "    add(%a, w), sub(%b, 1),\n"
        '    call1("g"), retn();\n'
        'D("d") b(300);\n'
        'F("h") con(1, z), retn();\n'
    )
    with pytest.raises(conasm.ConasmError) as caught:
        assemble(conasm.parse(text, "file.cas"), OPERATIONS, SILVER)
    assert str(caught.value) == (
        "file.cas:2:13: error: argument 2 of add is an operand of the belt or an integer, "
        "not the word 'w'\n"
        "    add(%a, w), sub(%b, 1),\n"
        "            ^\n"
        "file.cas:2:21: error: %b is not defined\n"
        "    add(%a, w), sub(%b, 1),\n"
        "                    ^\n"
        "file.cas:3:11: error: there is no function 'g'\n"
        '    call1("g"), retn();\n'
        "          ^\n"
        "file.cas:4:10: error: 300 does not fit an item of width b: -128 to 255\n"
        'D("d") b(300);\n'
        "         ^\n"
        "file.cas:5:15: error: unknown width 'z'; a width is b, h, w, d or q\n"
        'F("h") con(1, z), retn();\n'
        "              ^"
    )


def test_a_mistake_does_not_make_others():
    text = 'F("f") %a; add(%a) %s, load(%a, 0, x, 0) %x; add(%s, %x) %t; retn(%t, b0);'
    assert len(mistakes(text)) == 2


def test_an_operation_that_the_machine_lacks_is_reported():
    few = {name: spec for name, spec in OPERATIONS.items() if name != "sub"}
    with pytest.raises(conasm.ConasmError, match="unknown operation 'sub'; did you mean 'sub"):
        assemble(conasm.parse('F("f") sub(b0, 1), retn();'), few, SILVER)


# --- warnings


def warnings(text: str) -> list[str]:
    return [str(found) for found in assembled(text).warnings]


def test_widths_that_differ_between_arcs_are_warned_of():
    text = (
        'F("f") %a;\n'
        "    con(1, w) %w, con(2, d) %d;\n"
        '    brtr(%a, "x", %w), br("x", %d);\n'
        'L("x") %v; retn(%v);'
    )
    assert warnings(text) == [
        "<text>:3:32: warning: %v of 'x' is of width d here, but w in line 3\n"
        '    brtr(%a, "x", %w), br("x", %d);\n'
        "                               ^"
    ]


def test_widths_that_nobody_knows_are_not_warned_of():
    assert (
        warnings('F("f") %a; con(1, w), brtr(%a, "x", b0), br("x", %a); L("x") %v; retn();') == []
    )


def test_results_that_are_discarded_are_warned_of():
    declared = 'F("two") retn(b0, b1); F("host") outcall(0, w);'
    text = f'{declared} F("f") call1("two"), call0("host"), retn();'
    assert [line.split(": ", 2)[1:] for one in warnings(text) for line in one.splitlines()[:1]] == [
        ["warning", "'two', a function, gives 2 results, here is 1 wanted; the rest is discarded"],
        ["warning", "'host', an outcall, gives 1 result, here are 0 wanted; the rest is discarded"],
    ]


# --- noise


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32), member=st.sampled_from([TIN, SILVER]))
def test_random_code_is_assembled_or_refused_with_places(seed, member):
    text = "\n".join(Generator(seed, member).lines())
    try:
        assemble(conasm.parse(text), OPERATIONS, member)
    except conasm.ConasmError as error:
        lines = text.splitlines()
        places = [found.position for found in error.problems]
        assert [lines[place.line - 1] for place in places] == [
            found.source_line for found in error.problems
        ]
        assert places == sorted(places, key=lambda place: (place.line, place.column))


def test_a_flood_of_unknown_names_is_refused_in_time():
    lines = [f"    add(%x{index}, %y{index}) %z{index};\n" for index in range(4_000)]
    text = f'F("f");\n{"".join(lines)}    retn();'
    started = time.process_time()
    with pytest.raises(conasm.ConasmError, match="more than 1000 errors"):
        assembled(text)
    assert time.process_time() - started < 10


def test_a_label_with_a_flood_of_names_is_refused_in_time():
    names = "".join(f" %x{index}" for index in range(10_000))
    code = "add(b0, 1);" * 1000
    started = time.process_time()
    with pytest.raises(conasm.ConasmError, match="here are 10000 names"):
        assembled(f'F("f"){names}; {code} retn();')
    assert time.process_time() - started < 10


# --- mistakes of form beside mistakes of meaning


def all_mistakes(text: str) -> list[str]:
    """As whoever loads a program sees them: place and message of each."""
    with pytest.raises(SpecError) as caught:
        load_unit(text.encode(), "t")
    return re.findall(r"^t:(\d+:\d+: error: .*)", str(caught.value), re.MULTILINE)


def test_mistakes_of_every_sort_are_reported_in_one_run():
    """What does not parse, what has a wrong form, and what means nothing; each once, in order."""
    assert all_mistakes(
        """F("one") %a; add(%a; retn(%a);
F("two") %a; addd(%a, 1) %b, retn(%b);
F("three") %a; con(300, b) %c, add(%x, %a) %d, retn(%d);
F("four") %a; con(1, w) %c;
D("five") word(1);
D("six") b(300);
F("main"); retn(b0, b31);"""
    ) == [
        "1:20: error: expected ',' or ')' before ';'",
        "2:14: error: unknown operation 'addd'; "
        "did you mean 'add', 'addx', 'addu', 'addp' or 'addf'?",
        "3:20: error: 300 does not fit a constant of width b: -128 to 255",
        "3:36: error: %x is not defined",
        '4:15: error: the block F("four") does not end in an unconditional transfer: '
        "br or retn must be its last operation",
        "5:11: error: unknown data directive 'word'; "
        "directives are align, asciz, b, d, h, q, w, zero",
        "6:12: error: 300 does not fit an item of width b: -128 to 255",
        "7:21: error: b31 is beyond the belt: Silver has b0 to b15",
    ]


@pytest.mark.parametrize(
    "lost",
    [
        'F("f") %a; retn(%a',
        'F("f" %a; retn(%a);',
        'F("f") outcall(1, x);',
        'F("f") %a; retn(%a), nop();',
        'F("f"); outcall(1, w), nop();',
        'L("f"); backcall("struct s", "a", "b"); retn(b0);',
        'D("f") w(1;',
        'include "there is no such file.cas";',
    ],
)
def test_what_could_not_be_understood_is_not_missed(lost):
    """Only it is reported, and not that others need it, or use it otherwise."""
    used = 'F("main") %a; lea("f"), call1("f", %a, %a, %a) %r, retn(%r); D("g") d("f");\n'
    (mistake,) = all_mistakes(used + lost + "\n")
    assert mistake.startswith("2:")
