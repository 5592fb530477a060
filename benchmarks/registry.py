"""Finding the peers: each file in `peers/` is one; one that cannot run is named, not dropped."""

from __future__ import annotations

import importlib
import pkgutil

from attrs import frozen

from benchmarks import peers
from benchmarks.peer import Absent, Peer

REFERENCE = "simfw"
"""The peer that comes first, and that the others are compared with."""


@frozen
class Found:
    """The peers that run here, and why the others do not."""

    present: dict[str, Peer]
    absent: dict[str, str]


def names() -> list[str]:
    """The names of all peers, the reference first."""
    found = [info.name.removesuffix("_peer") for info in pkgutil.iter_modules(peers.__path__)]
    return sorted(found, key=lambda name: (name != REFERENCE, name))


def load(wanted: list[str]) -> Found:
    """Make the peers of these names. Anything but `Absent` and ImportError is a mistake of ours."""
    found = Found({}, {})
    for name in wanted:
        try:
            module = importlib.import_module(f"benchmarks.peers.{name}_peer")
            found.present[name] = getattr(module, f"{name.capitalize()}Peer")()
        except (Absent, ImportError) as reason:
            found.absent[name] = str(reason)
    return found
