"""Guest memory: one sparse arena, its regions with permissions, and checked access to it.

`Arena` is the host memory, `RegionMap` says what lies where, `AddressSpace` keeps the two and the
page table together, and `Memory` is what the guest's engine and host code use.
"""

from __future__ import annotations

from simfw.memory.memory import Memory
from simfw.memory.regions import Region

__all__ = ["Memory", "Region"]
