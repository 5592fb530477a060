"""The meaning of the IR, as plainly as it can be said: what an engine must do with a block.

This is the second half of the executable specification (`spec` says what is legal). It is slow,
shares nothing with the builder's folding or with an engine, and is what those are tested against.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Protocol, cast

from attrs import frozen

from simfw.ir.layout import Layout
from simfw.ir.ops import Block, Effect, Slot, Value


def _twos(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def _quotient(a: int, b: int, bits: int) -> int:
    return math.trunc(Fraction(_twos(a, bits), _twos(b, bits)))


def _remainder(a: int, b: int, bits: int) -> int:
    return _twos(a, bits) - _twos(b, bits) * _quotient(a, b, bits)


def _digits(value: int, bits: int) -> str:
    return format(value, f"0{bits}b")


BINARY: dict[str, Callable[[int, int, int], int]] = {
    "add": lambda a, b, bits: a + b,
    "sub": lambda a, b, bits: a - b,
    "mul": lambda a, b, bits: a * b,
    "and": lambda a, b, bits: a & b,
    "or": lambda a, b, bits: a | b,
    "xor": lambda a, b, bits: (a | b) - (a & b),
    "shl": lambda a, b, bits: a * 2 ** (b % bits),
    "lshr": lambda a, b, bits: a // 2 ** (b % bits),
    "ashr": lambda a, b, bits: _twos(a, bits) // 2 ** (b % bits),
    "udiv": lambda a, b, bits: math.floor(Fraction(a, b)),
    "urem": lambda a, b, bits: a - b * math.floor(Fraction(a, b)),
    "sdiv": _quotient,
    "srem": _remainder,
    "eq": lambda a, b, bits: 1 if a == b else 0,
    "ne": lambda a, b, bits: 0 if a == b else 1,
    "ult": lambda a, b, bits: 1 if a < b else 0,
    "uge": lambda a, b, bits: 0 if a < b else 1,
    "slt": lambda a, b, bits: 1 if _twos(a, bits) < _twos(b, bits) else 0,
    "sge": lambda a, b, bits: 0 if _twos(a, bits) < _twos(b, bits) else 1,
}
"""Operations on two values (0 … 2**bits-1) of the same width."""

UNARY: dict[str, Callable[[int, int], int]] = {
    "sext": _twos,
    "zext": lambda a, bits: a,
    "trunc": lambda a, bits: a,
    "clz": lambda a, bits: bits - len(_digits(a, bits).lstrip("0")),
    "ctz": lambda a, bits: bits - len(_digits(a, bits).rstrip("0")),
    "popcount": lambda a, bits: _digits(a, bits).count("1"),
    "bswap": lambda a, bits: int.from_bytes(a.to_bytes(bits // 8, "big"), "little"),
}
"""Operations on one value; `bits` is its width, not that of the result."""


class DataMemory(Protocol):
    """Memory for an evaluation. Both raise what they like where an access is not allowed."""

    def load(self, address: int, size: int, /) -> int:
        """The unsigned value of `size` bytes."""
        ...

    def store(self, address: int, size: int, value: int, /) -> None:
        """Store `size` bytes."""
        ...


@frozen
class End:
    """How a block ends: `next`, `jump` (target), `exit` (reason) or `trap` (reason, target)."""

    kind: str
    target: int = 0
    reason: str = ""


class Evaluation:
    """The evaluation of one block on the registers `slots`, which it changes, and on a memory.

    `fields` gives the values of symbolic fields, `pc` and `next` among them.
    """

    def __init__(
        self,
        fields: Mapping[str, int],
        slots: dict[Slot, int],
        layout: Layout,
        memory: DataMemory | None,
    ) -> None:
        self._fields = fields
        self._slots = slots
        self._layout = layout
        self._memory = memory
        self._values: dict[int, int] = {}

    def run(self, block: Block) -> End:
        """Perform the effects in order up to the first that ends the block."""
        for effect in block.effects:
            end = self._effect(effect)
            if end is not None:
                return end
        return End("next")

    def value(self, value: Value) -> int:
        """A value, 0 … 2**bits-1. ZeroDivisionError where it is undefined."""
        if id(value) not in self._values:
            self._values[id(value)] = self._compute(value) % 2**value.type.bits
        return self._values[id(value)]

    def _compute(self, value: Value) -> int:
        match value.op:
            case "const":
                return cast(int, value.attr)
            case "field":
                name, _ = cast(tuple[str, bool], value.attr)
                return self._fields[name]
            case "select":  # the other arm may be undefined
                condition, yes, no = value.args
                return self.value(yes if self.value(condition) else no)
            case op:
                bits, first = value.args[0].type.bits, self.value(value.args[0])
                if op in UNARY:
                    return UNARY[op](first, bits)
                return BINARY[op](first, self.value(value.args[1]), bits)

    def _effect(self, effect: Effect) -> End | None:
        args = [self.value(arg) for arg in effect.args]
        match effect.kind:
            case "get":
                self._values[id(effect.value)] = self._slots.get(self._resolve(effect), 0)
            case "load":
                assert self._memory is not None
                size, _ = cast(tuple[int, str], effect.detail)
                self._values[id(effect.value)] = self._memory.load(args[0], size)
            case "store":
                assert self._memory is not None
                if args[2:] != [0]:
                    self._memory.store(args[0], cast(int, effect.detail), args[1])
            case "put":
                slot = self._resolve(effect)
                if slot.index != 0 or self._layout.files[slot.file].sink is None:
                    self._slots[slot] = args[0]
            case _:
                return _end(effect, args)
        return None

    def _resolve(self, effect: Effect) -> Slot:
        """The slot of a get or put, with a number for a field's name."""
        slot = cast(Slot, effect.detail)
        index = self._fields[slot.index] if isinstance(slot.index, str) else slot.index
        return Slot(slot.file, index)


def _end(effect: Effect, args: list[int]) -> End | None:
    match effect.kind:
        case "check":
            return None if args[0] else End("trap", args[1], str(effect.detail))
        case "jump":
            return End("jump", args[0])
        case "branch":
            return End("jump", args[1] if args[0] else args[2])
        case _:
            return End("exit", reason=str(effect.detail))


def evaluate(value: Value, fields: Mapping[str, int]) -> int:
    """A value of constants and fields alone. ZeroDivisionError where it is undefined."""
    return Evaluation(fields, {}, Layout({}, 0), None).value(value)
