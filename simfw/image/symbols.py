"""The symbols of an image: from a name to an address, and from an address to a name.

A table is made without reading anything: the first question reads the rows from the image's
source. Whether a name can exist at all is asked of the source directly, so that an image with
50,000 symbols costs nothing until one of them is wanted.
"""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Literal, Protocol, TypeAlias

from attrs import frozen

from simfw.errors import SymbolNotFound
from simfw.image.ranges import Ranges, Span
from simfw.image.suggestions import COMPILED, describe_missing


class SymbolKind(enum.Enum):
    """What a symbol stands for. `OTHER` is mostly labels of assembly and linker scripts."""

    FUNCTION = "function"
    OBJECT = "object"
    OTHER = "other"
    THREAD_LOCAL = "thread-local"


Binding = Literal["LOCAL", "WEAK", "GLOBAL"]
_PREFERENCE: dict[Binding, int] = {"LOCAL": 0, "WEAK": 1, "GLOBAL": 2}
_SEARCH_ORDER = (SymbolKind.FUNCTION, SymbolKind.OBJECT, SymbolKind.OTHER)


@frozen
class Symbol:
    """A name in the guest, with its address and size in bytes (0 where the file does not tell).

    `file` is the source file of a local symbol as the compiler recorded it; `section` is None for
    absolute symbols. A `THREAD_LOCAL` symbol's address is its offset in the thread's block.
    """

    name: str
    address: int
    size: int
    kind: SymbolKind
    binding: Binding
    file: str | None = None
    section: str | None = None

    @property
    def qualified(self) -> str:
        """The name by which `find` tells local symbols apart: `uart.c:init`."""
        return f"{self.file}:{self.name}" if self.file else self.name


Row: TypeAlias = tuple[str, int, int, SymbolKind, Binding, str | None, str | None]
"""The fields of a `Symbol`, in order; most rows are never looked at, so none is made an object."""


class SymbolSource(Protocol):
    """Where a table has its rows from. Sources are values: they compare and pickle as such."""

    def rows(self) -> list[Row]:
        """All symbols, without mapping symbols (`$x`, `.L0`), undefined ones and file names."""
        ...

    def section_ends(self) -> dict[str, int]:
        """The first address behind each section."""
        ...

    def may_hold(self, name: str) -> bool:
        """False when the name is certainly not there; must be fast."""
        ...


