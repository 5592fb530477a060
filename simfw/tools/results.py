"""What a guest function returned, as text: decimal, hexadecimal, and the string it points to."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from conasm import parse_type
from conasm.ctypes import CType, DataModel, Kind
from simfw.errors import MemoryFault
from simfw.signature import Signature
from simfw.types import GuestType, is_text, operand_types, register_wide

if TYPE_CHECKING:
    from simfw import Machine

_LONGEST_TEXT = 1000


def text_of_result(
    machine: Machine, value: object, signature: Signature | None, result: str | None
) -> str:
    """`-1 (0xffffffff)`, `1.5`, `true`; for text also the text; nothing for void.

    Results of belt functions that nothing declares are numbers of whatever width, one or several.
    """
    if signature is None and result is None and machine.processes[0].image.kind == "belt":
        several = cast("tuple[object, ...]", value if isinstance(value, tuple) else (value,))
        return ", ".join(map(_of_any_width, several))
    model = DataModel(machine.processes[0].architecture.xlen // 8)
    type_ = _type_of(signature, result, model)
    if value is None or type_ is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, int):
        return repr(value)
    bits = operand_types(type_, model)[0].bits
    return f"{value} ({value % (1 << bits):#x})" + _pointed_to(machine, value, type_)


def _of_any_width(value: object) -> str:
    if value is None:
        return ""
    return f"{value} ({value:#x})" if isinstance(value, int) and value >= 0 else str(value)


def _type_of(signature: Signature | None, result: str | None, model: DataModel) -> GuestType | None:
    """The type of the result; None for void."""
    if signature is not None:
        return signature.results[0] if signature.results else None
    return register_wide(model) if result is None else parse_type(result)


def _pointed_to(machine: Machine, address: int, type_: GuestType) -> str:
    """The text at an address, quoted, where the type says that there is one."""
    if not isinstance(type_, CType) or type_.kind is not Kind.TEXT or not is_text(type_):
        return ""
    try:
        return f" {machine.memory.cstr(address, _LONGEST_TEXT)!r}"
    except MemoryFault as error:
        return f" (no text: {error.cause})"
