"""Where the declarations that come with simfw lie, for whoever includes them.

    include "outcalls/console.cas";
    include "backcalls/peek.cas";

A file beside the one that includes goes before them.
"""

from __future__ import annotations

from pathlib import Path

import backcalls
import outcalls


def _parents() -> tuple[Path, ...]:
    """The directories that have the packages, each once."""
    found = [Path(path).parent for package in (outcalls, backcalls) for path in package.__path__]
    return tuple(dict.fromkeys(found))


SEARCH = _parents()
"""The search path of every include."""
