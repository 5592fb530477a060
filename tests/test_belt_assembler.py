"""What the assembler makes of code: positions, time, names, and the steps that result."""

from __future__ import annotations

import time

import pytest

import conasm
from conasm.assembler import assemble
from conasm.assembly import (
    UNFILLED,
    AssembledBlock,
    AssembledUnit,
    BlockArg,
    FloatArg,
    FunctionArg,
    ImmediateArg,
    RegisterArg,
    Step,
    SymbolArg,
    TagArg,
    ValueArg,
    WidthArg,
)
from conasm.listing import listing
from conasm.member import Member
from simfw.belt.members import GOLD, SILVER, TIN
from simfw.belt.operations import GROUPS
from simfw.belt.record import specs
from tests.belt_machine.sample import samples

OPERATIONS = specs(GROUPS)
SAMPLES = {sample.name: sample.program for sample in samples()}


def assembled(text: str, member: Member = SILVER) -> AssembledUnit:
    return assemble(conasm.parse(text), OPERATIONS, member)


def blocks(text: str, member: Member = SILVER) -> dict[str, AssembledBlock]:
    return {block.label: block for block in assembled(text, member).functions["f"].blocks}


def block(text: str, member: Member = SILVER) -> AssembledBlock:
    return blocks(text, member)["f"]


def step(found: AssembledBlock, name: str, *, which: int = 0) -> Step:
    return [one for one in found.steps if one.operation.name == name][which]


def origins(found: AssembledBlock, values: tuple[int, ...]) -> list[str]:
    """What is at each position: a name, what made it, or nothing known."""
    known = [found.values[value] for value in values]
    return [f"%{value.name}" if value.name else value.operation or "-" for value in known]


def belts(found: AssembledBlock, length: int = 8) -> list[str]:
    """The belt at the end of each instruction, without positions that nothing is known of."""
    ends = [*found.starts[1:], len(found.steps)]
    shown = [origins(found, found.steps[end - 1].belt[:length]) for end in ends]
    return [" ".join(one).replace(" -", "").removeprefix("-") for one in shown]


# --- the samples of the language's description


def test_sample_a_later_phase_sees_what_an_earlier_one_dropped():
    assert belts(block(SAMPLES["phases"])) == ["pick add con %a"]


def test_sample_results_drop_by_retirement_then_issue_then_listing():
    assert belts(block(SAMPLES["mixed_latencies"])) == [
        "%s %a %b",
        "%d %s %a %b",
        "%u %t %m %d %s %a %b",
        "%u %t %m %d %s %a %b",
    ]


def test_sample_loads_drop_when_they_retire():
    found = block(SAMPLES["load_across_call"])
    assert belts(found) == ["%now %p", "%now %p", "%late %now %p", "%late %now %p"]
    assert [one.operation.name for one in found.steps] == [
        "load", "load", "load", "call0", "nop", "load", "retn",
    ]  # fmt: skip
    ends = [(one.issue, one.instruction, one.drops) for one in found.steps if one.retires]
    assert ends == [(0, 0, (16,)), (1, 2, (17,))]


def test_sample_specials_take_the_places_of_values():
    found = blocks(SAMPLES["none_and_nar"])
    assert belts(found["f"])[:3] == [
        "%no %seven %z %p %a",
        "%no %seven %z %p %a",
        "%none %no %seven %z %p %a",
    ]
    assert belts(found["f"])[8:] == [
        "%n1 %nar %none %no %seven %z %p %a",
        "%n3 %n2 %n1 %nar %none %no %seven %z",
        "%n3 %n2 %n1 %nar %none %no %seven %z",
    ]
    assert belts(found["stay"])[0] == "isNaR isNone isNone %x %y %v"


def test_sample_a_conditional_call_drops_what_it_is_asked_for():
    assert belts(block(SAMPLES["call_not_taken"])) == [
        "%k %c",
        "%r %k %c",
        "%n %r %k %c",
        "%v %n %r %k %c",
        "%v %n %r %k %c",
    ]


