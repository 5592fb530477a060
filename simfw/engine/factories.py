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


Bind = Callable[[object], Callable[..., Step]]
"""A factory: from an environment to a maker of steps."""


@frozen(eq=False)
class Maker:
    """Makes the steps of one record in one process: from its pc, the next one and its operands.

    `end` is how the instruction ends: one of the two above, or the reason for which it leaves.
    """

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


_written: dict[int, WeakKeyDictionary[Record, tuple[Bind, str]]] = {}
"""The factories written so far by register width: they know no process, so that all share them."""


class Factories:
    """The makers of one process, by record."""

    def __init__(self, front: FrontEnd, environment: object) -> None:
        self._front = front
        self._environment = environment
        self._shipped: Mapping[str, tuple[Bind, str]] = {}
        if front.shipped is not None:
            self._shipped = importlib.import_module(front.shipped).FACTORIES
        self._makers: dict[Record, Maker] = {}

    def get(self, record: Record) -> Maker:
        """The maker of a record's steps."""
        found = self._makers.get(record)
        if found is None:
            bind, end = self._find(record)
            found = self._makers[record] = Maker(bind(self._environment), end)
        return found

    def _find(self, record: Record) -> tuple[Bind, str]:
        xlen = self._front.xlen
        name = f"{record.name}_{xlen}"
        if name in self._shipped and self._front.is_own(record):
            return self._shipped[name]
        written = _written.setdefault(xlen, WeakKeyDictionary[Record, tuple[Bind, str]]())
        found = written.get(record)
        if found is None:
            found = written[record] = _write(record, xlen, self._front.layout)
        return found


def _write(record: Record, xlen: int, layout: Layout) -> tuple[Bind, str]:
    written = source_of(record, xlen, layout)
    scope: dict[str, Bind] = {}
    exec(compile(written.source, f"<factory of {record.name}>", "exec"), scope)
    return scope[written.name], end_of(record.template(xlen))
