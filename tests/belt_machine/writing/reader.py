"""The reader phase of a line: constants, addresses, and what was spilled."""

from __future__ import annotations

from tests.belt_machine.operand import LETTERS
from tests.belt_machine.writing.line import Line, Phase
from tests.belt_machine.writing.shape import ANY, NONE, VALUE, Seen
from tests.belt_machine.writing.values import FLOATS, any_width, interesting, size

SCRATCH_OFFSETS = (0, 8, 4, 2, 16, 1, 12, 32, 48)
SCRATCH_END = 64
"""What spills at these offsets can reach."""


def read(line: Line, most: int) -> None:
    """List up to so many operations."""
    for _ in range(line.chooser.between(0, most)):
        text, seen = _operation(line)
        line.drop(Phase.READER, text, seen)


def _operation(line: Line) -> tuple[str, Seen]:
    around, chooser, name = line.around, line.chooser, line.around.name()
    match chooser.below(11):
        case 0 | 1 | 2:
            letter = any_width(chooser)
            number = interesting(chooser, size(letter))
            return f"con({number}, {letter})", Seen(size(letter), True, VALUE, name)
        case 3:
            letter, number = chooser.choose("bwdd"), chooser.between(-3, 3)
            seen = Seen(size(letter), True, VALUE, name, most=number)
            return f"con({number}, {letter})", seen
        case 4:
            letter = chooser.choose("wd")
            return f"con({chooser.choose(FLOATS)}, {letter})", Seen(size(letter), True, VALUE, name)
        case 5 | 7 if around.scratch and around.spilled:
            return _fill(line, name)
        case 6:
            letter = any_width(chooser)
            kind = chooser.choose(("zero", "one", "ones", "mins", "maxs", "none"))
            level = NONE if kind == "none" else VALUE
            return f"rd({kind}{letter})", Seen(size(letter), True, level, name)
        case 8 if around.indirect():
            target = chooser.choose(around.indirect()).name
            return f'lea("{target}")', Seen(8, True, VALUE, name, target=target)
        case _:
            return _pointer(line, name)


def _fill(line: Line, name: str) -> tuple[str, Seen]:
    """What has been spilled somewhere in the function, unless something else overlaps it."""
    offset, width = line.chooser.choose(sorted(line.around.spilled.items()))
    if line.chooser.chance(20):
        offset = line.chooser.choose(SCRATCH_OFFSETS)
    letter = LETTERS[width]
    return f"fill({offset}, {letter})", Seen(width, True, ANY, name)


def _pointer(line: Line, name: str) -> tuple[str, Seen]:
    """An address in the window, in data or in the stack frame; now and then of nothing."""
    around, chooser = line.around, line.chooser
    if around.data and chooser.chance(20):
        return f'lea("{around.data}")', Seen(8, True, VALUE, name, (0, around.data_size))
    if around.stack and chooser.chance(30):
        offset = chooser.below(around.stack)
        reach = (offset, around.stack - offset)
        return f"lea(fp, {offset})", Seen(8, True, VALUE, name, reach)
    offset = chooser.below(around.window_size)
    reach = (offset, around.window_size - offset)
    address = around.window + offset
    if chooser.chance(1):
        address = chooser.choose((8, 0, 0xFFFF_FFF0))
    letter = chooser.choose("ddw")
    return f"con({address}, {letter})", Seen(size(letter), True, VALUE, name, reach)
