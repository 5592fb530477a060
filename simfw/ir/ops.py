"""Values, effects and blocks.

A `Value` is a node of a graph: an operation, its type, its operands and one attribute (the
constant, the field's name, the slot, …). Integer values are modulo their width; nothing in a
record masks. Pure values have no position; a value made by an *effect* (`get`, `load`) is the
node itself, and the block lists it where it happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from attrs import field, frozen


@frozen
class Type:
    """A value's type: its name as printed, and its width in bits."""

    name: str
    bits: int

    @property
    def mask(self) -> int:
        """All bits of the type set."""
        return (1 << self.bits) - 1

    @property
    def sign(self) -> int:
        """The sign bit alone."""
        return 1 << (self.bits - 1)

    def __repr__(self) -> str:
        return self.name


I1, I8, I16, I32, I64, I128 = (Type(f"i{bits}", bits) for bits in (1, 8, 16, 32, 64, 128))
F32, F64 = Type("f32", 32), Type("f64", 64)
VOID = Type("void", 0)
INTEGERS = {t.bits: t for t in (I1, I8, I16, I32, I64, I128)}


@frozen
class Slot:
    """A piece of guest state: a register file's name and the index in it.

    The index is an int, or, in a template, the name of the instruction's field that holds it.
    """

    file: str
    index: int | str = 0

    def __repr__(self) -> str:
        return f"{self.file}[{self.index}]"


class Value:
    """A node of the graph. Compared by identity; `fold` keeps equal constants interchangeable."""

    __slots__ = ("args", "attr", "op", "type")

    def __init__(
        self, op: str, type: Type, args: tuple[Value, ...] = (), attr: object = None
    ) -> None:
        self.op = op
        self.type = type
        self.args = args
        self.attr = attr

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.args))
        return f"{self.op}:{self.type}({inside}{'' if self.attr is None else f' {self.attr!r}'})"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"the truth of {self.op} is not known when a record is traced: use select or branch"
        )

    @property
    def constant(self) -> int | None:
        """The value if it is a constant (0 … 2**bits-1), else None."""
        return self.attr if self.op == "const" and isinstance(self.attr, int) else None


@frozen
class Effect:
    """Something that happens, in order: its operands are values, its details are static.

    Kinds and their `detail`:

    - `get` (slot) and `load` (bytes, access kind): `value` is the node they make;
    - `store` (bytes): address, value and, optionally, a condition under which it happens;
    - `put` (slot): the new value;
    - `check` (cause): the condition, and the address to report; it traps when false;
    - the ends: `jump` (None): target · `branch` (None): condition, target, next ·
      `exit` (reason): none; the block's pc and next pc say where and where it goes on ·
      `dispatch` (function): any values; the front end's function of that name gets the
      instruction's operand `site` and the values, and tells where control goes.
    """

    kind: str
    args: tuple[Value, ...] = ()
    detail: object = None
    value: Value | None = None


ENDS = frozenset({"jump", "branch", "exit", "dispatch"})
MAY_TRAP = frozenset({"load", "store", "check"})


@frozen
class Block:
    """The effects of one instruction, or of several that run one after the other."""

    effects: tuple[Effect, ...]
    pc: Value = field(repr=False)
    next: Value = field(repr=False)

    @property
    def end(self) -> Effect | None:
        """The effect that says where control goes; None: it falls through."""
        last = self.effects[-1] if self.effects else None
        return last if last is not None and last.kind in ENDS else None


def walk(values: Iterable[Value]) -> list[Value]:
    """Every node reachable from `values`, operands before their users, each once."""
    seen: dict[int, Value] = {}

    def visit(value: Value) -> None:
        if id(value) in seen:
            return
        for arg in value.args:
            visit(arg)
        seen[id(value)] = value

    for value in values:
        visit(value)
    return list(seen.values())
