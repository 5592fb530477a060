"""What semantics is written with: the hart as seen by one instruction, and its fields.

The same function is traced in two modes. In a *template* the fields are symbolic: registers are
field names, immediates, `pc` and `next` are values of op `field`. In *concrete* mode all are
known, and the builder folds what it can.
"""

from __future__ import annotations

from collections.abc import Mapping

from simfw.ir.builder import Word, const, field
from simfw.ir.layout import File, Layout
from simfw.ir.ops import I32, I64, INTEGERS, Block, Effect, Slot, Type

NOT_RESERVED = 0
"""The reservation slot when no load-reserved is pending, as at the start."""


def layout(xlen: int) -> Layout:
    """The slots of a hart: x0–x31, a sink for writes to x0, the reservation."""
    type = INTEGERS[xlen]
    return Layout({"x": File(0, 32, type, sink=32), "reservation": File(33, 1, type)}, size=34)


class Fields:
    """The fields of one instruction, as attributes.

    Register fields are ints (or, in a template, their names); all other fields are values of the
    register width; fields with the role `special` are ints in both modes.
    """

    def __init__(self, values: Mapping[str, Word | int | str]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Word:
        try:
            return self._values[name]  # pyright: ignore[reportReturnType]
        except KeyError:
            raise AttributeError(f"the encoding of this instruction has no field {name}") from None


class Registers:
    """The integer registers: reading x0 gives 0, writing it does nothing."""

    def __init__(self, effects: list[Effect], type: Type) -> None:
        self._effects = effects
        self._type = type

    def __getitem__(self, index: Word | int) -> Word:
        if isinstance(index, int) and index == 0:
            return const(self._type, 0)
        return _get(self._effects, Slot("x", _index(index)), self._type)

    def __setitem__(self, index: Word | int, value: Word) -> None:
        self._effects.append(Effect("put", (value,), Slot("x", _index(index))))


def _index(index: object) -> int | str:
    if not isinstance(index, int | str):
        raise TypeError(f"a register is named by a field of role register, not {index!r}")
    return index


def _get(effects: list[Effect], slot: Slot, type: Type) -> Word:
    value = Word("get", type, (), slot)
    effects.append(Effect("get", (), slot, value))
    return value


class State:
    """The hart as one instruction sees it: `x`, `pc`, `next`, memory, and ways to end."""

    def __init__(self, xlen: int, pc: Word, next: Word) -> None:
        self.xlen = xlen
        self.type = I32 if xlen == 32 else I64
        self.pc = pc
        self.next = next
        self.effects: list[Effect] = []
        self.x = Registers(self.effects, self.type)

    @property
    def block(self) -> Block:
        """What was traced so far."""
        return Block(tuple(self.effects), self.pc, self.next)

    def const(self, value: int) -> Word:
        """A constant of the register width."""
        return const(self.type, value)

    def load(self, size: int, address: Word, access: str = "read") -> Word:
        """`size` bytes at `address`; access `write` when the instruction also stores there."""
        value = Word("load", INTEGERS[8 * size])
        self.effects.append(Effect("load", (address,), (size, access), value))
        return value

    def store(self, size: int, address: Word, value: Word, when: Word | None = None) -> None:
        """Store the low `size` bytes of `value`; with `when`, only where that is 1."""
        low = value.trunc(8 * size)
        args = (address, low) if when is None else (address, low, when)
        self.effects.append(Effect("store", args, size))

    def check(self, condition: Word, cause: str, address: Word) -> None:
        """Fault with `cause` at `address` unless the condition holds."""
        self.effects.append(Effect("check", (condition, address), cause))

    @property
    def reservation(self) -> Word:
        """The complement of the address that load-reserved marked, or `NOT_RESERVED`.

        Addresses that can be reserved are even, so that their complements are never 0.
        """
        return _get(self.effects, Slot("reservation"), self.type)

    @reservation.setter
    def reservation(self, value: Word) -> None:
        self.effects.append(Effect("put", (value,), Slot("reservation")))

    def jump(self, target: Word) -> None:
        """Go on at `target`."""
        self.effects.append(Effect("jump", (target,)))

    def branch(self, condition: Word, target: Word) -> None:
        """Go on at `target` where the condition is 1, else at the next instruction."""
        self.effects.append(Effect("branch", (condition, target, self.next)))

    def exit(self, reason: str) -> None:
        """Leave to the run loop, which serves `reason` and goes on at the next instruction."""
        self.effects.append(Effect("exit", (), reason))


def template_state(xlen: int) -> State:
    """A state whose `pc` and `next` are symbolic."""
    type = INTEGERS[xlen]
    pc = field(type, "pc", is_signed=False)
    return State(xlen, pc, field(type, "next", is_signed=False))


def concrete_state(xlen: int, pc: int, length: int) -> State:
    """A state at a known address, for an instruction of `length` bytes."""
    type = INTEGERS[xlen]
    return State(xlen, const(type, pc), const(type, pc + length))
