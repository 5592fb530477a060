"""The arguments of a guest function as the command line spells them.

what it looks like       without a declaration      with one
42  -7  0x2a  0b101      an integer                 where the parameter is a number
1.5  -2e3  inf           a double                   where it is a floating-point number
true  false              text                       where it is a bool
&name  &name+4           an address                 likewise, where an address may stand
hex:00ff  file:PATH      bytes                      likewise
text:42                  text                       likewise
anything else            text                       text; its UTF-8 where bytes are wanted
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from conasm.ctypes import CType, Kind
from conasm.errors import quote
from simfw.errors import ArgumentError
from simfw.signature import Signature
from simfw.types import GuestType, is_text

_ADDRESS = re.compile(r"&([^+]+)(?:\+(\w+))?")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_UNREADABLE = object()


class Addresses(Protocol):
    """Where the names of a guest lie."""

    def address_of(self, name: str, /) -> int:
        """The address of a function or object; SymbolNotFound if there is none."""
        ...


def parse_arguments(
    texts: Sequence[str], signature: Signature | None, guest: Addresses
) -> list[object]:
    """The values of arguments, by the types that a signature gives them, or by their looks.

    Raises ArgumentError, which says what the parameter takes. That there are too few or too many
    is for the call to say.
    """
    if signature is None:
        return [_guess(text, guest) for text in texts]
    types = [parameter.type for parameter in signature.parameters]
    known = min(len(texts), len(types))
    typed = [
        _typed(text, types[index], f"{signature.parameter_label(index + 1)}", guest)
        for index, text in enumerate(texts[:known])
    ]
    return [*typed, *texts[known:]]


def _guess(text: str, guest: Addresses) -> object:
    for value in (_marked(text, guest), _integer(text), _float(text)):
        if value is not _UNREADABLE:
            return value
    return text


def _typed(text: str, type_: GuestType, label: str, guest: Addresses) -> object:
    marked = _marked(text, guest)
    if marked is not _UNREADABLE:
        return marked
    kind = type_.kind if isinstance(type_, CType) else Kind.INTEGER
    value, wanted = _by_kind(text, kind, isinstance(type_, CType) and is_text(type_))
    if value is _UNREADABLE:
        raise ArgumentError(f"{label} is {quote(text)}; {type_.spelling} takes {wanted}")
    return value


def _by_kind(text: str, kind: Kind, takes_text: bool) -> tuple[object, str]:
    """The value of a parameter of a kind, and what such a parameter takes, in words."""
    match kind:
        case Kind.INTEGER:
            return _integer(text), "an integer such as 42, -7 or 0x2a"
        case Kind.FLOAT:
            return _float(text), "a number such as 1.5 or -2e3"
        case Kind.BOOL:
            return _TRUTH.get(text.lower(), _UNREADABLE), "true or false"
        case Kind.BYTES:
            return text.encode("utf-8", "surrogateescape"), "text, hex:… or file:PATH"
        case Kind.TEXT:
            return text, "text"
        case _:
            value = _integer(text)
            wanted = "an address such as 0x1000 or &name, or data as hex:… or file:PATH"
            return (text if takes_text and value is _UNREADABLE else value), wanted


def _marked(text: str, guest: Addresses) -> object:
    """The value of a text that says what it is: `hex:`, `file:`, `text:` or `&`."""
    prefix, colon, rest = text.partition(":")
    if colon and prefix == "text":
        return rest
    if colon and prefix == "file":
        return _content(rest)
    if colon and prefix == "hex":
        return _bytes(rest)
    found = _ADDRESS.fullmatch(text)
    return _UNREADABLE if found is None else _address(found[1], found[2] or "0", guest)


def _address(name: str, offset: str, guest: Addresses) -> int:
    distance = _integer(offset)
    if not isinstance(distance, int):
        raise ArgumentError(f"&{name}+{offset}: {offset!r} is no number of bytes")
    return guest.address_of(name) + distance


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ArgumentError(f"file:{path}: {reason}; give the path of a file") from None


def _bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise ArgumentError(
            f"hex:{quote(digits)}: write bytes as pairs of hexadecimal digits, such as hex:00ff"
        ) from None


def _integer(text: str) -> object:
    for base in (0, 10):  # in 10 a number may begin with zeros
        try:
            return int(text, base)
        except ValueError:
            continue
    return _UNREADABLE


def _float(text: str) -> object:
    try:
        return float.fromhex(text) if "0x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        return _UNREADABLE