def test_sample_carried_operands_replace_the_belt():
    found = blocks(SAMPLES["carried_operands"])
    assert belts(found["f"]) == ["%s %n", "%s %n"]
    assert belts(found["loop"]) == ["%n2 %s2 %n %s", "%z %n2 %s2 %n %s", "%z %n2 %s2 %n %s"]
    assert belts(found["done"]) == ["%r"]
    assert (found["loop"].entry, found["loop"].named) == (2, True)
    assert step(found["loop"], "br").passes == (3, 2)
    assert step(found["done"], "retn").passes == (0, UNFILLED)


def test_sample_fills_drop_before_computations():
    assert belts(block(SAMPLES["scratchpad_metadata"])) == [
        "%s %a %b",
        "%s %a %b",
        "%y %x %s %a %b",
        "%i %z %y %x %s %a %b",
        "%i %z %y %x %s %a %b",
    ]


# --- positions and phases


def test_positions_count_on_the_belt_at_the_beginning_of_the_phase():
    found = block('F("f") %a %b; con(1, w) %c, sub(b0, b2), pick(b1, b0, b3), retn(b0);')
    c, difference = 16, 17
    assert step(found, "sub").arguments == (ValueArg(c), ValueArg(1))
    assert step(found, "pick").arguments == (ValueArg(c), ValueArg(difference), ValueArg(1))
    assert step(found, "retn").passes == (18,)
    assert step(found, "sub").before[:3] == (c, 0, 1)


def test_each_call_is_a_phase_of_its_own():
    text = (
        'F("g") %x; retn(%x, %x); F("f") %a; calln(2, "g", b0), call1("g", b0), retn(b0, b1, b2);'
    )
    found = block(text)
    first, second = (one for one in found.steps if one.operation.transfer and one.drops)
    assert (first.passes, first.drops) == ((0,), (16, 17))
    assert (second.passes, second.drops) == ((16,), (18,))
    assert step(found, "retn").passes == (18, 16, 17)


def test_stores_and_spills_come_before_transfers_however_they_are_listed():
    found = block('F("f") %a; scratchf(8), retnfl(%a), spill(0, %a), store(%a, 0, %a), retn();')
    names = [one.operation.name for one in found.steps]
    assert names == ["scratchf", "spill", "store", "retnfl", "retn"]
    assert [one.listed for one in found.steps] == [0, 2, 3, 1, 4]


def test_an_operand_that_falls_off_is_gone_from_the_belt():
    found = block('F("f") %a %b; ' + "nop(), con(0, w); " * 7 + "retn(b7);", TIN)
    assert origins(found, found.steps[-1].belt) == ["con"] * 7 + ["%a"]
    assert step(found, "retn").passes == (0,)


def test_a_function_is_entered_with_as_many_positions_as_the_belt_has():
    for member in (TIN, SILVER, GOLD):
        found = block('F("f") %a; retn(b1);', member)
        assert (found.entry, found.named, found.operands) == (member.belt, False, ("a",))
        assert step(found, "retn").passes == (1,)


def test_a_position_that_nothing_can_have_filled_is_no_value():
    found = blocks('F("f") %a; br("x", %a); L("x") %x; add(b0, b1), store(%x, 0, b3), retn(b2);')
    assert step(found["x"], "add").arguments == (ValueArg(0), ValueArg(UNFILLED))
    assert step(found["x"], "store").arguments[2] == ValueArg(UNFILLED)
    assert step(found["x"], "retn").passes == (UNFILLED,)


# --- time


def test_a_product_takes_three_instructions():
    found = block('F("f") %a; mul(%a, %a) %m; nop(); add(%a, 1) %s; retn(%m, %s);')
    assert belts(found) == ["%a", "%a", "%s %m %a", "%s %m %a"]
    assert step(found, "mul").drops == (16,)


