"""What an engine needs of a guest architecture: decoded instructions and where state lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from simfw.errors import GuestFault
from simfw.ir.layout import Layout
from simfw.ir.ops import Block


class Record(Protocol):
    """An instruction as the architecture describes it, once."""

    @property
    def name(self) -> str:
        """Unique among the records of its architecture and register width."""
        ...

    @property
    def operands(self) -> tuple[str, ...]:
        """The names of its operands, in the order in which `Decoded.operands` has them."""
        ...

    def template(self, xlen: int, /) -> Block:
        """Its semantics over symbolic operands."""
        ...


class Decoded(Protocol):
    """One instruction of a guest program."""

    @property
    def record(self) -> Record:
        """What it does."""
        ...

    @property
    def operands(self) -> tuple[object, ...]:
        """Its operands: ints, but for the `site` of a dispatch."""
        ...

    @property
    def weight(self) -> int:
        """How many it counts as: 1, or 0 for a part of a wide instruction behind its first."""
        ...

    @property
    def length(self) -> int:
        """How far the next instruction is."""
        ...


class FrontEnd(Protocol):
    """The architecture of one process."""

    xlen: int
    layout: Layout
    shipped: str | None
    """The module with ready-made closure factories of its own records, if there is one."""
    in_memory: bool
    """Whether a pc is an address of the guest's memory, whose change changes the code."""
    functions: Mapping[str, Callable[..., object]]
    """What its records' `helper` values and `dispatch` effects name."""

    def fetch(self, pc: int, /) -> Decoded:
        """The instruction at `pc`. Raises GuestFault where there is none."""
        ...

    def attach(self, x: list[int], hooks: set[int], /) -> None:
        """Say which cells its `functions` work on, and which addresses the host serves.

        They are the registers and the hooks of the engine.
        """
        ...

    def issued(self, pc: int, /) -> int:
        """Where an instruction goes on that faulted at its first operation, and has counted.

        `pc` itself where an instruction that faults does not count.
        """
        ...

    def fault(self, cause: str, value: int, /) -> GuestFault:
        """The fault of a `check` that failed, with the value that it reports."""
        ...

    def is_own(self, record: Record, /) -> bool:
        """Whether `shipped` has a factory for the record."""
        ...
