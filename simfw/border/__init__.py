"""The border: operands of the guest made from Python values, and the other way round.

Everything is derived from a `Signature` and a `Convention`, once, when a function is bound:

    outcall    unpack_arguments  guest operands → values for the plugin's function
               pack_result       what it returned → the guest's result
    backcall   pack_arguments    the caller's values → guest operands
               unpack_result     the guest's result → a value for the caller
"""

from __future__ import annotations

from simfw.border.backcall import (
    PackArguments,
    UnpackResult,
    pack_arguments,
    undeclared_call,
    unpack_result,
)
from simfw.border.outcall import (
    PackResult,
    ResultRangeError,
    UnpackArguments,
    pack_result,
    unpack_arguments,
)

__all__ = [
    "PackArguments",
    "PackResult",
    "ResultRangeError",
    "UnpackArguments",
    "UnpackResult",
    "pack_arguments",
    "pack_result",
    "undeclared_call",
    "unpack_arguments",
    "unpack_result",
]
