"""What stops a program, and what should have stopped the assembler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conasm.nodes import Position

if TYPE_CHECKING:
    from tests.belt_machine.frame import Frame


class Fault(Exception):  # noqa: N818 - the guest's word
    """The program cannot go on. Everything listed or phased before has happened, nothing after.

    `cause` is the kind of a realised NaR as in `NaR(overflow)`, or one of `memory`, `target`,
    `stack`, `depth` and `budget`. `position` is that of the operation at fault; `origin` that of
    the operation which made the NaR. `frames` are all frames as they then were, innermost last.
    """

    def __init__(
        self, cause: str, position: Position | None, origin: Position | None = None
    ) -> None:
        super().__init__(f"{position}: {cause}")
        self.cause = cause
        self.position = position
        self.origin = origin
        self.frames: tuple[Frame, ...] = ()


class Mistake(Exception):  # noqa: N818 - the author's, not the machine's
    """The program is not valid: an assembler has to refuse it."""

    def __init__(self, why: str, position: Position | None = None) -> None:
        super().__init__(f"{position}: {why}")
