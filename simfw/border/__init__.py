"""The border: operands of the guest made from Python values, and the other way round.

Everything is derived from a `Signature` and a `Convention`, once, when a function is bound:

    outcall    unpack_arguments  guest operands → values for the plugin's function
               pack_result       what it returned → the guest's result
    backcall   pack_arguments    the caller's values → guest operands
               unpack_result     the guest's result → a value for the caller
"""

from __future__ import annotations

from collections.abc import Sequence

from simfw.border import backcall, outcall
from simfw.border.backcall import PackArguments, UnpackResult
from simfw.border.outcall import PackResult, UnpackArguments
from simfw.convention import Convention
from simfw.signature import Signature

__all__ = [
    "PackArguments",
    "PackResult",
    "UnpackArguments",
    "UnpackResult",
    "pack_arguments",
    "pack_result",
    "undeclared_call",
    "unpack_arguments",
    "unpack_result",
]


def unpack_arguments(
    signature: Signature, convention: Convention, receivers: Sequence[object] | None = None
) -> UnpackArguments:
    """See `simfw.border.outcall.unpack_arguments`."""
    own = convention.crossing
    if own is not None:
        return own.unpack_arguments(signature, receivers)
    return outcall.unpack_arguments(signature, convention, receivers)


def pack_result(signature: Signature, convention: Convention) -> PackResult:
    """See `simfw.border.outcall.pack_result`."""
    own = convention.crossing
    return own.pack_result(signature) if own else outcall.pack_result(signature, convention)


def pack_arguments(signature: Signature, convention: Convention) -> PackArguments:
    """See `simfw.border.backcall.pack_arguments`."""
    own = convention.crossing
    return own.pack_arguments(signature) if own else backcall.pack_arguments(signature, convention)


def unpack_result(signature: Signature, convention: Convention) -> UnpackResult:
    """See `simfw.border.backcall.unpack_result`."""
    own = convention.crossing
    return own.unpack_result(signature) if own else backcall.unpack_result(signature, convention)


def undeclared_call(
    name: str, convention: Convention, result: str | None = None
) -> tuple[PackArguments, UnpackResult]:
    """See `simfw.border.backcall.undeclared_call`."""
    own = convention.crossing
    if own is not None:
        return own.undeclared_call(name, result)
    return backcall.undeclared_call(name, convention, result)
