"""The records of operations: which there are, and what they compute, against unbounded integers."""

from __future__ import annotations

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

import conasm
from conasm.assembler import assemble
from conasm.operation import WIDTHS, Kind, Phase, Transfer, parse_header
from conasm.operations import BELT_OPERATIONS, BRANCHES, FINAL_TRANSFERS
from simfw.belt.floats import FUNCTIONS
from simfw.belt.kinds import NONE_FLAG, NaRKind
from simfw.belt.members import SILVER
from simfw.belt.operations import GROUPS
from simfw.belt.popcons import POPCONS
from simfw.belt.record import Operations, Strict, by_name, specs
from simfw.ir.builder import Word, const
from simfw.ir.ops import I1, INTEGERS, Value, walk

RECORDS = by_name(GROUPS)
STRICT = {name: record for name, record in RECORDS.items() if not record.raw}
BITS = {letter: 8 * size for letter, size in WIDTHS.items()}
RELATIONS = ("eql", "neq", "lsss", "leqs", "gtrs", "geqs", "lssu", "lequ", "gtru", "gequ")
OVERFLOW = ["", "u", "x", "us", "ux", "uw", "ss", "sx", "sw"]


@define
class Run:
    """What semantics says while it is evaluated on constants."""

    carry: Word = field(factory=lambda: const(I1, 0))
    overflow: Word = field(factory=lambda: const(I1, 0))
    fault: Word = field(factory=lambda: const(I1, 0))
    kinds: list[NaRKind] = field(factory=list)
    made: dict[str, int | None] = field(factory=dict)

    def nar(self, kind: NaRKind, *, when: Word) -> None:
        assert when.constant is not None
        if when.constant:
            self.kinds.append(kind)

    def codes(self, *, carry: Word, overflow: Word) -> None:
        self.made = {"carry": carry.constant, "overflow": overflow.constant}


def run(name: str, letter: str, *operands: int) -> tuple[NaRKind | int, Run]:
    """The result of an operation on plain values of one width, or the NaR that it makes."""
    said = Run()
    words = [const(INTEGERS[BITS[letter]], operand) for operand in operands]
    result = STRICT[name].semantics(said, *words)
    assert isinstance(result, Word)
    if said.kinds:
        return said.kinds[0], said
    assert result.constant is not None
    return result.constant, said


def value(name: str, letter: str, *operands: int) -> NaRKind | int:
    return run(name, letter, *operands)[0]


def integers(letter: str) -> st.SearchStrategy[int]:
    bits = BITS[letter]
    edges = [0, 1, 2, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1]
    return st.one_of(st.sampled_from(edges), st.integers(0, (1 << bits) - 1))


def signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number


# --- which there are


def test_what_makes_results_twice_as_wide_takes_no_q():
    wide = {name for name, record in RECORDS.items() if "q" not in record.spec.sizes}
    doubled = {f"{name}{d}w" for name in ("add", "sub", "mul", "neg", "shiftl") for d in "su"}
    floats = {name for name, record in RECORDS.items() if record.spec.group == "floating"}
    assert wide == doubled | {"widens", "widenu"} | floats


def test_the_names_that_the_parser_knows_are_those_of_the_records():
    assert set(RECORDS) == BELT_OPERATIONS


def test_what_the_parser_knows_of_transfers_is_what_the_records_say():
    finals = {name for name, record in RECORDS.items() if record.spec.is_final}
    branches = {
        name: record.spec.forms[0].kinds.index(Kind.LABEL)
        for name, record in RECORDS.items()
        if record.spec.transfer is Transfer.BRANCH
    }
    assert (finals, branches) == (FINAL_TRANSFERS, BRANCHES)


@pytest.mark.parametrize("family", ["add", "sub", "mul", "neg", "shiftl"])
def test_a_family_has_these_spellings(family):
    with_suffix = {name for name in RECORDS if name.startswith(family)}
    others = {"addp", "addf", "subf", "mulf", "negf"}
    assert with_suffix - others == {family + suffix for suffix in OVERFLOW}


