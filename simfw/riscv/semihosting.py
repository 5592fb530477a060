"""How RISC-V programs mark a semihosting request: a breakpoint between two shifts that do nothing.

The sequence is that of the specification "RISC-V Semihosting", always uncompressed. The operation
is in a0 and its parameter in a1; the result comes back in a0.
"""

from __future__ import annotations

from simfw.errors import MemoryFault
from simfw.image import Image
from simfw.memory import Memory
from simfw.permissions import Permissions

BEFORE = 0x01F01013  # slli x0, x0, 0x1f
BREAKPOINT = 0x00100073  # ebreak
AFTER = 0x40705013  # srai x0, x0, 7
_SEQUENCE = b"".join(word.to_bytes(4, "little") for word in (BEFORE, BREAKPOINT, AFTER))


def is_request(memory: Memory, pc: int) -> bool:
    """Whether the breakpoint at `pc` is a semihosting request."""
    around = (pc - 4 & memory.mask, BEFORE), (pc + 4, AFTER)
    try:
        return all(memory.fetch(address, 4) == word for address, word in around)
    except MemoryFault:
        return False


def makes_requests(image: Image) -> bool:
    """Whether the code of an image has a semihosting request somewhere."""
    code = (part.data for part in image.segments if part.permissions & Permissions.EXECUTE)
    return any(_SEQUENCE in data for data in code)
