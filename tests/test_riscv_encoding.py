"""Encodings: which words belong to which record, worked out from masks and not by trying."""

from __future__ import annotations

import itertools
import random

import pytest

from simfw.riscv.fields import FIELDS
from simfw.riscv.isa import EXTENSIONS, Isa, isa
from simfw.riscv.record import Compressed, Extension, Record, parse_encoding
from simfw.riscv.rv_i import I
from simfw.riscv.state import Fields, State

Row = Record | Compressed
both_widths = pytest.mark.parametrize("one", [isa(32), isa(64)], ids=lambda one: one.name)


def excludes(row: Row, mask: int, match: int) -> bool:
    """Whether a constraint of `row` forbids every word with these fixed bits."""
    for constraint in row.nonzero if isinstance(row, Compressed) else ():
        name, _, other = constraint.partition("!=")
        field = FIELDS[name]
        if field.bits & ~mask == 0 and field.extract(match) == int(other or 0):
            return True
    return False


def overlap(a: Row, b: Row) -> bool:
    """Whether some word fits both, and neither is a special case of the other."""
    one, two = a.encoding, b.encoding
    if one.length != two.length or (one.match ^ two.match) & one.mask & two.mask:
        return False
    mask, match = one.mask | two.mask, one.match | two.match
    if excludes(a, mask, match) or excludes(b, mask, match):
        return False
    return one.mask == two.mask or mask not in (one.mask, two.mask)


def overlaps(one: Isa) -> list[tuple[str, str]]:
    rows: list[Row] = [*one.records, *one.compressed]
    pairs = itertools.combinations(rows, 2)
    return [(a.name, b.name) for a, b in pairs if overlap(a, b)]


@both_widths
def test_no_word_belongs_to_two_instructions(one):
    assert overlaps(one) == []


def nothing(s: State, i: Fields) -> None:
    """Do nothing."""


def test_an_overlap_is_found():
    clash = Extension("Clash")
    clash.insn("clash rd rs1 rs2 31..25=0 14..12=0 6..2=0x0C 1..0=3")(nothing)
    assert overlaps(Isa(32, (*EXTENSIONS, clash))) == [("add", "clash")]
    half = Extension("Half")
    half.insn("half rd rs1 imm12 14..12=0 6..2=0x02 1..0=3")(nothing)
    half.insn("other rd rs1 rs2 31..25=0 14..12=0 6..2=0x02 1..0=3")(nothing)
    half.insn("third rd rs1 24..20=1 31..25=0 14..12=0 6..2=0x02 1..0=3")(nothing)
    assert overlaps(Isa(32, (*EXTENSIONS, half))) == []


def test_of_two_that_fit_the_special_case_is_decoded():
    special = Extension("Special")
    special.insn("anything rd rs1 imm12 14..12=0 6..2=0x02 1..0=3")(nothing)
    special.insn("zero rd 31..15=0 14..12=0 6..2=0x02 1..0=3")(nothing)
    for extension in (special, Extension("Reversed", special.records[::-1])):
        one = Isa(32, (extension,))
        for word, name in ((0x0000_050B, "zero"), (0x0010_050B, "anything")):
            found = one.decode(word)
            assert found is not None and found.record.name == name


@both_widths
def test_words_of_an_encoding_are_decoded_as_it(one):
    rng = random.Random(one.xlen)
    for record in one.records:
        for _ in range(20):
            word = rng.getrandbits(32) & ~record.encoding.mask | record.encoding.match
            found = one.decode(word)
            assert found is not None
            special = found.record.encoding.mask & record.encoding.mask == record.encoding.mask
            assert found.record is record or special
            values = {f.name: f.extract(word) for f in found.record.encoding.fields}
            assert found.values == {name: values[name] for name in found.record.operands}
            assert (found.length, found.word, found.shown) == (4, word, found.record)