def test_narrow_has_these_spellings():
    found = {name.removeprefix("narrow") for name in RECORDS if name.startswith("narrow")}
    assert found == {"", "s", "u", "x", "ss", "us", "sx", "ux", "f"}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_record_says_what_it_does_in_sentences(name):
    text = RECORDS[name].spec.description
    assert text[0].isupper() and text.endswith(".")


def test_operations_happen_in_the_phases_of_the_language():
    phases = {
        phase: {name for name, record in RECORDS.items() if record.spec.phase is phase}
        for phase in Phase
    }
    assert phases[Phase.READER] == {"con", "rd", "fill", "lea", "scratchf", "stackf"}
    assert phases[Phase.PICK] == {"pick", "recur", "rescue"}
    assert {name for name in phases[Phase.CALL] if not name.startswith("call")} == set()
    transfers = {"br", "brtr", "brfl", "retn", "retntr", "retnfl"}
    assert phases[Phase.WRITER] == {"store", "spill", "conform"} | transfers
    assert phases[Phase.COMPUTE] >= {"load", "pickup", "refuse", "nop", "isNaR", "isNone", "add"}


def test_latencies_are_three_for_products_and_eight_for_quotients():
    slow = {
        name: latency
        for name, record in RECORDS.items()
        if (latency := SILVER.latency(record.spec.latency)) != 1
    }
    products = {f"mul{suffix}": 3 for suffix in OVERFLOW}
    assert slow == {**products, **dict.fromkeys(("divs", "divu", "rems", "remu"), 8)}


# --- what they compute


@pytest.mark.parametrize("suffix", OVERFLOW)
@pytest.mark.parametrize("family", ["add", "sub", "mul", "neg"])
@given(data=st.data())
def test_arithmetic_is_exact_but_for_what_does_not_fit(family, suffix, data):
    letter = data.draw(st.sampled_from("bhwd" if suffix.endswith("w") else "bhwdq"))
    bits = BITS[letter]
    operands = [data.draw(integers(letter)) for _ in range(1 if family == "neg" else 2)]
    is_signed = suffix[:1] in ("s", "x")
    read = [signed(operand, bits) if is_signed else operand for operand in operands]
    exact = {
        "add": lambda: read[0] + read[1],
        "sub": lambda: read[0] - read[1],
        "mul": lambda: read[0] * read[1],
        "neg": lambda: -read[0],
    }[family]()
    least, greatest = (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)
    fits = least <= exact <= greatest
    wanted = {
        "": exact & ((1 << bits) - 1),
        "s": min(max(exact, least), greatest) & ((1 << bits) - 1),
        "x": exact & ((1 << bits) - 1) if fits else NaRKind.OVERFLOW,
        "w": exact & ((1 << 2 * bits) - 1),
    }
    behaviour = suffix[-1:] if suffix != "u" else ""
    found, said = run(family + suffix, letter, *operands)
    assert found == wanted[behaviour]
    code = "overflow" if is_signed else "carry"
    if suffix:
        assert said.made[code] == (not fits)


@pytest.mark.parametrize("suffix", OVERFLOW)
@given(data=st.data())
def test_a_shift_left_is_a_product_with_a_power_of_two(suffix, data):
    letter = data.draw(st.sampled_from("bhwd" if suffix.endswith("w") else "bhwdq"))
    bits = BITS[letter]
    number, amount = data.draw(integers(letter)), data.draw(st.integers(0, bits - 1))
    if amount < bits - 1:
        assert value(f"shiftl{suffix}", letter, number, amount) == (
            value(f"mul{suffix}", letter, number, 1 << amount)
        )


@pytest.mark.parametrize(
    "name", ["shiftl", "shiftlss", "shiftru", "shiftrs", "set", "clear", "test"]
)
@given(data=st.data())
def test_a_bit_number_that_the_operand_does_not_have_gives_a_nar(name, data):
    letter = data.draw(st.sampled_from("bhwdq"))
    bits = BITS[letter]
    number = data.draw(st.integers(bits, (1 << bits) - 1))
    assert value(name, letter, 1, number) is NaRKind.BIT_NUMBER_TOO_BIG