@frozen
class NoSymbols:
    """The source of images without symbols: flat binaries and stripped ELF files."""

    def rows(self) -> list[Row]:
        """Nothing."""
        return []

    def section_ends(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def may_hold(self, name: str) -> bool:
        """Never."""
        del name
        return False


class SymbolTable:
    """The symbols of one image. `image_name` stands in messages, `advice` in that on missing ones.

    Reading a damaged table raises `LoadError` at the first question that needs it.
    """

    def __init__(self, source: SymbolSource, image_name: str, advice: str = COMPILED) -> None:
        self._source = source
        self._image_name = image_name
        self._advice = advice

    def __reduce__(self) -> tuple[object, ...]:
        return SymbolTable, (self._source, self._image_name, self._advice)

    def __repr__(self) -> str:
        return f"<SymbolTable of {self._image_name}>"

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Symbol]:
        """All symbols by ascending address."""
        return (Symbol(*row) for row in self._rows)

    def __contains__(self, name: str) -> bool:
        plain = name.rpartition(":")[2]
        return self._source.may_hold(plain) and bool(self._named(name))

    @cached_property
    def functions(self) -> tuple[Symbol, ...]:
        """All functions by ascending address."""
        return self._of_kind(SymbolKind.FUNCTION)

    @cached_property
    def objects(self) -> tuple[Symbol, ...]:
        """All objects (variables and constants) by ascending address."""
        return self._of_kind(SymbolKind.OBJECT)

    def find(self, name: str) -> Symbol:
        """The symbol called `name`, a global one before a local one.

        Where several files have a local symbol of that name, write `"uart.c:init"`. Raises
        `SymbolNotFound` when there is none, or when the name means several, with what to write
        instead.
        """
        rows = self._named(name)
        addressed = [row for row in rows if row[3] is not SymbolKind.THREAD_LOCAL]
        if rows and not addressed:
            raise SymbolNotFound(
                f"{name!r} is thread-local in {self._image_name}: it has an address in each "
                "thread and none in the image; let a guest function return its address"
            )
        if not addressed:
            names = [row[0] for row in self._rows]
            raise SymbolNotFound(describe_missing(name, names, self._image_name, self._advice))
        return self._choose(name, addressed)

    def at(self, address: int) -> tuple[Symbol, int] | None:
        """The symbol that covers `address` and the offset in it, functions before all others.

        A symbol of unknown size reaches to the next one of its section.
        """
        for kind in _SEARCH_ORDER:
            row = self._ranges[kind].find(address)
            if row is not None:
                symbol = Symbol(*self._rows[row])
                return symbol, address - symbol.address
        return None

    @cached_property
    def _rows(self) -> list[Row]:
        return sorted(self._source.rows(), key=_by_address)

    @cached_property
    def _by_name(self) -> dict[str, list[Row]]:
        named: dict[str, list[Row]] = {}
        for row in self._rows:
            named.setdefault(row[0], []).append(row)
        return named

    @cached_property
    def _ranges(self) -> dict[SymbolKind, Ranges]:
        ends = self._source.section_ends()
        return {kind: Ranges(_spans(self._rows, kind, ends)) for kind in _SEARCH_ORDER}

    def _of_kind(self, kind: SymbolKind) -> tuple[Symbol, ...]:
        return tuple(Symbol(*row) for row in self._rows if row[3] is kind)

    def _named(self, name: str) -> list[Row]:
        rows = self._by_name.get(name)
        if rows is not None:
            return rows
        file, _, plain = name.rpartition(":")
        rows = self._by_name.get(plain, []) if file else []
        return [row for row in rows if row[5] and _is_file(row[5], file)]

    def _choose(self, name: str, rows: Sequence[Row]) -> Symbol:
        best = max(_PREFERENCE[row[4]] for row in rows)
        rows = [row for row in rows if _PREFERENCE[row[4]] == best]
        if len({row[1] for row in rows}) > 1:
            choices = ", ".join(f'"{Symbol(*row).qualified}" at {row[1]:#x}' for row in rows[:8])
            raise SymbolNotFound(
                f"{name!r} means {len(rows)} symbols of {self._image_name}: {choices}; "
                "name one with its file, or use its address"
            )
        return Symbol(*rows[0])


def _by_address(row: Row) -> int:
    return row[1]


def _is_file(recorded: str, wanted: str) -> bool:
    return recorded == wanted or recorded.endswith("/" + wanted)


def _spans(rows: Sequence[Row], kind: SymbolKind, ends: dict[str, int]) -> list[Span]:
    """What each row of a kind covers; rows ascend by address.

    A symbol of unknown size is cut at the next one of its section: a label at any, a function or
    object not at a mere label.
    """
    starts: dict[str, list[int]] = {}
    for _, address, _, its_kind, _, _, section in rows:
        if section and (kind is SymbolKind.OTHER or its_kind is not SymbolKind.OTHER):
            starts.setdefault(section, []).append(address)
    spans: list[Span] = []
    for index, (_, address, size, its_kind, binding, _, section) in enumerate(rows):
        if its_kind is kind:
            end = address + size if size else _reach(address, section, starts, ends)
            spans.append((address, end, _PREFERENCE[binding], index))
    return spans


def _reach(
    address: int, section: str | None, starts: dict[str, list[int]], ends: dict[str, int]
) -> int:
    """Where a symbol of unknown size ends; before its start if it lies outside its section.

    An absolute symbol of unknown size covers nothing: it is a number as often as a place.
    """
    if section is None:
        return address
    end = ends.get(section, address)
    neighbours = starts.get(section, [])
    following = bisect_right(neighbours, address)
    return min(end, neighbours[following]) if following < len(neighbours) else end
