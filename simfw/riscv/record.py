"""One record an instruction: encoding, semantics, assembly format and description.

    I = Extension("I")

    @I.insn("addi rd rs1 imm12 14..12=0 6..2=0x04 1..0=3", "addi {rd}, {rs1}, {imm12}")
    def addi(s: State, i: Fields) -> None:
        \"\"\"Add a sign-extended 12-bit immediate.\"\"\"
        s.x[i.rd] = s.x[i.rs1] + i.imm12

The encoding is in the notation of riscv-opcodes: the name, the fields, then fixed bits. All else
that anyone needs to know of an instruction is derived from a trace of its semantics.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import attrs
from attrs import define, frozen

from simfw.ir.builder import Word, const, field
from simfw.ir.ops import INTEGERS, Block
from simfw.riscv.fields import FIELDS, Field
from simfw.riscv.state import Fields, State, concrete_state, template_state

_MNEMONIC = re.compile(r"[a-z][a-z0-9._]*")
Semantics = Callable[[State, Fields], None]


@frozen(eq=False)
class Encoding:
    """Fixed bits (`word & mask == match`), fields, and the length in bytes."""

    name: str
    fields: tuple[Field, ...]
    mask: int
    match: int
    length: int


def parse_encoding(text: str) -> Encoding:
    """Read an encoding such as `add rd rs1 rs2 31..25=0 14..12=0 6..2=0x0C 1..0=3`.

    Raises ValueError for an unknown field and for bits given twice or not at all.
    """
    name, *parts = text.split()
    if not _MNEMONIC.fullmatch(name):
        raise ValueError(f"a mnemonic is of letters, digits, `.` and `_`, which {name!r} is not")
    fields: list[Field] = []
    mask = match = taken = 0
    for part in parts:
        bits, equals, value = part.partition("=")
        if not equals:
            if part not in FIELDS:
                raise ValueError(f"{name}: unknown field {part!r}")
            fields.append(FIELDS[part])
            span, fixed = FIELDS[part].bits, 0
        else:
            high, _, low = bits.partition("..")
            span = (1 << int(high) + 1) - (1 << int(low or high))
            fixed = int(value, 0) << int(low or high)
            if fixed & ~span:
                raise ValueError(f"{name}: {part} does not fit its bits")
            mask, match = mask | span, match | fixed
        if taken & span:
            raise ValueError(f"{name}: {part} overlaps bits that are taken")
        taken |= span
    length = 4 if match & 3 == 3 else 2
    missing = ~taken & (1 << 8 * length) - 1
    if missing:
        raise ValueError(f"{name}: bits {missing:#x} belong to nothing")
    return Encoding(name, tuple(fields), mask, match, length)


@frozen(eq=False)
class Record:
    """An instruction of the base length: what it is called, how it is encoded, what it does."""

    encoding: Encoding
    format: str
    semantics: Semantics
    xlens: tuple[int, ...]
    extension: str

    @property
    def name(self) -> str:
        """The mnemonic."""
        return self.encoding.name

    @property
    def description(self) -> str:
        """One sentence, from the docstring of the semantics."""
        return (self.semantics.__doc__ or "").strip()

    @property
    def operands(self) -> tuple[str, ...]:
        """The names of the fields that semantics sees, in the order of the encoding."""
        return tuple(one.name for one in self._seen)

    def template(self, xlen: int) -> Block:
        """Trace the semantics with symbolic fields."""
        type = INTEGERS[xlen]
        fields = {
            one.name: field(type, one.name, is_signed=one.is_signed)
            if one.role != "register"
            else one.name
            for one in self._seen
        }
        return self._trace(template_state(xlen), fields)

    def block(self, xlen: int, pc: int, length: int, values: Mapping[str, int]) -> Block:
        """Trace the semantics for one instruction whose fields are known."""
        type = INTEGERS[xlen]
        fields = {
            one.name: const(type, values[one.name]) if one.role != "register" else values[one.name]
            for one in self._seen
        }
        return self._trace(concrete_state(xlen, pc, length), fields)

    def encode(self, **values: int) -> int:
        """The word of this instruction with these operands; fields that are not given are 0.

        Raises ValueError for a field that it does not have or that cannot hold its value.

        >>> from simfw.riscv.rv_i import I
        >>> hex(I["addi"].encode(rd=10, rs1=0, imm12=-1))
        '0xfff00513'
        """
        word, left = self.encoding.match, dict(values)
        for one in self.encoding.fields:
            value = left.pop(one.name, 0)
            if one.extract(one.insert(value)) != value:
                raise ValueError(f"{self.name}: {one.name} cannot hold {value}")
            word |= one.insert(value)
        if left:
            raise ValueError(f"{self.name} has no field {', '.join(left)}")
        return word

    @property
    def _seen(self) -> list[Field]:
        return [one for one in self.encoding.fields if one.role != "order"]

    def _trace(self, state: State, fields: Mapping[str, Word | int | str]) -> Block:
        self.semantics(state, Fields(fields))
        return state.block


def _plain_format(encoding: Encoding) -> str:
    """The mnemonic, and the operands in the order of the encoding."""
    shown = ", ".join(f"{{{one.name}}}" for one in encoding.fields if one.role != "order")
    return f"{encoding.name} {shown}".rstrip()


@frozen(eq=False)
class Compressed:
    """A 16-bit encoding of a `Record`: which of its fields come from where.

    `operands` maps each operand of the long record to a field of the short encoding, or to a
    constant. `nonzero` names fields (or `field!=value`) whose other values are reserved or
    belong to another instruction.
    """

    encoding: Encoding
    format: str
    long: Record
    operands: Mapping[str, str | int]
    nonzero: tuple[str, ...]
    xlens: tuple[int, ...]
    extension: str

    @property
    def name(self) -> str:
        """The mnemonic, e.g. `c.addi`."""
        return self.encoding.name

    def allows(self, word: int) -> bool:
        """Whether the constraints on field values hold for `word`."""
        for constraint in self.nonzero:
            name, _, other = constraint.partition("!=")
            if FIELDS[name].extract(word) == int(other or 0):
                return False
        return True


@define
class Extension:
    """A set of records under one name, e.g. `M`; users make their own."""

    name: str
    records: list[Record] = attrs.field(factory=list[Record], repr=False)
    compressed: list[Compressed] = attrs.field(factory=list[Compressed], repr=False)

    def insn(
        self, encoding: str, format: str = "", *, xlens: tuple[int, ...] = (32, 64)
    ) -> Callable[[Semantics], Semantics]:
        """Add a record; used as a decorator of its semantics, more than once for two encodings.

        Without a `format` the operands are shown in the order of the encoding. Raises ValueError
        for an encoding that is wrong or has 16 bits, and for a missing docstring.
        """
        parsed = parse_encoding(encoding)
        if parsed.length == 2:
            raise ValueError(
                f"{parsed.name}: an encoding of 16 bits stands for a long one: short()"
            )

        def add(semantics: Semantics) -> Semantics:
            record = Record(parsed, format or _plain_format(parsed), semantics, xlens, self.name)
            if not record.description:
                raise ValueError(f"{parsed.name}: its semantics needs a docstring of one sentence")
            self.records.append(record)
            return semantics

        return add

    def short(
        self,
        encoding: str,
        format: str,
        long: Record,
        *,
        nonzero: tuple[str, ...] = (),
        xlens: tuple[int, ...] = (32, 64),
        **operands: str | int,
    ) -> None:
        """Add a compressed encoding of `long`."""
        self.compressed.append(
            Compressed(parse_encoding(encoding), format, long, operands, nonzero, xlens, self.name)
        )

    def __getitem__(self, name: str) -> Record:
        for record in self.records:
            if record.name == name:
                return record
        raise KeyError(f"extension {self.name} has no instruction {name}")