@given(word=integers("w"), amount=st.integers(0, 31))
def test_shifts_to_the_right_divide_and_round_down(word, amount):
    assert value("shiftru", "w", word, amount) == word // 2**amount
    wanted = signed(word, 32) // 2**amount
    assert value("shiftrs", "w", word, amount) == wanted & 0xFFFFFFFF


@given(a=integers("d"), b=integers("d"))
def test_division_is_that_of_numbers(a, b):
    x, y = signed(a, 64), signed(b, 64)
    if b == 0:
        kinds = {value(name, "d", a, b) for name in ("divu", "divs", "remu", "rems")}
        assert kinds == {NaRKind.DIVISION_BY_ZERO}
        return
    assert value("divu", "d", a, b) == a // b
    assert value("remu", "d", a, b) == a % b
    if (x, y) == (-(2**63), -1):
        assert {value(name, "d", a, b) for name in ("divs", "rems")} == {NaRKind.OVERFLOW}
        return
    quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
    assert value("divs", "d", a, b) == quotient % 2**64
    assert value("rems", "d", a, b) == (x - quotient * y) % 2**64


@pytest.mark.parametrize(
    ("name", "operands", "wanted"),
    [
        ("andl", (0b1100, 0b1010), 0b1000),
        ("orl", (0b1100, 0b1010), 0b1110),
        ("xorl", (0b1100, 0b1010), 0b0110),
        ("notl", (0x0F,), 0xF0),
        ("set", (0x10, 0), 0x11),
        ("clear", (0x11, 4), 0x01),
        ("test", (0x10, 4), 1),
        ("test", (0x10, 3), 0),
        ("countlfl", (0x10,), 3),
        ("countlfl", (0,), 8),
        ("countltr", (0xE0,), 3),
        ("countltr", (0xFF,), 8),
        ("countrfl", (0x10,), 4),
        ("countrfl", (0,), 8),
        ("countrtr", (0x17,), 3),
        ("abs", (0xFF,), 1),
        ("abs", (0x80,), 0x80),
        ("addp", (0x10, 3, 4), 0x1C),
        ("addp", (0x10, 0xFF, 4), 0x0C),
        ("addp", (0x10, 3), 0x13),
    ],
)  # fmt: skip
def test_bytes(name, operands, wanted):
    assert value(name, "b", *operands) == wanted


@given(a=integers("h"), b=integers("h"))
def test_comparisons_are_those_of_numbers(a, b):
    x, y = signed(a, 16), signed(b, 16)
    names = list(RELATIONS)
    found = [value(name, "h", a, b) for name in names]
    assert found == [a == b, a != b, x < y, x <= y, x > y, x >= y, a < b, a <= b, a > b, a >= b]


@given(a=integers("h"))
def test_comparisons_of_one_operand_are_with_zero(a):
    names = [*RELATIONS, "lss", "leq", "gtr", "geq"]
    x = signed(a, 16)
    found = [value(name, "h", a) for name in names]
    wanted = [a == 0, a != 0, x < 0, x <= 0, x > 0, x >= 0, False, a == 0, a > 0, True]
    assert found == [*wanted, x < 0, x <= 0, x > 0, x >= 0]


@pytest.mark.parametrize(
    ("name", "operand", "wanted"),
    [
        ("widens", 0x8000, 0xFFFF8000),
        ("widenu", 0x8000, 0x8000),
        ("narrow", 0x1234, 0x34),
        ("narrows", 0x1234, 0x34),
        ("narrowu", 0x1234, 0x34),
        ("narrowss", 0x1234, 0x7F),
        ("narrowss", 0xEDCC, 0x80),
        ("narrowss", 0xFFFE, 0xFE),
        ("narrowus", 0x1234, 0xFF),
        ("narrowus", 0x00FE, 0xFE),
        ("narrowsx", 0x0080, NaRKind.OVERFLOW),
        ("narrowx", 0x0080, NaRKind.OVERFLOW),
        ("narrowsx", 0xFF80, 0x80),
        ("narrowux", 0x0080, 0x80),
        ("narrowux", 0xFF80, NaRKind.OVERFLOW),
    ],
)  # fmt: skip
def test_widths_of_halves_and_doubles(name, operand, wanted):
    assert value(name, "h", operand) == wanted


