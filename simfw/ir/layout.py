"""Where guest state lives: the front end's table of register files, for every engine.

All integer state of a hart is one array of slots. A file with a *sink* has a register that reads
as zero (index 0): an engine sends writes to it to the sink slot instead.
"""

from __future__ import annotations

from attrs import frozen

from simfw.ir.ops import Type


@frozen(eq=False)
class File:
    """One register file: `count` slots of `type` from slot `offset`."""

    offset: int
    count: int
    type: Type
    sink: int | None = None


@frozen(eq=False)
class Layout:
    """The register files by name, and how many slots there are."""

    files: dict[str, File]
    size: int
