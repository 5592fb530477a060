"""Memory: loads that retire when they are told to, and stores.

Addresses are a base and a signed offset, modulo 2**64. Memory has bytes only, lowest first: a
store strips what an operand's metadata says, a load takes its width from the instruction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conasm.assembly import ImmediateArg, Step, TagArg, ValueArg, WidthArg
from conasm.operation import Phase
from simfw.belt.joins import cells_of, join, joined, realise, shape_of
from simfw.belt.kinds import NaRKind
from simfw.belt.metadata import SPECIAL, meta, width_of
from simfw.belt.micro import Pattern
from simfw.belt.plan import width_argument
from simfw.belt.record import Operations
from simfw.belt.versions import Switch
from simfw.ir.builder import Word, const
from simfw.ir.ops import I64

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

memory = Operations("memory")

BEYOND = "an address of more than 64 bits"
"""The cause of a fault of addresses of width q."""


@memory.op("load value operand width delay / value operand width tag", widths="any", raw=True)
def load(t: Translation, step: Step) -> None:
    """Drop what is in memory when the load retires, the given number of instructions later.

    The address is evaluated at once, and the number 0 means the same instruction. With a tag it
    retires when the tag is picked up. A None address gives None, a NaR address that NaR.
    """
    width, how = step.arguments[2:]
    assert isinstance(width, WidthArg)
    if isinstance(how, TagArg):
        _keep(t, step, how.index)
    elif step.retires:
        base = _address_values(step)
        t.settle(*base)
        if all(map(t.is_plain, base)):
            _load(t, step, width.bytes)
        else:
            join(t, base, step.drops[0], width.bytes)


@memory.op("pickup tagged", widths="any", raw=True)
def pickup(t: Translation, step: Step) -> None:
    """Retire the load with this tag, and drop what is in memory now."""
    (tag,) = step.arguments
    assert isinstance(tag, TagArg)
    cell, drop = t.function.tags + 2 * tag.index, step.drops[0]
    if not t.phase.isdigit():
        _look_up(t, cell)
    elif t.phase == "0":
        t.set_special(drop, NaRKind.INVALID_OPERAND.value, 1)
    elif int(t.phase) & 1:
        _copy_kept(t, cell, width_argument(_pending(t)), drop)
    else:
        _load_kept(t, cell, _pending(t), drop)


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
    if realise(t, *values):
        _store(t, step, values[-1])


def _address_values(step: Step) -> list[int]:
    """The values among base and offset."""
    return [arg.id for arg in step.arguments[:2] if isinstance(arg, ValueArg)]


Shape = tuple[int, int | None]
"""The metas of base and offset; None for an offset that is a number."""


def _shape(t: Translation, step: Step) -> Shape:
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


def _address(p: Pattern, shape: Shape) -> Word:
    """Base, zero-extended, and offset, sign-extended, modulo 2**64; a base beyond that faults."""
    base = p.get("pointer", shape[0])
    if base.type.bits > 64:
        p.check(base.lshr(64).eq(0), BEYOND, base)
    return _sum(p, base, shape[1])


def _kept_address(p: Pattern, shape: Shape) -> Word:
    """The same, but a base beyond faults when the load retires: it gives the last address."""
    base = p.get("pointer", shape[0])
    address = _sum(p, base, shape[1])
    if base.type.bits > 64:
        return base.lshr(64).eq(0).select(address, I64.mask)
    return address


def _sum(p: Pattern, base: Word, offset_meta: int | None) -> Word:
    base = base.trunc(64) if base.type.bits > 64 else base.zext(64)
    if offset_meta is None:
        return base + p.number("offset", is_signed=True)
    offset = p.get("offset", offset_meta)
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


# Tagged loads. The first cell of a tag is 0 with nothing pending, else twice the number of the
# load among the function's, plus 1 if its address is special; the second is the address.


def _keep(t: Translation, step: Step, tag: int) -> None:
    base = _address_values(step)
    t.settle(*base)
    number = 2 * (t.function.numbers[id(step)] + 1)
    operands = {"tag": t.function.tags + 2 * tag, "pending": number}
    if all(map(t.is_plain, base)):
        places = _shape(t, step)

        def write_address(p: Pattern) -> None:
            _write_kept(p, _kept_address(p, places))

        t.emit(("keep", places), {**operands, **_cells(t, step)}, write_address)
        return
    shape = shape_of(t, base)

    def write_special(p: Pattern) -> None:
        _write_kept(p, joined(p, shape))

    operands["pending"] += 1
    t.emit(("keep_special", shape), {**operands, **cells_of(t, base)}, write_special)


def _write_kept(p: Pattern, address: Word) -> None:
    p.put("tag", p.number("pending"), "d")
    p.put("tag", address, "flag")


def _look_up(t: Translation, cell: int) -> None:
    """Go on in the phase for what is pending: the number in the tag's cell."""
    site = Switch(t.program.versions, t.here(""))
    operands = {"cell": cell, "site": site}
    t.emit(("look_up",), operands, lambda p: p.dispatch("switch", [p.read("cell", "d")]))
    t.end()


def _pending(t: Translation) -> Step:
    """The load that the phase is for."""
    return t.function.loads[int(t.phase) // 2 - 1]


def _load_kept(t: Translation, cell: int, pending: Step, drop: int) -> None:
    size = width_argument(pending)

    def write(p: Pattern) -> None:
        value = p.load(size, p.read("tag", "flag"))
        p.put("tag", const(I64, 0), "d")
        p.put("d", value)

    t.emit(("pickup", size), {"tag": cell, "d": t.cell(drop)}, write, blame=pending)
    t.define(drop, meta(size))


def _copy_kept(t: Translation, cell: int, size: int, drop: int) -> None:
    def write(p: Pattern) -> None:
        special = p.read("tag", "flag")
        p.put("tag", const(I64, 0), "d")
        p.put("d", special, "d")

    t.emit(("pickup_special",), {"tag": cell, "d": t.cell(drop)}, write)
    t.define(drop, meta(size, SPECIAL))


def _write_refuse(p: Pattern) -> None:
    p.put("d", const(I64, 0), "d")
