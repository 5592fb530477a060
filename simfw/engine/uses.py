"""What the writer of closures must know of a block's values before it writes the first."""

from __future__ import annotations

from simfw.ir.builder import PARTIAL
from simfw.ir.ops import Block, walk


def count_uses(block: Block) -> dict[int, int]:
    """How many operands each value is, over the whole block."""
    uses: dict[int, int] = {}
    for root in (arg for effect in block.effects for arg in effect.args):
        uses[id(root)] = uses.get(id(root), 0) + 1
    for node in walk(arg for effect in block.effects for arg in effect.args):
        for arg in node.args:
            uses[id(arg)] = uses.get(id(arg), 0) + 1
    return uses


def hold_a_division(block: Block) -> set[int]:
    """Values that may be undefined, so that they must not be computed ahead of their use."""
    holding: set[int] = set()
    for node in walk(arg for effect in block.effects for arg in effect.args):
        if node.op in PARTIAL or any(id(arg) in holding for arg in node.args):
            holding.add(id(node))
    return holding


def gets_that_cross_a_put(block: Block) -> set[int]:
    """Values read from a slot whose last use comes after some put: they need a local name."""
    puts = [index for index, effect in enumerate(block.effects) if effect.kind == "put"]
    born = {id(e.value): i for i, e in enumerate(block.effects) if e.kind == "get"}
    crossing: set[int] = set()
    for index, effect in enumerate(block.effects):
        for node in walk(effect.args):
            start = born.get(id(node))
            if start is not None and any(start < put < index for put in puts):
                crossing.add(id(node))
    return crossing
