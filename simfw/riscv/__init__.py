"""RISC-V: instruction records by extension, and what reads them.

Nothing here knows an engine. `Extension`, with `State` and `Fields` for the semantics, is how
users add instructions: `Machine(…, extensions=[mine])`.
"""

from __future__ import annotations

from simfw.riscv.record import Extension
from simfw.riscv.state import Fields, State

__all__ = ["Extension", "Fields", "State"]