# --- floats


@pytest.mark.parametrize("name", [n for n in STRICT if STRICT[n].spec.group == "floating"])
def test_the_functions_that_a_floating_record_calls_exist(name):
    record = STRICT[name]
    count = max(len(form.kinds) for form in record.spec.forms)
    called = set()
    for letter in record.spec.sizes:
        operands = [Word("field", INTEGERS[BITS[letter]], (), f"x{i}") for i in range(count)]
        said = Conditions()
        made = record.semantics(said, *operands)
        assert isinstance(made, Value)
        called |= {node.attr for node in walk([made, *said.bits]) if node.op == "helper"}
    assert called <= set(FUNCTIONS)
    assert called or name in ("negf", "absf")


@define
class Conditions(Run):
    """Collects the bits that are said, whatever they are."""

    bits: list[Word] = field(factory=list)

    def nar(self, kind: NaRKind, *, when: Word) -> None:
        self.bits.append(when)


def test_signs_are_bits():
    assert value("negf", "w", 0x7FC00000) == 0xFFC00000
    assert value("absf", "d", 1 << 63) == 0


# --- constants


@pytest.mark.parametrize(
    ("name", "bits", "width"),
    [
        ("zerob", 0, 1),
        ("oneq", 1, 16),
        ("onesh", 0xFFFF, 2),
        ("minsw", 0x80000000, 4),
        ("maxsd", 0x7FFFFFFFFFFFFFFF, 8),
        ("piw", 0x40490FDB, 4),
        ("ed", 0x4005BF0A8B145769, 8),
        ("infw", 0x7F800000, 4),
        ("nand", 0x7FF8000000000000, 8),
        ("nonew", NONE_FLAG, 4),
    ],
)
def test_popular_constants(name, bits, width):
    found = POPCONS[name]
    assert (found.bits, found.width, found.special) == (bits, width, name.startswith("none"))


# --- records of a user's own


def own_operations() -> Operations:
    own = Operations("own")

    @own.op("swaph value", sizes="wd")
    def swaph(s: Strict, a: Word) -> Word:
        """Exchange the halves."""
        del s
        half = a.type.bits // 2
        return a << half | a.lshr(half)

    @own.op("divmod value operand", latency="div", results=2)
    def divmod(s: Strict, a: Word, b: Word) -> tuple[Word, Word]:
        """Divide, unsigned, and give quotient and remainder."""
        s.nar(NaRKind.DIVISION_BY_ZERO, when=b.eq(0))
        divisor = b.eq(0).select(1, b)
        return a.udiv(divisor), a.urem(divisor)

    return own


def test_operations_of_ones_own_are_assembled_beside_the_others():
    own = own_operations()
    text = 'F("f") %a; con(7, w) %x, swaph(%x) %y; divmod(%y, 3) %q %r; retn(%a);'
    known = specs([*GROUPS, own])
    unit = assemble(conasm.parse(text, operations=known), known, SILVER)
    block = unit.functions["f"].blocks[0]
    divided = next(step for step in block.steps if step.operation.name == "divmod")
    assert [block.values[drop].name for drop in divided.drops] == ["q", "r"]
    assert [block.values[drop].width for drop in divided.drops] == [4, 4]
    assert own["swaph"].spec.description == "Exchange the halves."


def test_operations_of_ones_own_are_unknown_to_everybody_else():
    with pytest.raises(conasm.ConasmError, match="unknown operation 'swaph'"):
        conasm.parse('F("f") swaph(b0), retn();')


def test_a_mistake_in_a_record_is_reported_when_it_is_made():
    own = own_operations()
    with pytest.raises(ValueError, match="'valu' is not a valid Kind; kinds are value, operand"):
        parse_header("twice valu")
    with pytest.raises(ValueError, match="twice: its semantics needs a docstring"):
        own.op("twice value")(lambda s, a: a + a)
    with pytest.raises(ValueError, match="own has an operation swaph already"):
        own.op("swaph value")(lambda s, a: a)
    with pytest.raises(KeyError, match="own has no operation twice"):
        own["twice"]
