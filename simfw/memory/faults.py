"""What an access to guest memory needs, and what is said when it is refused."""

from __future__ import annotations

from attrs import frozen

from simfw.errors import MemoryFault
from simfw.memory.regions import Region, RegionMap
from simfw.memory.scalars import number
from simfw.permissions import Permissions


@frozen(eq=False)
class Access:
    """A way to use memory: its name, the permissions it needs, and the word for having them."""

    name: str
    needed: int
    allowed: str


READ = Access("read", int(Permissions.READ), "readable")
STRING = Access("string read", READ.needed, READ.allowed)
WRITE = Access("write", int(Permissions.WRITE), "writable")
UPDATE = Access("atomic update", int(Permissions.READ | Permissions.WRITE), "readable and writable")
FETCH = Access("instruction fetch", int(Permissions.EXECUTE), "executable")
WRITABLE_VIEW = Access("writable view", UPDATE.needed, UPDATE.allowed)
ANY = Access("change", int(Permissions.NONE), "mapped")

_HOST_ADVICE = "memory.regions lists what is mapped; memory.protect() changes what it allows"


@frozen(eq=False)
class Refusal:
    """An access that is not admitted; `stop` is the first byte that refuses it."""

    access: Access
    address: int
    length: int
    stop: int
    xlen: int

    def fault(self, regions: RegionMap, pc: int | None) -> MemoryFault:
        """The exception, naming the region concerned; `pc` is None where the host asked."""
        fits = 0 <= self.address < 1 << self.xlen
        return MemoryFault(
            self._cause(regions),
            pc=pc,
            address=self.address if fits else None,
            advice=_HOST_ADVICE if pc is None else "",
        )

    def _cause(self, regions: RegionMap) -> str:
        if not 0 <= self.address < 1 << self.xlen:
            return f"{self._attempt} is outside the {self.xlen}-bit address space"
        if self.length < 0:
            return f"{self._attempt}: a length cannot be negative"
        holder = regions.at(self.stop)
        if self.stop > self.address:
            return self._cause_behind(holder, regions.at(self.stop - 1))
        if self.access is FETCH:
            attempt = f"jump to non-executable {self.address:#x}"
            return f"{attempt} in region {holder}" if holder else attempt + _nowhere(self, regions)
        if holder:
            return f"{self._attempt}: region {holder} is not {self.access.allowed}"
        return self._attempt + _nowhere(self, regions)

    def _cause_behind(self, blocker: Region | None, left: Region | None) -> str:
        if blocker:
            return f"{self._attempt} runs into region {blocker}, not {self.access.allowed}"
        return f"{self._attempt} leaves region {left}"

    @property
    def _attempt(self) -> str:
        plural = "" if self.length == 1 else "s"
        where = number(self.address, "#x")
        return f"{self.access.name} of {number(self.length)} byte{plural} at {where}"


def _nowhere(refusal: Refusal, regions: RegionMap) -> str:
    nearest = regions.nearest(refusal.address)
    if nearest is None:
        return ": no memory is mapped"
    return f": nothing is mapped there; the nearest region is {nearest}"
