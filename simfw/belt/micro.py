"""What engines run of belt code: small records over the slots of a frame.

One operation of a wide instruction becomes one of these or a few. A `MicroRecord` is the pattern,
shared by all places where an operation has operands of the same metas; `Micro` is one use of it,
with the slots and numbers that its fields stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import cast

from attrs import field, frozen

from conasm.assembly import Step
from simfw.belt.metadata import SPECIAL, file_of, state_of, width_of
from simfw.ir.builder import Word
from simfw.ir.builder import field as symbol
from simfw.ir.layout import File, Layout
from simfw.ir.ops import I64, INTEGERS, Block, Effect, Slot, Type, walk


@frozen(eq=False)
class MicroRecord:
    """A pattern: its kind and unique name, the names of its operands, and what it does.

    `results` are the metas of what a strict operation makes.
    """

    kind: str
    name: str
    operands: tuple[str, ...]
    effects: tuple[Effect, ...] = field(repr=False)
    results: tuple[int, ...] = ()

    def template(self, xlen: int) -> Block:
        """What it does, over its fields."""
        type = INTEGERS[xlen]
        pc, following = (symbol(type, name, is_signed=False) for name in ("pc", "next"))
        return Block(self.effects, pc, following)


@frozen(eq=False)
class Micro:
    """One use of a pattern.

    `step` is the index of the block's step that it belongs to, `blame` the step whose fault it
    is if it faults; None outside of functions.
    """

    record: MicroRecord
    operands: tuple[object, ...]
    weight: int
    step: int
    blame: Step | None = None

    @property
    def length(self) -> int:
        """The next one is at the next pc."""
        return 1


class Pattern:
    """Writes the effects of a pattern; its fields are named as it is written."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.fields: list[str] = []
        self.results: tuple[int, ...] = ()

    def slot(self, name: str, file: str) -> Slot:
        """A slot whose number is the operand `name`."""
        self._note(name)
        return Slot(file, name)

    def number(self, name: str, type: Type = I64, *, is_signed: bool = False) -> Word:
        """A number that is the operand `name`."""
        self._note(name)
        return symbol(type, name, is_signed=is_signed)

    def get(self, name: str, meta: int) -> Word:
        """The payload of an operand: as wide as its value, or 64 bits of a special."""
        if state_of(meta) == SPECIAL:
            return self.read(name, "d")
        return self.read(name, file_of(width_of(meta)))

    def read(self, name: str, file: str) -> Word:
        """What a slot holds."""
        slot = self.slot(name, file)
        value = Word("get", FILES[file], (), slot)
        self.effects.append(Effect("get", (), slot, value))
        return value

    def put(self, name: str, value: Word, file: str | None = None) -> None:
        """Write a slot."""
        file = file or file_of(value.type.bits // 8)
        self.effects.append(Effect("put", (value,), self.slot(name, file)))

    def load(self, size: int, address: Word) -> Word:
        """Read memory; 16 bytes in two halves."""
        if size == 16:
            low, high = self.load(8, address), self.load(8, address + 8)
            return low.zext(128) | (high.zext(128) << 64)
        value = Word("load", INTEGERS[8 * size])
        self.effects.append(Effect("load", (address,), (size, "read"), value))
        return value

    def store(self, size: int, address: Word, value: Word) -> None:
        """Write memory; 16 bytes in two halves."""
        if size == 16:
            self.store(8, address, value.trunc(64))
            self.store(8, address + 8, value.lshr(64).trunc(64))
            return
        self.effects.append(Effect("store", (address, value), size))

    def check(self, condition: Word, cause: str, value: Word) -> None:
        """Fault unless the condition holds."""
        self.effects.append(Effect("check", (condition, value), cause))

    def jump(self, name: str) -> None:
        """Go on at the operand `name`."""
        self.effects.append(Effect("jump", (self.number(name),)))

    def branch(self, condition: Word, taken: str, other: str) -> None:
        """Go on at one of two operands."""
        arms = self.number(taken), self.number(other)
        self.effects.append(Effect("branch", (condition, *arms)))

    def dispatch(self, function: str, values: Sequence[Word]) -> None:
        """Go where a function of the frames says; its operand `site` is static."""
        self._note("site")
        self.effects.append(Effect("dispatch", tuple(values), function))

    def add(self, effect: Effect) -> None:
        """Take an effect over whose slot and numbers are operands."""
        if isinstance(effect.detail, Slot) and isinstance(effect.detail.index, str):
            self._note(effect.detail.index)
        for node in walk(effect.args):
            if node.op == "field":
                self._note(str(cast("tuple[str, bool]", node.attr)[0]))
        self.effects.append(effect)

    def record(self, kind: str, number: int) -> MicroRecord:
        """The finished pattern."""
        fields, effects = tuple(self.fields), tuple(self.effects)
        return MicroRecord(kind, f"{kind}_{number}", fields, effects, self.results)

    def _note(self, name: str) -> None:
        if name not in self.fields and name != "next":
            self.fields.append(name)


FILES = {"b": INTEGERS[8], "h": INTEGERS[16], "w": INTEGERS[32], "d": I64, "q": INTEGERS[128],
         "flag": I64}  # fmt: skip
"""The ways in which a slot can be read: by the width of its operand; its flag is beside it."""

SP, LINK, FRAMES, TOTAL, OPERANDS, SPARE = range(6)
HEADER = 6
"""The first cells: the data stack's pointer, where an outcall or the host's call goes on, the
frame beneath, the cells of all those, the operands that cross the border, and one to spare."""


def layout(cells: int) -> Layout:
    """The cells of a thread: those of the running frame."""
    files = {name: File(0, cells, type) for name, type in FILES.items() if name != "flag"}
    return Layout(files | {"flag": File(1, cells, I64)}, cells)


MOST_PATTERNS = 1 << 12
"""Patterns that are kept for the next program that needs them."""

_records: dict[object, MicroRecord] = {}
_numbers = count()


def pattern(key: tuple[object, ...], write: Callable[[Pattern], None]) -> MicroRecord:
    """The pattern of a key, written on first use; one for all programs."""
    found = _records.get(key)
    if found is None:
        made = Pattern()
        write(made)
        found = made.record(str(key[0]), next(_numbers))
        if len(_records) >= MOST_PATTERNS:
            _records.clear()
        _records[key] = found
    return found


def special_is_none(payload: Word) -> Word:
    """Whether a special's payload is that of a None."""
    return payload.lshr(7).trunc(1)
