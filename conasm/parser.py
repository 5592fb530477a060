"""The way in: text or file to a checked unit, or all of its mistakes at once.

What reads and checks is imported at the first call: many a run has nothing to parse.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from conasm.nodes import Unit

if TYPE_CHECKING:
    from conasm.problems import Problems

SearchPath = Sequence[str | os.PathLike[str]]


def parse(
    text: str,
    file: str = "<text>",
    search: SearchPath = (),
    operations: Collection[str] = (),
    problems: Problems | None = None,
) -> Unit:
    """Return the unit that a text makes.

    `file` names the text in positions and messages; includes are looked for beside it, then in
    the directories of `search`. `operations` are the names of operations that belt code may have
    beside those of `conasm.operations`. Raises `ConasmError` with every mistake of the text and of
    what it includes, in order. If `problems` are given they go there instead, and the unit is what
    could be understood: `assemble` takes both, and finds the rest of the mistakes.

    >>> unit = parse('F("putchar") outcall(1, w);')
    >>> unit.outcalls[0].name, unit.outcalls[0].count
    ('putchar', 1)
    """
    return _unit(file, text, search, operations, problems)


def load(
    path: str | os.PathLike[str],
    search: SearchPath = (),
    operations: Collection[str] = (),
    problems: Problems | None = None,
) -> Unit:
    """Return the unit in a file; otherwise as `parse`. A file that cannot be read is a mistake."""
    return _unit(os.fspath(path), None, search, operations, problems)


def _unit(
    file: str,
    text: str | None,
    search: SearchPath,
    operations: Collection[str],
    collected: Problems | None,
) -> Unit:
    from conasm.checker import check
    from conasm.problems import Problems
    from conasm.sources import Sources
    from conasm.structure import group

    problems = Problems() if collected is None else collected
    items = Sources(search, problems).read(file, text)
    unit = check(file, group(items, problems), problems, operations)
    if collected is None:
        problems.raise_if_any()
    return unit
