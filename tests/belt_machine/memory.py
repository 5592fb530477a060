"""Memory: a few ranges of bytes, little-endian; and where data and functions of a unit lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from conasm.nodes import Data, Float, Integer, Operation, String, Unit
from tests.belt_machine.faults import Mistake
from tests.belt_machine.floating import from_float
from tests.belt_machine.operand import WIDTHS


@dataclass
class Memory:
    """Ranges by address. What lies in none of them is not there."""

    ranges: dict[int, bytearray] = field(default_factory=dict)

    def find(self, address: int, size: int) -> tuple[bytearray, int] | None:
        """The range that holds all of these bytes, and where in it they begin."""
        for base, content in self.ranges.items():
            if base <= address and address + size <= base + len(content):
                return content, address - base
        return None

    def read(self, address: int, size: int) -> int | None:
        """The number there, or None if not all of it is there."""
        found = self.find(address, size)
        if found is None:
            return None
        content, start = found
        return int.from_bytes(content[start : start + size], "little")

    def write(self, address: int, size: int, number: int) -> bool:
        """Write a number; False, and nothing is written, if not all of it is there."""
        found = self.find(address, size)
        if found is None:
            return False
        content, start = found
        content[start : start + size] = number.to_bytes(size, "little")
        return True

    def provide(self, address: int, content: bytes) -> None:
        """Have these bytes there, in a range of their own where there is none."""
        found = self.find(address, len(content))
        if found is None:
            self.ranges[address] = bytearray(content)
        else:
            target, start = found
            target[start : start + len(content)] = content

    def copy(self) -> dict[int, bytes]:
        return {base: bytes(content) for base, content in self.ranges.items()}


@dataclass(frozen=True)
class Placement:
    """Addresses by name, and the bytes that all data make from `base` on."""

    symbols: Mapping[str, int]
    base: int
    content: bytes


FIRST_FUNCTION = 0x1000
FIRST_DATA = 0x8000
_ALIGNMENT = 16


def place(
    unit: Unit, base: int = FIRST_DATA, symbols: Mapping[str, int] | None = None
) -> Placement:
    """Give functions, outcalls and data addresses, or take those of `symbols`."""
    if symbols is None:
        symbols = dict(_addresses(unit, base))
    content = bytearray()
    for data in unit.data:
        start = symbols[data.name] - base
        content.extend(bytes(start - len(content)))
        content += _content(data, symbols)
    return Placement(symbols, base, bytes(content))


def _addresses(unit: Unit, base: int) -> Iterator[tuple[str, int]]:
    for index, called in enumerate([*unit.functions, *unit.outcalls]):
        yield called.name, FIRST_FUNCTION + 16 * index
    for data in unit.data:
        yield data.name, base
        base += _up(len(_content(data, None)), _ALIGNMENT)


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def _content(data: Data, symbols: Mapping[str, int] | None) -> bytes:
    """The bytes of one item after the other; names are worth 0 without `symbols`."""
    content = bytearray()
    for item in data.items:
        if item.name == "align":
            content.extend(bytes(_up(len(content), _number(item)) - len(content)))
        elif item.name == "zero":
            content.extend(bytes(_number(item)))
        elif item.name == "asciz":
            for text in item.arguments:
                assert isinstance(text, String)
                content += text.data + b"\0"
        else:
            for number in _numbers(item, symbols):
                content += number.to_bytes(WIDTHS[item.name], "little")
    return bytes(content)


def _number(item: Operation) -> int:
    match item.arguments:
        case (Integer(value=number),):
            return number
        case _:
            raise Mistake(f"{item.name} takes one number", item.position)


def _numbers(item: Operation, symbols: Mapping[str, int] | None) -> Iterator[int]:
    width = WIDTHS[item.name]
    for argument in item.arguments:
        match argument:
            case Integer(value=number):
                yield number % (1 << (8 * width))
            case Float(value=number):
                yield from_float(number, width)
            case String(text=name):
                yield symbols[name] if symbols is not None else 0
            case _:
                raise Mistake("data are numbers and names", argument.position)
