"""An instruction set: a register width and the extensions that are present.

`Isa.decode` finds the record of a word. Records are kept in buckets by the bits that every
encoding fixes, so a look-up compares a handful of candidates; where two match, the one with more
fixed bits wins (a test shows that no other overlap exists).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from attrs import frozen

from simfw.errors import ArgumentError
from simfw.ir.layout import Layout
from simfw.riscv.extension import check_extension
from simfw.riscv.fields import FIELDS
from simfw.riscv.record import Compressed, Extension, Record
from simfw.riscv.rv_a import A
from simfw.riscv.rv_c import C
from simfw.riscv.rv_i import I
from simfw.riscv.rv_m import M
from simfw.riscv.rv_zicsr import ZICSR, ZIFENCEI
from simfw.riscv.state import layout

EXTENSIONS: tuple[Extension, ...] = (I, M, A, ZICSR, ZIFENCEI, C)
"""What a machine has unless told otherwise: RV32IMAC or RV64IMAC with Zicsr and Zifencei."""

_LONG_KEY = 0x707F  # opcode and funct3
_SHORT_KEY = 0xE003  # quadrant and funct3
_CACHE_LIMIT = 1 << 16


@frozen(eq=False)
class Instruction:
    """A decoded word: the record that says what it does, its operands, and how it was written.

    `operands` are in the order of `record.operands`; `shown` is the short encoding where there
    was one, and equals `record` otherwise.
    """

    record: Record
    operands: tuple[int, ...]
    length: int
    word: int
    shown: Record | Compressed

    @property
    def weight(self) -> int:
        """Every instruction counts as one."""
        return 1

    @property
    def values(self) -> dict[str, int]:
        """The operands by field name."""
        return dict(zip(self.record.operands, self.operands, strict=True))


Extract = Callable[[int], tuple[int, ...]]
_Candidate = tuple[int, int, Extract, Record, Record | Compressed]


def _tuple_maker(terms: Sequence[str]) -> Extract:
    """A function from a word to the tuple of these expressions over it."""
    inside = "".join(f"{term}, " for term in terms)
    return eval(f"lambda w: ({inside})")


def _lazily(terms: Callable[[], Sequence[str]]) -> Extract:
    """An extractor that is compiled when the first word asks for it."""
    made: list[Extract] = []

    def extract(word: int) -> tuple[int, ...]:
        if not made:
            made.append(_tuple_maker(terms()))
        return made[0](word)

    return extract


def _long_terms(record: Record) -> list[str]:
    return [FIELDS[name].expression for name in record.operands]


def _short_terms(short: Compressed) -> list[str]:
    sources = [short.operands[name] for name in short.long.operands]
    return [FIELDS[s].expression if isinstance(s, str) else str(s) for s in sources]


def _buckets(
    candidates: Sequence[_Candidate], key_mask: int
) -> Mapping[int, tuple[_Candidate, ...]]:
    """Candidates by the key bits of the words that they may match, most specific first."""
    buckets: dict[int, list[_Candidate]] = {}
    for candidate in sorted(candidates, key=lambda c: -c[0].bit_count()):
        for key in _submasks(key_mask & ~candidate[0]):
            buckets.setdefault(candidate[1] & key_mask | key, []).append(candidate)
    return {key: tuple(found) for key, found in buckets.items()}


def _submasks(mask: int) -> list[int]:
    """Every value whose bits lie within `mask`."""
    values, value = [0], 0
    while value := (value - mask) & mask:
        values.append(value)
    return values


class Isa:
    """The front end of a RISC-V process: decoding, and the layout of its state."""

    def __init__(self, xlen: int, extensions: Sequence[Extension] = EXTENSIONS) -> None:
        self.xlen = xlen
        self.extensions = tuple(extensions)
        self.layout: Layout = layout(xlen)
        self.records = [r for e in extensions for r in e.records if xlen in r.xlens]
        self.compressed = [c for e in extensions for c in e.compressed if xlen in c.xlens]
        self._long = _buckets(
            [
                (r.encoding.mask, r.encoding.match, _lazily(lambda r=r: _long_terms(r)), r, r)
                for r in self.records
            ],
            _LONG_KEY,
        )
        self._short = _buckets(
            [
                (c.encoding.mask, c.encoding.match, _lazily(lambda c=c: _short_terms(c)), c.long, c)
                for c in self.compressed
            ],
            _SHORT_KEY,
        )
        self._decoded: dict[int, Instruction | None] = {}

    @property
    def name(self) -> str:
        """The usual spelling, e.g. `rv32imac_zicsr_zifencei`."""
        single = "".join(e.name.lower() for e in self.extensions if len(e.name) == 1)
        multiple = "".join(f"_{e.name.lower()}" for e in self.extensions if len(e.name) > 1)
        return f"rv{self.xlen}{single}{multiple}"

    def decode(self, word: int) -> Instruction | None:
        """The instruction in the low 32 bits of `word` (or its low 16), or None if there is none.

        Instructions are 2 bytes long unless the lowest two bits are set, then 4.
        """
        word &= 0xFFFFFFFF if word & 3 == 3 else 0xFFFF
        if word in self._decoded:
            return self._decoded[word]
        if len(self._decoded) >= _CACHE_LIMIT:
            self._decoded.clear()
        found = self._decoded[word] = self._find(word)
        return found

    def _find(self, word: int) -> Instruction | None:
        long = word & 3 == 3
        bucket = self._long.get(word & _LONG_KEY) if long else self._short.get(word & _SHORT_KEY)
        for mask, match, extract, record, shown in bucket or ():
            if word & mask == match and (long or _allowed(shown, word)):
                return Instruction(record, extract(word), 4 if long else 2, word, shown)
        return None


def _allowed(shown: Record | Compressed, word: int) -> bool:
    return not isinstance(shown, Compressed) or shown.allows(word)


@cache
def isa(xlen: int) -> Isa:
    """The default instruction set of a register width; one object for all machines."""
    return Isa(xlen)


def isa_with(xlen: int, extensions: Sequence[object]) -> Isa:
    """The default instruction set and extensions of the user's own.

    Raises ArgumentError for what is no `Extension`, for names and encodings that are taken, and
    for semantics that is no instruction's.
    """
    if not extensions:
        return isa(xlen)
    known = list(EXTENSIONS)
    for extension in extensions:
        if not isinstance(extension, Extension):
            raise ArgumentError(f"{extension!r} does not extend RISC-V; give an Extension")
        check_extension(extension, known, xlen)
        known.append(extension)
    return Isa(xlen, known)
