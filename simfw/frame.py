"""Frames: who called whom, across guest and host."""

from __future__ import annotations

import enum

from attrs import field, frozen


class FrameKind(enum.Enum):
    """What a frame of a thread is."""

    GUEST = "guest"
    OUTCALL = "outcall"
    BACKCALL = "backcall"


@frozen
class Frame:
    """One frame of a thread's stack, as it stood when it was asked for.

    A guest frame's `pc` is where it stands, or where its callee returns to; `name` is the
    function that holds it and `offset` how far into it. An outcall's `pc` is the guest function's
    address that the host serves. A backcall's frame marks where the host called into the guest:
    it bears the name of the function it entered, whatever that tail-called since.

    `place` is where a guest frame stands in words, where there are better ones than name and
    offset: in belt code `function.instruction (file:line:column)`.
    """

    kind: FrameKind
    name: str
    pc: int
    sp: int
    offset: int = 0
    place: str = ""
    outer: Frame | None = field(default=None, repr=False, eq=False)

    @property
    def caller(self) -> Frame:
        """The frame that called this one; a frame named `?` where nothing is known."""
        return self.outer or Frame(FrameKind.GUEST, "?", 0, 0)

    @property
    def location(self) -> str:
        """`function+0x1e`, the bare name, or the place in words."""
        return self.place or (f"{self.name}+{self.offset:#x}" if self.offset else self.name)

    def __str__(self) -> str:
        match self.kind:
            case FrameKind.OUTCALL:
                return f"outcall {self.name}"
            case FrameKind.BACKCALL:
                return f"backcall {self.name}"
            case _:
                return self.place or f"{self.location} at {self.pc:#x}"
