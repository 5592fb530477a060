"""The operations that belt guests come with, by group."""

from __future__ import annotations

from simfw.belt.operations.bits import bits
from simfw.belt.operations.compare import compare
from simfw.belt.operations.constants import constants
from simfw.belt.operations.control import belt, control
from simfw.belt.operations.floating import floating
from simfw.belt.operations.frame import frame
from simfw.belt.operations.integer import integer
from simfw.belt.operations.memory import memory
from simfw.belt.operations.select import select, tests
from simfw.belt.operations.width import width
from simfw.belt.record import Operations

GROUPS: tuple[Operations, ...] = (
    constants,
    integer,
    bits,
    compare,
    width,
    floating,
    select,
    tests,
    memory,
    frame,
    belt,
    control,
)
"""All groups, in the order of the reference."""