@both_widths
def test_all_short_words_are_told_apart(one):
    """Each is of at most one row, and `decode` says which."""
    for word in range(1 << 16):
        if word & 3 == 3:
            continue
        rows = [
            row
            for row in one.compressed
            if word & row.encoding.mask == row.encoding.match and row.allows(word)
        ]
        found = one.decode(word)
        assert rows == ([found.shown] if found else [])
        assert found is None or (found.length, found.record) == (2, rows[0].long)


@both_widths
def test_short_forms_name_operands_that_their_record_has(one):
    for row in one.compressed:
        assert set(row.operands) == set(row.long.operands), row.name
        assert one.xlen in row.long.xlens, row.name


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_read_and_written_alike(name):
    field, rng = FIELDS[name], random.Random(name)
    extract = eval(f"lambda w: {field.expression}")
    for word in (0, 0xFFFF_FFFF, *(rng.getrandbits(32) for _ in range(200))):
        value = field.extract(word)
        assert extract(word) == value
        assert field.insert(value) == word & field.bits


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("imm12", 0xFFF0_0000, -1),
        ("simm12", 0xFE00_0F80, -1),
        ("bimm12", 0x8000_0000, -4096),
        ("bimm12", 0x0000_0080, 2048),
        ("bimm12", 0x7E00_0F00, 2046),
        ("jimm20", 0x8000_0000, -(1 << 20)),
        ("jimm20", 0x0010_0000, 2048),
        ("jimm20", 0x000F_F000, 0xFF000),
        ("imm20", 0x8000_0000, -(1 << 31)),
        ("shamtd", 0x03F0_0000, 63),
        ("c_imm12", 0x1000, -2048),
        ("c_bimm9", 0x0004, 32),
        ("c_imm10", 0x1000, -512),
        ("c_imm18", 0x1000, -(1 << 17)),
        ("c_uimm10", 0x0020, 8),
        ("c_uimm9sp", 0x001C, 448),
        ("c_rd_p", 0x0014, 13),
    ],
)
def test_fields_lie_where_the_manual_draws_them(name, word, value):
    assert FIELDS[name].extract(word) == value


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("x rd rs1 nothing 6..0=3", "x: unknown field 'nothing'"),
        ("x rd rs1 imm12 14..12=0 6..2=0x20 1..0=3", "x: 6..2=0x20 does not fit its bits"),
        ("x rd rs1 imm12 31..20=0 14..12=0 6..0=3", "x: 31..20=0 overlaps bits that are taken"),
        ("x rd rs1 14..12=0 6..0=3", "x: bits 0xfff00000 belong to nothing"),
        ("X!() 31..0=3", "a mnemonic is of"),
    ],
)
def test_mistakes_in_encodings(encoding, message):
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(")):
        parse_encoding(encoding)


def test_an_extension_gives_its_records_by_name():
    assert I["addi"].name == "addi"
    with pytest.raises(KeyError, match="extension I has no instruction nop"):
        I["nop"]


def test_an_instruction_set_is_called_what_it_has():
    assert isa(32).name == "rv32imac_zicsr_zifencei"
    assert isa(64).name == "rv64imac_zicsr_zifencei"
    assert Isa(32, (I,)).name == "rv32i"


def test_words_that_no_record_has():
    for word in (0x0000, 0x0000_0000, 0xFFFF_FFFF, 0x0000_000B, 0x0000_007F):
        assert isa(32).decode(word) is None
        assert isa(64).decode(word) is None
    assert isa(32).decode(0x0000_3003) is None  # ld
    assert isa(64).decode(0x0000_3003) is not None


def test_instructions_are_encoded():
    assert I["addi"].encode(rd=10, rs1=11, imm12=-1) == 0xFFF5_8513
    assert I["beq"].encode(rs1=1, rs2=2, bimm12=-4096) == 0x8020_8063
    assert I["lui"].encode(rd=5, imm20=0x12345000) == 0x1234_52B7
    assert I["ecall"].encode() == 0x73


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"imm12": 2048}, "addi: imm12 cannot hold 2048"),
        ({"rd": 32}, "addi: rd cannot hold 32"),
        ({"rs2": 1}, "addi has no field rs2"),
    ],
)
def test_what_cannot_be_encoded_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        I["addi"].encode(**values)