def test_what_retires_can_be_read_by_calls_picks_and_stores_of_the_same_instruction():
    text = 'F("f") %a; mul(%a, %a) %m; nop(); nop(), pick(%a, %m), store(%a, 0, %m), retn(%m);'
    assert step(block(text), "pick").arguments == (ValueArg(0), ValueArg(16))


def test_a_member_has_latencies_of_its_own():
    slow = Member("Slow", belt=8, scratchpad=0, latencies={"add": 2})
    found = block('F("f") %a; add(%a, 1) %s; nop(); retn(%s);', slow)
    assert belts(found) == ["%a", "%s %a", "%s %a"]


def test_what_retires_together_drops_by_issue_and_loads_among_it():
    text = """
    F("f") %p;
        mul(%p, 3) %m, load(%p, 0, w, 2) %x;
        load(%p, 4, w, 1) %y;
        add(%p, 1) %s, load(%p, 8, w, 0) %z;
        retn(%m);
    """
    found = block(text)
    assert belts(found)[2] == "%z %s %y %x %m %p"
    ends = [one for one in found.steps if one.retires]
    assert [origins(found, one.drops) for one in ends] == [["%x"], ["%y"], ["%z"]]
    # the belt when the next step begins has what retired in between
    seen = [belts_of(found, one) for one in ends]
    assert seen == ["%x %m %p", "%s %y %x %m %p", "%z %s %y %x %m %p"]


def belts_of(found: AssembledBlock, one: Step) -> str:
    return " ".join(origins(found, one.belt)).replace(" -", "")


def test_what_is_in_flight_at_the_end_of_a_block_is_never_dropped():
    found = block('F("f") %a; mul(%a, %a) %m, load(%a, 0, w, 5), retn();')
    assert belts(found) == ["%a"]
    assert not any(one.retires for one in found.steps)


def test_a_block_without_names_is_handed_the_whole_belt():
    found = blocks('F("f") %a; con(1, w) %x; br("next"); L("next") add(b0, b1), retn(b0);')
    assert (found["next"].entry, found["next"].named) == (16, False)
    assert step(found["f"], "br").passes == (16, *range(15))
    assert step(found["next"], "add").arguments == (ValueArg(0), ValueArg(1))


def test_tagged_loads_drop_at_their_pickup():
    found = blocks(
        'F("f") %p; load(%p, 0, w, late), load(%p, 4, w, other), br("next", %p);'
        'L("next") %q; refuse(other), pickup(late) %x; retn(%x);'
    )
    loads = [one for one in found["f"].steps if one.operation.name == "load"]
    assert [one.arguments[-1] for one in loads] == [TagArg(0, "late"), TagArg(1, "other")]
    assert [one.drops for one in loads] == [(), ()]
    picked = step(found["next"], "pickup")
    assert (picked.arguments, picked.drops) == ((TagArg(0, "late"),), (1,))
    assert step(found["next"], "refuse").drops == ()


# --- condition codes


def test_condition_codes_drop_right_after_what_they_are_ganged_to():
    text = 'F("f") %a; mul(%a, %a) %m, carry() %c, eql() %z, add(%a, 1), overflow(); nop(); nop();'
    found = block(text + " retn(%c);")
    assert belts(found)[0] == "overflow add %a"
    assert belts(found)[2] == "%z %c %m overflow add %a"
    gangs = [one.gang for one in found.steps if one.operation.name in ("carry", "eql", "overflow")]
    assert gangs == [0, 0, 3]


def test_relations_with_operands_are_not_ganged():
    found = block('F("f") %a; add(%a, 1), eql(%a), eql(%a, 3), retn();')
    assert [one.gang for one in found.steps] == [None] * 4


# --- names


def test_rescue_keeps_operands_and_their_names():
    text = 'F("f") %a %b; nop(), rescue(%b, b0, %b); con(0, w); retn(%b);'
    found = block(text)
    assert step(found, "rescue").drops == (16, 17, 18)
    assert step(found, "retn").passes == (16,)


