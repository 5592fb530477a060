"""What the benchmark asks of a peer: the same few things, each in the peer's own usual way.

A method that returns None says that the peer has no such thing, and the table shows it. A peer
that cannot run here raises ImportError or `Absent` when it is made, and the table shows that too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

Call = Callable[[], int]
"""Runs once what it was made for, and returns the guest's result."""

SizedCall = Callable[[int], int]
"""Runs a guest function with a size, and returns its result."""


class Absent(Exception):  # noqa: N818 - a state, not a mistake
    """The peer cannot run on this machine; the message says why."""


class Peer(Protocol):
    """A way to run the guest functions of `guests/` and to be called by them."""

    module: str
    """What a program that uses the peer imports."""

    def version(self) -> str:
        """The version that is measured."""
        ...

    def function(self, name: str) -> SizedCall:
        """A guest function of one integer: the kernels, `repeat`, `descend`, `straight`.

        `repeat` calls the host's `host_add`, `descend` the host's `host_descend`, which calls
        `descend` again.
        """
        ...

    def bound_add(self) -> Call | None:
        """`add(2, 3)` through an object that was looked up beforehand."""
        ...

    def named_add(self) -> Call | None:
        """`add(2, 3)`, the guest's function looked up by its name at each call."""
        ...

    def stub_add(self) -> Call | None:
        """`add(2, 3)` through code generated from a declaration."""
        ...

    def load(self) -> Callable[[], object] | None:
        """From the bytes of the built guest to something whose functions can be called."""
        ...

    def fresh(self) -> SizedCall | None:
        """`straight` of a guest that has not executed anything, loaded anew for each call to this.

        None where code is compiled at load.
        """
        ...


class InstructionCounter(Protocol):
    """The peer that says how many instructions a guest function takes."""

    def instructions(self, name: str, size: int) -> int:
        """What the call of `function(name)(size)` executes, on RV32."""
        ...


@runtime_checkable
class BeltCode(Protocol):
    """A peer that runs belt code, of which there is more to measure."""

    def operations(self, name: str, size: int) -> int:
        """How many operations the call of `function(name)(size)` executes."""
        ...

    def assembly(self) -> Callable[[], object]:
        """From a text of 10,000 instructions with one operation each to an image."""
        ...
