"""Blocks as text, one effect a line, for people and for failing tests."""

from __future__ import annotations

from typing import cast

from simfw.ir.ops import Block, Effect, Value

_INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "and": "&",
    "or": "|",
    "xor": "^",
    "shl": "<<",
    "eq": "==",
    "ne": "!=",
}


def text_of(block: Block) -> str:
    """The block as lines such as `x[10] = (%0 + 1):i32`; the values of effects are numbered."""
    names: dict[int, str] = {}
    return "\n".join(_effect(effect, names) for effect in block.effects)


def _value(value: Value, names: dict[int, str]) -> str:
    if id(value) in names:
        return names[id(value)]
    if value.constant is not None:
        return f"{value.constant:#x}" if value.constant > 9 else str(value.constant)
    if value.op == "field":
        name, _ = cast(tuple[str, bool], value.attr)
        return f"{{{name}}}"
    args = [_value(arg, names) for arg in value.args]
    if value.op in _INFIX:
        return f"({args[0]} {_INFIX[value.op]} {args[1]}):{value.type}"
    return f"{value.op}({', '.join(args)}):{value.type}"


def _effect(effect: Effect, names: dict[int, str]) -> str:
    args = [_value(arg, names) for arg in effect.args]
    if effect.value is not None:
        names[id(effect.value)] = f"%{len(names)}"
        what = f"{effect.kind} {_detail(effect.detail)}"
        return f"{names[id(effect.value)]} = {' '.join([what, *args])} : {effect.value.type}"
    if effect.kind == "put":
        return f"{effect.detail!r} = {args[0]}"
    if effect.kind == "branch":
        return f"branch {args[0]} ? {args[1]} : {args[2]}"
    return " ".join(filter(None, [effect.kind, _detail(effect.detail), ", ".join(args)]))


def _detail(detail: object) -> str:
    if isinstance(detail, tuple):
        size, access = cast(tuple[int, str], detail)
        return f"{size} for {access}"
    return "" if detail is None else str(detail)