def test_rescued_operands_may_have_new_names():
    found = block('F("f") %a; nop(), rescue(%a) %again; add(%a, %again), retn();')
    assert step(found, "add").arguments == (ValueArg(0), ValueArg(16))


def test_conform_replaces_the_belt_before_the_transfers_of_its_instruction():
    found = blocks('F("f") %a %b; conform(%b, %a), br("next"); L("next") retn(b0);')
    assert step(found["f"], "br").passes == (16, 17)
    assert origins(found["f"], step(found["f"], "conform").belt) == ["%b", "%a"]


def test_names_of_the_label_are_those_of_what_comes_in():
    found = blocks('F("f") %a %b; br("x", %b, %a); L("x") %a %c; retn(%c, %a);')
    assert step(found["f"], "br").passes == (1, 0)
    assert step(found["x"], "retn").passes == (1, 0)


def test_a_name_may_be_used_again_in_another_block():
    found = blocks(
        'F("f") %a; br("x", %a); L("x") %a; add(%a, 1) %s; br("y", %s); L("y") %s; retn();'
    )
    assert list(found) == ["f", "x", "y"]


# --- arguments


def test_arguments_arrive_as_what_they_are():
    text = """
    F("f") %a;
        con(-1, w), con(1.5, d), rd(pid), lea("text"), lea(fp, -16), stackf(32), scratchf(16),
        fill(0, q), add(%a, -3), addp(%a, 4, 8), call0("g", %a), call1(%a, %a),
        brtr(%a, "f", %a), retn();
    F("g") retn();
    D("text") asciz("x");
    """
    found = block(text)
    assert step(found, "con").arguments == (ImmediateArg(-1), WidthArg(4))
    assert step(found, "con", which=1).arguments == (FloatArg(1.5), WidthArg(8))
    assert step(found, "rd").arguments == (RegisterArg("pid"),)
    assert step(found, "lea").arguments == (SymbolArg("text"),)
    assert step(found, "lea", which=1).arguments == (RegisterArg("fp"), ImmediateArg(-16))
    assert step(found, "stackf").arguments == (ImmediateArg(32),)
    assert step(found, "fill").arguments == (ImmediateArg(0), WidthArg(16))
    assert step(found, "add").arguments == (ValueArg(0), ImmediateArg(-3))
    assert step(found, "addp").arguments == (ValueArg(0), ImmediateArg(4), ImmediateArg(8))
    assert step(found, "call0").arguments == (FunctionArg("g"),)
    assert step(found, "call1").arguments == (ValueArg(0),)
    assert step(found, "brtr").arguments == (ValueArg(0), BlockArg(0))
    assert assembled(text).functions["f"].scratch_size == 16


def test_counts_of_results_are_given_or_taken_from_names_or_from_the_target():
    text = """
    F("two") retn(b0, b1);
    F("host") outcall(0, w, d);
    F("f") %a;
        calln(1, "two") %x;
        call(2, "two");
        call("two") %y;
        call("two");
        call("host");
        call(%a);
        call(%a) %p %q %r;
        retn();
    """
    calls = [one for one in block(text).steps if one.operation.name.startswith("call")]
    assert [len(one.drops) for one in calls] == [1, 2, 1, 2, 2, 0, 3]


# --- widths


