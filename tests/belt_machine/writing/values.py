"""What operations read: operands of the belt, spelled by name or position, and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.belt_machine.writing.chooser import Chooser
from tests.belt_machine.writing.shape import VALUE, Seen, Shape
from tests.belt_machine.writing.vocabulary import SIZES, WIDTHS


class Reading:
    """The belt as it stands when a phase begins, which is what all of the phase can read."""

    def __init__(self, chooser: Chooser, shape: Shape) -> None:
        self._chooser = chooser
        self._length = shape.member.belt
        self.positions = tuple(shape.positions)

    def find(self, fits: Callable[[Seen], bool]) -> Seen | None:
        """Some operand that fits, or None."""
        fitting = [seen for seen in self.positions if fits(seen)]
        return self._chooser.choose(fitting) if fitting else None

    def prefer(self, fits: Callable[[Seen], bool]) -> Seen | None:
        """Some operand, one that fits if there is any."""
        return self.find(fits) or self.find(lambda _: True)

    def spell(self, seen: Seen) -> str:
        if seen.name and not self._chooser.chance(30):
            return f"%{seen.name}"
        return f"b{self.positions.index(seen)}"

    def spell_any(self) -> str:
        """Any position, which may never have been filled."""
        if self.positions and not self._chooser.chance(5):
            return self.spell(self._chooser.choose(self.positions))
        return f"b{self._chooser.below(self._length)}"

    def spell_all(self, wanted: Sequence[int]) -> list[str]:
        """An operand for each width, of that width if there is one."""
        return [self._spell_like(width) for width in wanted]

    def _spell_like(self, width: int) -> str:
        seen = self.find(lambda seen: seen.width == width and seen.level == VALUE)
        seen = seen or self.find(lambda seen: seen.width == width)
        return self.spell(seen) if seen and not self._chooser.chance(10) else self.spell_any()


def number(chooser: Chooser, seen: Seen) -> int:
    """A number for the last place of an operation on that operand."""
    if not seen.known:
        return chooser.between(-8, 100)
    return interesting(chooser, seen.width)


def interesting(chooser: Chooser, width: int) -> int:
    """A number that the width can hold, as signed or as unsigned: small, or near a limit."""
    bits = 8 * width
    small = chooser.between(-3, 12)
    match chooser.below(8):
        case 0 | 1 | 2 | 3:
            return small
        case 4:
            return (1 << (bits - 1)) - 1 - abs(small)
        case 5:
            return -(1 << (bits - 1)) + abs(small)
        case 6:
            return (1 << bits) - 1 - abs(small)
        case _:
            return (0x9E3779B97F4A7C15F39CC0605CEDC835 >> chooser.below(64)) % (1 << bits)


FLOATS = ("0.0", "1.0", "-1.5", "0.1", "3.0e10", "-2.5e-3", "1.0e30", "7.0e-46")


def any_width(chooser: Chooser) -> str:
    """A width's letter; w and d are the most frequent."""
    return chooser.choose("wwd" + WIDTHS)


def size(letter: str) -> int:
    return SIZES[letter]
