"""The frame of a call: stack memory, and the scratchpad, which keeps operands with metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conasm.assembly import Step, SymbolArg, WidthArg
from conasm.operation import Phase
from simfw.belt.kinds import NaRKind
from simfw.belt.metadata import PLAIN, SPECIAL, UNFILLED, meta, state_of, width_of
from simfw.belt.micro import SP, Pattern
from simfw.belt.record import Operations
from simfw.ir.builder import const
from simfw.ir.ops import I64

if TYPE_CHECKING:
    from simfw.belt.translate import Translation

frame = Operations("frame")


@frame.op("stackf size", phase=Phase.READER, raw=True, results=0)
def stackf(t: Translation, step: Step) -> None:
    """Reserve bytes of zeroed memory, from `fp` on, 16-byte aligned, until the call ends."""
    site = t.immediate(step), t.pc(t.after())
    t.emit(("dispatch", "reserve"), {"site": site}, lambda p: p.dispatch("reserve", ()))
    t.end()


@frame.op("scratchf scratch", phase=Phase.READER, raw=True, results=0)
def scratchf(t: Translation, step: Step) -> None:
    """Reserve bytes of the scratchpad for this function."""
    # the assembler checks their use; the cells of a frame are there from the beginning


@frame.op("spill offset value", phase=Phase.WRITER, widths="any", raw=True, results=0)
def spill(t: Translation, step: Step) -> None:
    """Keep an operand in the scratchpad, specials too; what it overlaps is forgotten."""
    (value,) = t.values(step)
    t.settle(value)
    offset, known = t.immediate(step), t.meta(value)
    cells = t.function.scratch
    for place, cell in cells.items():
        if offset - 16 < place < offset:
            operands = {"cell": cell + 1, "distance": offset - place}
            t.emit(("spill", "before"), operands, _write_before)
    lost = [cell for place, cell in cells.items() if offset < place < offset + width_of(known)]
    if state_of(known) == UNFILLED:
        known = meta(1, SPECIAL)
        payload = t.special(NaRKind.INVALID_OPERAND.value)
        t.emit(("spill", "unfilled"), {"cell": cells[offset], "value": payload}, _write_number)
    else:
        wide = "q" if known == meta(16) else "d"

        def write(p: Pattern) -> None:
            p.put("scratch", p.read("a", wide), wide)

        t.emit(("spill", wide), {"a": t.cell(value), "scratch": cells[offset]}, write)
    for cell in {cells[offset], *lost}:
        content = known if cell == cells[offset] else UNFILLED
        t.emit(("spill", "meta"), {"cell": cell + 1, "value": content}, _write_number)


@frame.op("fill offset width", phase=Phase.READER, raw=True)
def fill(t: Translation, step: Step) -> None:
    """Drop the operand that was spilled at the offset, if it has the width.

    Otherwise it is NaR(invalid operand).
    """
    width = step.arguments[1]
    assert isinstance(width, WidthArg)
    cell, (drop,) = t.function.scratch[t.immediate(step)], step.drops
    if t.phase in ("plain", "special"):
        wide = "q" if width.bytes == 16 and t.phase == "plain" else "d"

        def write(p: Pattern) -> None:
            p.put("d", p.read("scratch", wide), wide)

        t.emit(("fill", wide), {"scratch": cell, "d": t.cell(drop)}, write)
        t.define(drop, meta(width.bytes, PLAIN if t.phase == "plain" else SPECIAL))
    else:
        t.fork_on_cell(cell + 1, meta(width.bytes, PLAIN), "plain")
        t.fork_on_cell(cell + 1, meta(width.bytes, SPECIAL), "special")
        t.set_missing(drop, width.bytes)


@frame.op(
    "lea symbol / register integer",
    phase=Phase.READER,
    raw=True,
    gives="d",
    registers={"fp": 8},
)
def lea(t: Translation, step: Step) -> None:
    """Drop the address of data or of a function, or one in the stack memory of the call."""
    if isinstance(step.arguments[0], SymbolArg):
        address = t.program.addresses[step.arguments[0].name]
        t.set_constant(step.drops[0], address, meta(8))
    else:

        def write(p: Pattern) -> None:
            p.put("d", p.read("fp", "d") + p.number("offset", is_signed=True))

        offset = t.immediate(step)
        t.emit(("lea",), {"fp": SP, "offset": offset, "d": t.cell(step.drops[0])}, write)
        t.define(step.drops[0], meta(8))


def _write_before(p: Pattern) -> None:
    """Forget what begins `distance` bytes before, if it is longer than that."""
    known = p.read("cell", "d")
    size = const(I64, 1) << (known & 7)
    reaches = p.number("distance").ult(size)
    p.put("cell", reaches.select(const(I64, UNFILLED), known), "d")


def _write_number(p: Pattern) -> None:
    p.put("cell", p.number("value"), "d")
