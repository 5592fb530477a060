"""Initialised data: items become bytes, and each piece of data its place behind the one before."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from attrs import define, field

from conasm.assembly import PlacedData
from conasm.errors import quote
from conasm.known_widths import check_float, check_integer
from conasm.nodes import Argument, Data, Float, Integer, Operation, Position, String
from conasm.operation import WIDTHS
from conasm.problems import Problems

LARGEST_DATA = 1 << 26
"""The most bytes that the data of a program may come to."""

LARGEST_ALIGNMENT = 4096
LEAST_ALIGNMENT = 16
ADDRESS_SIZE = 8


def align(offset: int, alignment: int) -> int:
    """Return the first multiple of `alignment` from `offset` on."""
    return -(-offset // alignment) * alignment


@define(eq=False)
class Layout:
    """Places data one after the other. `symbols` are the names whose addresses may stand in it.

    `is_whole` says that there are no others, so that those are mistakes.
    """

    symbols: Mapping[str, str]
    problems: Problems
    is_whole: bool = True
    placed: list[PlacedData] = field(factory=list[PlacedData])
    size: int = 0
    alignment: int = LEAST_ALIGNMENT

    def place(self, data: Data) -> None:
        """Lay out one piece, and report what cannot be an item of it."""
        image = _Image(self.symbols, self.problems, LARGEST_DATA - self.size, self.is_whole)
        for item in data.items:
            if image.is_full:
                break
            image.add(item)
        offset = align(self.size, image.alignment)
        content, relocations = bytes(image.content), tuple(image.relocations)
        self.placed.append(
            PlacedData(
                name=data.name,
                offset=offset,
                bytes=content,
                relocations=relocations,
                alignment=image.alignment,
                comment=data.comment,
                position=data.position,
            )
        )
        self.size = offset + len(content)
        self.alignment = max(self.alignment, image.alignment)


@define(eq=False)
class _Image:
    """The bytes of one piece of data as they grow, at most `room` of them."""

    symbols: Mapping[str, str]
    problems: Problems
    room: int
    is_whole: bool
    content: bytearray = field(factory=bytearray)
    relocations: list[tuple[int, str]] = field(factory=list[tuple[int, str]])
    alignment: int = LEAST_ALIGNMENT
    is_full: bool = False

    def add(self, item: Operation) -> None:
        """Append what an item says."""
        if item.name in WIDTHS:
            self.alignment = max(self.alignment, WIDTHS[item.name])
        add = _DIRECTIVES.get(item.name)
        if add is None:
            return  # the checker has complained of it
        if not item.arguments:
            self.problems.add(item.position, f"{item.name}() has nothing in it")
        for argument in item.arguments:
            if not self.is_full:
                add(self, item, argument)

    def _append(self, content: bytes, position: Position) -> None:
        if self._fits(len(content), position):
            self.content += content

    def _fits(self, count: int, position: Position) -> bool:
        if len(self.content) + count <= self.room:
            return True
        self.problems.add(position, f"the data is larger than {LARGEST_DATA} bytes")
        self.is_full = True
        return False

    # --- directives

    def scalar(self, item: Operation, argument: Argument) -> None:
        """Append a number, or leave room for an address."""
        size = WIDTHS[item.name]
        content = bytes(size)
        if isinstance(argument, Integer):
            check_integer(argument, size, "an item", self.problems)
            content = (argument.value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
        elif isinstance(argument, Float):
            known = len(self.problems)
            check_float(argument, size, self.problems)
            if known == len(self.problems):
                content = struct.pack("<f" if size == 4 else "<d", argument.value)
        elif isinstance(argument, String):
            self._relocate(item, argument)
        else:
            self._refuse(item, argument, "numbers, or names of data and functions")
        self._append(content, argument.position)

    def text(self, item: Operation, argument: Argument) -> None:
        """Append a text and its terminating NUL."""
        if isinstance(argument, String):
            self._append(argument.data + b"\0", argument.position)
        else:
            self._refuse(item, argument, "strings")

    def zero(self, item: Operation, argument: Argument) -> None:
        """Append zeros."""
        if not isinstance(argument, Integer) or argument.value < 0:
            self._refuse(item, argument, "a number of bytes")
        elif self._fits(argument.value, argument.position):
            self.content += bytes(argument.value)

    def align(self, item: Operation, argument: Argument) -> None:
        """Append zeros up to a multiple."""
        value = argument.value if isinstance(argument, Integer) else 0
        if not 1 <= value <= LARGEST_ALIGNMENT or value & (value - 1):
            self._refuse(item, argument, f"a power of two, at most {LARGEST_ALIGNMENT}")
            return
        self.alignment = max(self.alignment, value)
        self._append(bytes(-len(self.content) % value), argument.position)

    def _relocate(self, item: Operation, name: String) -> None:
        if WIDTHS[item.name] != ADDRESS_SIZE:
            why = f"an address takes 8 bytes: d({quote(name.text)}), not {item.name}"
            self.problems.add(name.position, f"{why}; text is written asciz(…)")
        elif name.text not in self.symbols:
            if self.is_whole:
                near = self.problems.suggest(name.text, self.symbols)
                why = f"there is no data or function {quote(name.text)}{near}"
                self.problems.add(name.position, why)
        else:
            self.relocations.append((len(self.content), name.text))

    def _refuse(self, item: Operation, argument: Argument, wanted: str) -> None:
        self.problems.add(argument.position, f"{item.name}(…) takes {wanted}")


_DIRECTIVES: dict[str, Callable[[_Image, Operation, Argument], None]] = {
    **dict.fromkeys(WIDTHS, _Image.scalar),
    "asciz": _Image.text,
    "zero": _Image.zero,
    "align": _Image.align,
}
