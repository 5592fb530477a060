"""Where closure factories come from: those shipped with the package, or made on first use.

The shipped ones are written by `python -m simfw.engine.generate`, and a test says when they are
stale. The records of users have none there: theirs are traced and compiled when first decoded.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from attrs import frozen

from simfw.ir.frontend import FrontEnd, Record
from simfw.ir.layout import Layout
from simfw.ir.ops import Block

if TYPE_CHECKING:
    from simfw.engine.closure import Factory

Step = Callable[[], int | None]

FALLS_THROUGH, TRANSFERS = "", "jump"
"""How an instruction ends if it does not leave to the run loop: not at all, or with a target."""


@frozen(eq=False)
class Maker:
    """A factory, and how its instruction ends: one of the two above, or the reason it leaves."""

    make: Callable[..., Step]
    end: str


def source_of(record: Record, xlen: int, layout: Layout) -> Factory:
    """Trace a record and write its factory. RV64 arenas may begin anywhere, RV32's at 0."""
    from simfw.engine.closure import factory  # needed for the records of users alone

    name = f"{record.name.replace('.', '_')}_{xlen}"
    return factory(name, record.template(xlen), record.operands, layout, based=xlen == 64)


def end_of(block: Block) -> str:
    """How a template ends, in the words of `Maker.end`."""
    if block.end is None:
        return FALLS_THROUGH
    return str(block.end.detail) if block.end.kind == "exit" else TRANSFERS


_makers: dict[int, WeakKeyDictionary[Record, Maker]] = {}
"""The factories made so far by register width: they know no process, so that all share them."""


class Factories:
    """The factories of one front end, by record."""

    def __init__(self, front: FrontEnd) -> None:
        self._front = front
        self._shipped: Mapping[str, tuple[Callable[..., Step], str]] = {}
        if front.shipped is not None:
            self._shipped = importlib.import_module(front.shipped).FACTORIES
        makers = _makers.get(front.xlen)
        self._made = WeakKeyDictionary[Record, Maker]() if makers is None else makers
        _makers[front.xlen] = self._made

    def get(self, record: Record) -> Maker:
        """The factory of a record."""
        found = self._made.get(record)
        if found is None:
            found = self._made[record] = self._find(record)
        return found

    def _find(self, record: Record) -> Maker:
        xlen = self._front.xlen
        name = f"{record.name}_{xlen}"
        if name in self._shipped and self._front.is_own(record):
            return Maker(*self._shipped[name])
        written = source_of(record, xlen, self._front.layout)
        scope: dict[str, Callable[..., Step]] = {}
        exec(compile(written.source, f"<factory of {record.name}>", "exec"), scope)
        return Maker(scope[written.name], end_of(record.template(xlen)))
