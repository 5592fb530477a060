"""Disassembly as lines: addresses, bytes, functions' labels, and names of what is referred to.

Code is decoded from one label to the next. Addresses that an instruction reaches are named where
the instruction tells: targets of jumps and branches, and data whose address was made in a
register by the instructions right before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from textwrap import indent

from attrs import field, frozen

from simfw.image import Image, Symbol, SymbolKind
from simfw.ir.printer import text_of
from simfw.permissions import Permissions
from simfw.riscv.disassemble import disassemble
from simfw.riscv.isa import Instruction, Isa, isa_with
from simfw.tools.reached import KnownAddresses

_LONGEST_ZEROS = 8
"""Bytes of zeros in code that are shown; more are alignment, and become `...`."""


@frozen
class Span:
    """A range of code, with its bytes as the file has them."""

    start: int
    data: bytes = field(repr=False)

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + len(self.data)


class Code:
    """Where an image has code, and which part of it belongs to a function."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._starts = [function.address for function in image.symbols.functions]

    @cached_property
    def spans(self) -> list[Span]:
        """Executable sections, or of an image without sections such segments, ascending."""
        executable = Permissions.EXECUTE
        sections = [each for each in self._image.sections if each.permissions & executable]
        segments = [each for each in self._image.segments if each.permissions & executable]
        places = [(each.address, each.stored) for each in sections if each.stored]
        places = places or [(each.address, len(each.data)) for each in segments]
        return [self._span(*place) for place in sorted(places)]

    def of(self, function: Symbol) -> Span:
        """The code of a function; up to the next one where its size is not known."""
        start, size = function.address, function.size
        if not size:
            following = bisect_right(self._starts, start)
            size = self._starts[following] - start if following < len(self._starts) else None
        return self._span(start, size)

    def _span(self, start: int, size: int | None) -> Span:
        """The range, as far as it lies in one segment and the file has bytes for it."""
        for segment in self._image.segments:
            if start in segment:
                data = segment.data[start - segment.address :]
                return Span(start, data if size is None else data[:size])
        return Span(start, b"")


def undecodable(span: Span, isa: Isa) -> tuple[int, int] | None:
    """The first word of a range that is no instruction, with its address; None if there is none."""
    data, decode = span.data, isa.decode
    place = 0
    while place < len(data):
        word = int.from_bytes(data[place : place + 4], "little")
        instruction = decode(word)
        if instruction is None:
            return span.start + place, word if word & 3 == 3 else word & 0xFFFF
        place += instruction.length
    return None


class Listing:
    """Writes the code of one image as lines."""

    def __init__(self, image: Image, *, with_ir: bool = False) -> None:
        self._image = image
        self._isa = isa_with(image.xlen, image.extensions)
        self._with_ir = with_ir
        self._width = len(f"{image.highest:x}")
        self._labels: dict[int, list[str]] = {}
        for symbol in image.symbols:
            if symbol.kind in (SymbolKind.FUNCTION, SymbolKind.OTHER) and symbol.section:
                self._labels.setdefault(symbol.address, []).append(symbol.name)
        self._addresses = KnownAddresses(image.xlen)

    def lines(self, span: Span) -> Iterator[str]:
        """The lines of a range of code."""
        address = span.start
        while address < span.end:
            if address in self._labels:
                self._addresses.forget()
                yield from self._heading(address)
            zeros = _zeros(span.data, address - span.start)
            if zeros > _LONGEST_ZEROS:
                address += self._before_label(address, zeros)
                yield f"{'...':>{self._width + 4}}"
                continue
            word = int.from_bytes(span.data[address - span.start :][:4], "little")
            instruction = self._isa.decode(word)
            length = instruction.length if instruction else 4 if word & 3 == 3 else 2
            length = min(length, span.end - address)
            yield from self._line(address, word & (1 << 8 * length) - 1, length, instruction)
            address += length

    def _heading(self, address: int) -> Iterator[str]:
        yield ""
        for name in self._labels[address]:
            yield f"{address:0{self._width}x} <{name}>:"

    def _before_label(self, address: int, length: int) -> int:
        """How much of a range lies before the next label in it; whole instructions."""
        labels = (address + step for step in range(2, length, 2))
        return next((label - address for label in labels if label in self._labels), length & -2)

    def _line(
        self, address: int, word: int, length: int, instruction: Instruction | None
    ) -> Iterator[str]:
        head = f"{address:>{self._width}x}:  {word:0{2 * length}x}"
        if instruction is None:
            self._addresses.forget()
            yield f"{head:<{self._width + 13}}.{length}byte {word:#x}"
            return
        mnemonic, _, operands = disassemble(instruction, address, xlen=self._image.xlen).partition(
            " "
        )
        reached = self._addresses.reached(address, instruction)
        text = f"{head:<{self._width + 13}}{mnemonic:<9} {operands}"
        yield text.rstrip() + ("" if reached is None else self._named(reached, operands))
        if self._with_ir:
            block = instruction.record.block(
                self._image.xlen, address, instruction.length, instruction.values
            )
            yield indent(text_of(block) or "nothing", " " * (self._width + 13) + "| ")

    def _named(self, address: int, operands: str) -> str:
        """A remark on an address: its name, and the address unless the operands show it."""
        found = self._image.symbols.at(address)
        parts = [] if f"{address:#x}" in operands else [f"{address:#x}"]
        if found is not None:
            parts.append(f"<{found[0].name}" + f"+{found[1]:#x}" * bool(found[1]) + ">")
        return f"  # {' '.join(parts)}" if parts else ""


def _zeros(data: bytes, start: int) -> int:
    """How many bytes from a place on are zero; of very many only so many."""
    if data[start : start + 2] != b"\0\0":
        return 0
    rest = data[start : start + 4096]
    return len(rest) - len(rest.lstrip(b"\0"))
