"""Memory: loads that retire when they are told to, and stores.

Addresses are a base and a signed offset, modulo 2**64. Memory has bytes only, lowest first: a
store strips what an operand's metadata says, a load takes its width from the instruction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conasm.assembly import ImmediateArg, Step, TagArg, ValueArg, WidthArg
from conasm.operation import Phase
from simfw.belt.kinds import NaRKind
from simfw.belt.metadata import SPECIAL, meta, width_of
from simfw.belt.micro import Pattern
from simfw.belt.record import Operations
from simfw.ir.builder import Word, const
from simfw.ir.ops import I64

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

memory = Operations("memory")


@memory.op("load value operand width delay / value operand width tag", widths="any", raw=True)
def load(t: Translation, step: Step) -> None:
    """Drop what is in memory when the load retires, the given number of instructions later.

    The address is evaluated at once, and the number 0 means the same instruction. With a tag it
    retires when the tag is picked up. A None address gives None, a NaR address that NaR.
    """
    width, how = step.arguments[2:]
    assert isinstance(width, WidthArg)
    if isinstance(how, TagArg):
        _keep(t, step, how.index, width.bytes)
    elif step.retires:
        base = _address_values(step)
        t.settle(*base)
        if all(map(t.is_plain, base)):
            _load(t, step, width.bytes)
        else:
            t.join_specials(base, step.drops[0], width.bytes)


@memory.op("pickup tagged", widths="any", raw=True)
def pickup(t: Translation, step: Step) -> None:
    """Retire the load with this tag, and drop what is in memory now."""
    (tag,) = step.arguments
    assert isinstance(tag, TagArg)
    cell, drop = t.function.tags + 2 * tag.index, step.drops[0]
    if t.phase.startswith("load"):
        _load_kept(t, cell, int(t.phase[4:]), drop)
    elif t.phase.startswith("special"):
        _copy_kept(t, cell, int(t.phase[7:]), drop)
    elif t.phase == "none":
        t.set_special(drop, NaRKind.INVALID_OPERAND.value, 1)
    else:
        _look_up(t, cell, t.function.tag_widths[tag.index])


@memory.op("refuse tagged", widths="any", raw=True, results=0)
def refuse(t: Translation, step: Step) -> None:
    """Give up the load with this tag."""
    (tag,) = step.arguments
    assert isinstance(tag, TagArg)
    t.emit(("refuse",), {"d": t.function.tags + 2 * tag.index}, _write_refuse)


@memory.op("store value operand value", phase=Phase.WRITER, widths="any", raw=True, results=0)
def store(t: Translation, step: Step) -> None:
    """Write the last operand to memory, in as many bytes as it is wide.

    Nothing is written if the address or the operand is a None; a NaR among them faults.
    """
    values = t.values(step)
    t.settle(*values)
    if t.realise(*values):
        _store(t, step, values[-1])


def _address_values(step: Step) -> list[int]:
    """The values among base and offset."""
    return [arg.id for arg in step.arguments[:2] if isinstance(arg, ValueArg)]


def _shape(t: Translation, step: Step) -> tuple[int, int | None]:
    """The metas of base and offset; None for an offset that is a number."""
    base, offset = step.arguments[:2]
    assert isinstance(base, ValueArg)
    return t.meta(base.id), t.meta(offset.id) if isinstance(offset, ValueArg) else None


def _cells(t: Translation, step: Step) -> dict[str, int]:
    base, offset = step.arguments[:2]
    assert isinstance(base, ValueArg)
    if isinstance(offset, ValueArg):
        return {"pointer": t.cell(base.id), "offset": t.cell(offset.id)}
    assert isinstance(offset, ImmediateArg)
    return {"pointer": t.cell(base.id), "offset": offset.value}


def _address(p: Pattern, shape: tuple[int, int | None]) -> Word:
    """Base, zero-extended, and offset, sign-extended; of 16 bytes the lower half counts."""
    base = p.get("pointer", shape[0])
    base = base.trunc(64) if base.type.bits > 64 else base.zext(64)
    if shape[1] is None:
        return base + p.number("offset", is_signed=True)
    offset = p.get("offset", shape[1])
    return base + (offset.trunc(64) if offset.type.bits > 64 else offset.sext(64))


def _load(t: Translation, step: Step, size: int) -> None:
    shape = _shape(t, step)

    def write(p: Pattern) -> None:
        p.put("d", p.load(size, _address(p, shape)))

    t.emit(("load", shape, size), {**_cells(t, step), "d": t.cell(step.drops[0])}, write)
    t.define(step.drops[0], meta(size))


def _store(t: Translation, step: Step, value: int) -> None:
    shape, known = _shape(t, step), t.meta(value)

    def write(p: Pattern) -> None:
        address = _address(p, shape)
        p.store(width_of(known), address, p.get("value", known))

    t.emit(("store", shape, known), {**_cells(t, step), "value": t.cell(value)}, write)


# Tagged loads. The first cell of a tag is 0 with nothing pending, else twice the width, plus 1 if
# the address is special; the second is the address.


def _keep(t: Translation, step: Step, tag: int, size: int) -> None:
    base = _address_values(step)
    t.settle(*base)
    cell, special = t.function.tags + 2 * tag, not all(map(t.is_plain, base))
    if special:
        shape = t.special_shape(base)

        def write(p: Pattern) -> None:
            p.put("tag", const(I64, 2 * size + 1), "d")
            p.put("tag", t.joined(p, shape), "flag")

        t.emit(("keep", shape, size), {**t.special_cells(base), "tag": cell}, write)
        return
    places = _shape(t, step)

    def write_address(p: Pattern) -> None:
        address = _address(p, places)
        p.put("tag", const(I64, 2 * size), "d")
        p.put("tag", address, "flag")

    t.emit(("keep", places, size), {**_cells(t, step), "tag": cell}, write_address)


def _look_up(t: Translation, cell: int, sizes: Sequence[int]) -> None:
    """Go on in the phase for what is pending; every load with the tag may be it."""
    phases = {0: "none"}
    for size in sizes:
        phases |= {2 * size: f"load{size}", 2 * size + 1: f"special{size}"}
    for state, phase in phases.items():
        t.fork_on_cell(cell, state, phase)
    t.end()


def _load_kept(t: Translation, cell: int, size: int, drop: int) -> None:
    def write(p: Pattern) -> None:
        value = p.load(size, p.read("tag", "flag"))
        p.put("tag", const(I64, 0), "d")
        p.put("d", value)

    t.emit(("pickup", size), {"tag": cell, "d": t.cell(drop)}, write)
    t.define(drop, meta(size))


def _copy_kept(t: Translation, cell: int, size: int, drop: int) -> None:
    def write(p: Pattern) -> None:
        special = p.read("tag", "flag")
        p.put("tag", const(I64, 0), "d")
        p.put("d", special, "d")

    t.emit(("pickup", "special"), {"tag": cell, "d": t.cell(drop)}, write)
    t.define(drop, meta(size, SPECIAL))


def _write_refuse(p: Pattern) -> None:
    p.put("d", const(I64, 0), "d")
