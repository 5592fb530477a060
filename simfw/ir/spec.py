"""The executable specification of the IR: legal operand types, and the rules of a block.

`PURE` has one row an operation: the kinds of its operands and of its result. `verify` raises
`IRError` with the offending node; it runs in the tests over every record, not in production.
"""

from __future__ import annotations

from collections.abc import Callable

from simfw.ir.ops import ENDS, I1, INTEGERS, MAY_TRAP, Block, Effect, Type, Value, walk


class IRError(Exception):
    """A block or value that breaks the IR's rules: a mistake in a record or in the builder."""


def _integer(type: Type) -> bool:
    return type.name[0] == "i"


Rule = Callable[[Value], bool]


def _same(value: Value) -> bool:
    return _integer(value.type) and all(arg.type is value.type for arg in value.args)


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
    **dict.fromkeys(("clz", "ctz", "popcount", "bswap"), (1, _same)),
    "sext": (1, _wider),
    "zext": (1, _wider),
    "trunc": (1, _narrower),
    "select": (3, _select),
    "bitcast": (1, _bitcast),
}
"""Operation → (number of operands, rule on the types)."""

MADE_BY_EFFECTS = frozenset({"get", "load"})
ACCESS_BYTES = (1, 2, 4, 8)
ARITY = {"get": 0, "load": 1, "put": 1, "check": 2, "jump": 1, "branch": 3, "exit": 0}


def verify_value(value: Value) -> None:
    """Check one node against `PURE` (nodes made by effects are checked with their effect)."""
    if value.op in MADE_BY_EFFECTS:
        return
    if value.op not in PURE:
        raise IRError(f"unknown operation {value.op!r}")
    count, rule = PURE[value.op]
    if len(value.args) != count or not rule(value):
        raise IRError(f"illegal operands: {value!r}")


def verify(block: Block) -> None:
    """Check a block: operand types, order of effects, at most one end and that one last."""
    made: set[int] = set()
    put_seen = False
    for position, effect in enumerate(block.effects):
        _verify_effect(effect)
        for node in walk(effect.args):
            verify_value(node)
            if node.op in MADE_BY_EFFECTS and id(node) not in made:
                raise IRError(f"{node!r} is used before its effect happens")
        if effect.kind in MAY_TRAP and put_seen:
            raise IRError(f"{effect.kind} may trap after a put")
        if effect.kind in ENDS and position != len(block.effects) - 1:
            raise IRError(f"{effect.kind} is not the last effect")
        put_seen = put_seen or effect.kind == "put"
        if effect.value is not None:
            made.add(id(effect.value))


def _verify_effect(effect: Effect) -> None:
    kind, args = effect.kind, effect.args
    if kind == "store":
        if len(args) not in (2, 3) or effect.detail not in ACCESS_BYTES:
            raise IRError(f"illegal store: {effect!r}")
        if args[1].type.bits != 8 * int(str(effect.detail)):
            raise IRError(f"a store of {effect.detail} bytes of a value of type {args[1].type}")
        if len(args) == 3 and args[2].type is not I1:
            raise IRError("the condition of a store is not an i1")
        return
    if kind not in ARITY:
        raise IRError(f"unknown effect {kind!r}")
    if len(args) != ARITY[kind]:
        raise IRError(f"{kind} with {len(args)} operands")
    if kind in ("check", "branch") and args[0].type is not I1:
        raise IRError(f"the condition of {kind} is not an i1")
    if kind == "load":
        _verify_load(effect)


def _verify_load(effect: Effect) -> None:
    match effect.detail:
        case (int() as size, "read" | "write") if size in ACCESS_BYTES:
            if effect.value is None or effect.value.type is not INTEGERS[8 * size]:
                raise IRError(f"a load of {size} bytes makes {effect.value!r}")
        case _:
            raise IRError(f"illegal load: {effect!r}")
