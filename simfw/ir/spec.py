"""The executable specification of the IR: legal operand types, and the rules of a block.

`PURE` has one row an operation: the kinds of its operands and of its result. `verify` raises
`IRError` with the offending node; it runs in the tests over every record, not in production.
"""

from __future__ import annotations

from collections.abc import Callable

from simfw.ir.layout import Layout
from simfw.ir.ops import ENDS, I1, INTEGERS, MAY_TRAP, Block, Effect, Slot, Type, Value, walk


class IRError(Exception):
    """A block or value that breaks the IR's rules: a mistake in a record or in the builder."""


def _integer(type: Type) -> bool:
    return type.name[0] == "i"


Rule = Callable[[Value], bool]


def _same(value: Value) -> bool:
    return _integer(value.type) and all(arg.type is value.type for arg in value.args)


def _whole_bytes(value: Value) -> bool:
    return _same(value) and value.type.bits % 8 == 0


def _compare(value: Value) -> bool:
    a, b = value.args
    return value.type is I1 and a.type is b.type and _integer(a.type)


def _wider(value: Value) -> bool:
    (a,) = value.args
    return _integer(a.type) and _integer(value.type) and a.type.bits < value.type.bits


def _narrower(value: Value) -> bool:
    (a,) = value.args
    return _integer(a.type) and _integer(value.type) and a.type.bits > value.type.bits


def _select(value: Value) -> bool:
    condition, a, b = value.args
    return condition.type is I1 and a.type is b.type is value.type


def _bitcast(value: Value) -> bool:
    (a,) = value.args
    return a.type.bits == value.type.bits and a.type is not value.type


def _named(value: Value) -> bool:
    return isinstance(value.attr, str) and value.attr.isidentifier()


def _constant(value: Value) -> bool:
    return isinstance(value.attr, int) and 0 <= value.attr <= value.type.mask


def _any(value: Value) -> bool:
    return True


PURE: dict[str, tuple[int, Rule]] = {
    "const": (0, _constant),
    "field": (0, _any),
    **dict.fromkeys(("add", "sub", "mul", "and", "or", "xor"), (2, _same)),
    **dict.fromkeys(("shl", "lshr", "ashr", "udiv", "sdiv", "urem", "srem"), (2, _same)),
    **dict.fromkeys(("eq", "ne", "ult", "uge", "slt", "sge"), (2, _compare)),
    **dict.fromkeys(("clz", "ctz", "popcount"), (1, _same)),
    "bswap": (1, _whole_bytes),
    "sext": (1, _wider),
    "zext": (1, _wider),
    "trunc": (1, _narrower),
    "select": (3, _select),
    "bitcast": (1, _bitcast),
    "helper": (-1, _named),
}
"""Operation → (number of operands, or -1 for any, and the rule on the types)."""

STORES: dict[object, Type] = {size: INTEGERS[8 * size] for size in (1, 2, 4, 8)}
LOADS: dict[object, Type] = {
    (size, access): type for size, type in STORES.items() for access in ("read", "write")
}
"""The details that these effects may have, and the type of the value that each moves."""

MADE_BY_EFFECTS = frozenset({"get", "load"})


def verify_value(value: Value) -> None:
    """Check one node against `PURE` (nodes made by effects are checked with their effect)."""
    if value.op in MADE_BY_EFFECTS:
        return
    if value.op not in PURE:
        raise IRError(f"unknown operation {value.op!r}")
    count, rule = PURE[value.op]
    if count not in (-1, len(value.args)) or not rule(value):
        raise IRError(f"illegal operands: {value!r}")


def verify(block: Block, layout: Layout | None = None) -> None:
    """Check a block: operand types, order of effects, at most one end and that one last.

    With a `layout`, also that slots exist and have the type of what is put into them.
    """
    made: set[int] = set()
    kinds = [effect.kind for effect in block.effects]
    for effect in block.effects:
        for node in walk(effect.args):
            verify_value(node)
            if node.op in MADE_BY_EFFECTS and id(node) not in made:
                raise IRError(f"{node!r} is used before its effect happens")
        _verify_effect(effect, block.pc.type)
        if effect.value is not None:
            made.add(id(effect.value))
        if layout is not None and isinstance(effect.detail, Slot):
            _verify_slot(effect, effect.detail, layout)
    _verify_order(kinds)


def _verify_slot(effect: Effect, slot: Slot, layout: Layout) -> None:
    file = layout.files.get(slot.file)
    if file is None or (isinstance(slot.index, int) and not 0 <= slot.index < file.count):
        raise IRError(f"{effect.kind} of {slot}, which does not exist")
    value = effect.value if effect.value is not None else effect.args[0]
    if value.type is not file.type:
        raise IRError(f"{effect.kind} of {slot} with a value of type {value.type}")


def _verify_order(kinds: list[str]) -> None:
    for position, kind in enumerate(kinds):
        if kind in MAY_TRAP and "put" in kinds[:position]:
            raise IRError(f"{kind} may trap after a put")
        if kind in ENDS and position != len(kinds) - 1:
            raise IRError(f"{kind} is not the last effect")
    if "exit" in kinds and ("put" in kinds or "store" in kinds):
        raise IRError("an instruction that leaves to the run loop changes nothing before it does")


def _verify_effect(effect: Effect, word: Type) -> None:
    """Check an effect on its own; addresses and targets have the type of the pc, `word`."""
    kind, args = effect.kind, effect.args
    if kind not in SHAPES:
        raise IRError(f"unknown effect {kind!r}")
    counts, rule = SHAPES[kind]
    if len(args) not in counts:
        raise IRError(f"{kind} with {len(args)} operands")
    if not rule(effect, word):
        raise IRError(f"illegal {kind}: {effect!r}")
    if (effect.value is not None) != (kind in MADE_BY_EFFECTS):
        raise IRError(f"{kind} makes {effect.value!r}")


EffectRule = Callable[[Effect, Type], bool]


def _get(effect: Effect, word: Type) -> bool:
    del word
    value = effect.value
    return value is not None and value.op == "get" and value.attr == effect.detail and _slot(effect)


def _slot(effect: Effect) -> bool:
    return isinstance(effect.detail, Slot)


def _load(effect: Effect, word: Type) -> bool:
    made, type = effect.value, LOADS.get(effect.detail)
    return made is not None and made.op == "load" and made.type is type and _is(effect, 0, word)


def _store(effect: Effect, word: Type) -> bool:
    type = STORES.get(effect.detail)
    conditioned = len(effect.args) == 2 or _is(effect, 2, I1)
    return conditioned and _is(effect, 0, word) and effect.args[1].type is type


def _is(effect: Effect, position: int, type: Type) -> bool:
    return effect.args[position].type is type


SHAPES: dict[str, tuple[tuple[int, ...], EffectRule]] = {
    "get": ((0,), _get),
    "load": ((1,), _load),
    "store": ((2, 3), _store),
    "put": ((1,), lambda effect, word: _slot(effect)),
    "check": (
        (2,),
        lambda e, word: isinstance(e.detail, str) and _is(e, 0, I1) and _is(e, 1, word),
    ),
    "jump": ((1,), lambda effect, word: _is(effect, 0, word)),
    "branch": ((3,), lambda e, word: _is(e, 0, I1) and _is(e, 1, word) and _is(e, 2, word)),
    "exit": ((0,), lambda effect, word: isinstance(effect.detail, str)),
    "dispatch": (tuple(range(64)), lambda effect, word: isinstance(effect.detail, str)),
}
"""Effect → (numbers of operands, rule on detail and types)."""
