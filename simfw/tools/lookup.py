"""Functions and symbols of an image by what the user writes: a name, an address, a pattern."""

from __future__ import annotations

from fnmatch import fnmatchcase

from simfw.errors import SymbolNotFound
from simfw.image import Image, Symbol, SymbolKind


def name_or_address(text: str) -> str | int:
    """The number that a text beginning with `0x` is, or the text; SymbolNotFound for neither."""
    if not text.lower().startswith("0x"):
        return text
    try:
        return int(text, 16)
    except ValueError:
        raise SymbolNotFound(f"{text!r} is no address; write it as 0x1000") from None


def function_named(image: Image, text: str) -> Symbol:
    """The function of that name, or the one at a hexadecimal address; else SymbolNotFound."""
    place = name_or_address(text)
    if isinstance(place, str):
        found = image.symbols.find(text)
        if found.kind is SymbolKind.OBJECT:
            raise SymbolNotFound(f"{text!r} is a variable of {image.name}, no function")
        return found
    covering = image.symbols.at(place)
    if covering is None or covering[0].kind is SymbolKind.OBJECT:
        raise SymbolNotFound(f"{image.name} has no function at {text}")
    return covering[0]


def matching(image: Image, pattern: str | None, kind: SymbolKind | None) -> list[Symbol]:
    """The symbols of a kind whose names match, by ascending address.

    A pattern with `*`, `?` or `[` is matched as a whole, any other as a part, both without
    regard to case. Raises SymbolNotFound, with near names, if there are none.
    """
    of_kind = [one for one in image.symbols if kind is None or one.kind is kind]
    if pattern is None:
        if not of_kind:
            raise SymbolNotFound(_nothing_of(image, kind))
        return of_kind
    folded = pattern.casefold()
    glob = folded if any(letter in folded for letter in "*?[") else f"*{folded}*"
    found = [one for one in of_kind if fnmatchcase(one.qualified.casefold(), glob)]
    if not found:
        raise SymbolNotFound(_nothing(image, pattern, kind))
    return found


def _nothing_of(image: Image, kind: SymbolKind | None) -> str:
    if kind is None or not len(image.symbols):
        return f"{image.name} has no symbols; it was stripped (linked with -s), or is a flat binary"
    return f"none of the {len(image.symbols)} symbols of {image.name} is of kind {kind.value}"


def _nothing(image: Image, pattern: str, kind: SymbolKind | None) -> str:
    of_others = sum(pattern.casefold() in one.name.casefold() for one in image.symbols)
    if kind is not None and of_others:
        return f"no {kind.value} of {image.name} matches {pattern!r}, but {of_others} others do"
    from conasm.nearby import suggest

    near = suggest(pattern, (one.name for one in image.symbols))
    return f"no symbol of {image.name} matches {pattern!r}{near}"