@pytest.mark.parametrize(
    ("code", "width"),
    [
        ("con(1, h) %x", 2),
        ("con(1, h) %y; add(%y, 1) %x", 2),
        ("con(1, h) %y; add(%a, %y) %x", 2),
        ("con(1, h) %y; addsw(%y, 1) %x", 4),
        ("con(1, h) %y; narrow(%y) %x", 1),
        ("con(1, d) %y; eql(%y, 0) %x", 1),
        ("eql(%a, 0) %x", 1),
        ("add(%a, 1) %x", None),
        ("con(1, w) %y; widenf(%y) %x", 8),
        ("rd(maxsw) %x", 4),
        ("rd(nonew) %x", None),
        ("lea(fp, 0) %x", 8),
        ("load(%a, 0, q, 0) %x", 16),
        ("load(%a, 0, q, t); pickup(t) %x", None),
        ("con(1, w) %y, con(2, w) %z; nop(), pick(%a, %y, %z) %x", 4),
        ("con(1, w) %y, con(2, d) %z; nop(), pick(%a, %y, %z) %x", None),
        ("con(1, w) %y; nop(), pick(%a, %y) %x", 4),
        ("con(1, w) %y; nop(), rescue(%y) %x", 4),
        ("con(1, w) %y; shiftl(%y, %a) %x", 4),
        ('call1("host", %a) %x', 4),
        ('call1("typed", %a) %x', 8),
        ('call1("f", %a) %x', None),
    ],
)
def test_widths_are_known_where_they_can_be(code, width):
    declared = 'F("host") outcall(1, w); F("typed") outcall(1, "char*", "int");'
    found = block(f'{declared} F("f") %a; {code}; retn(%a);')
    (known,) = [value.width for value in found.values if value.name == "x"]
    assert known == width


# --- data


def test_data_is_laid_out_piece_after_piece():
    unit = assembled(
        'D("a") b(1, -1, \'A\'), h(0x1234), asciz("hi", "é"), zero(3);'
        'D("b") align(64), d("a", "b"), w(-2), d(1.5), w(1.5), q(-1);'
        'F("f") retn();'
    )
    a, b = unit.data
    assert a.bytes == b"\x01\xffA\x34\x12hi\x00\xc3\xa9\x00\x00\x00\x00"
    assert (a.offset, b.offset, b.alignment) == (0, 64, 64)
    assert b.bytes.hex() == "00" * 16 + "feffffff" + "000000000000f83f" + "0000c03f" + "ff" * 16
    assert b.relocations == ((0, "a"), (8, "b"))
    assert (unit.data_size, unit.data_alignment) == (64 + 48, 64)


def test_data_is_aligned_for_anything():
    unit = assembled('D("a") b(1); D("b") b(2); D("c") q(3);')
    assert [data.offset for data in unit.data] == [0, 16, 32]


# --- the listing


def test_the_listing_has_the_belt_before_and_after_each_instruction():
    text = """
    F("host") outcall(1, w);
    F("f") %a %b;
        mul(%a, %b) %m, carry(), load(%a, 0, w, 1) %x;
        add(%a, 1);
        br("next");
    L("next") retn(b0, b16);
    D("text") asciz("hi");
    """
    assert (
        listing(assembled(text, GOLD))
        == """\
// Gold: a belt of 32, a scratchpad of 512 bytes
F("host"); outcall(1, w);

F("f") %a %b
   0  mul(%a, %b) %m, carry(), load(%a, 0, w, 1) %x;
        before  b0 %a  b1 %b  …
        after   b0 %a  b1 %b  …
        flying  %m until 2  carry#33 until 2  %x until 1
   1  add(%a, 1);
        before  b0 %a  b1 %b  …
        after   b0 add#35  b1 %x  b2 %a  b3 %b  …
        flying  %m until 2  carry#33 until 2
   2  br("next");
        before  b0 add#35  b1 %x  b2 %a  b3 %b  …
        after   b0 carry#33  b1 %m  b2 add#35  b3 %x  b4 %a  b5 %b  …
L("next")
   0  retn(b0, b16);
        before  …
        after   …

// 3 bytes at 0
D("text") b(104, 105), zero(1);
"""
    )


# --- speed


def test_ten_thousand_instructions_are_assembled_in_two_seconds():
    function = 'F("f{0}") %a %b;\n' + "    add(b0, b1);\n" * 199 + "    retn(b0);\n"
    text = "".join(function.format(index) for index in range(50))
    started = time.process_time()
    unit = assembled(text)
    assert time.process_time() - started < 2
    assert sum(len(f.blocks[0].starts) for f in unit.functions.values()) == 10_000
