"""Loads, and the addresses of loads and stores: within what is there, nearly always."""

from __future__ import annotations

from tests.belt_machine.writing.line import Line, Phase, named
from tests.belt_machine.writing.shape import ANY, Seen
from tests.belt_machine.writing.values import Reading, any_width, size

TAGS = ("t0", "t1", "t2")


def place(line: Line, reading: Reading, width: int) -> tuple[str, int] | None:
    """Base and offset of so many bytes that are there, and what the base can be."""
    base = reading.find(lambda seen: seen.reach is not None and sum(seen.reach) >= width)
    if line.chooser.chance(2):
        base = reading.find(lambda seen: seen.level == ANY and seen.width == 8) or base
    if base is None:
        return None
    below, above = base.reach or (0, 0)
    moved = reading.find(
        lambda seen: seen.most is not None and -below <= seen.most <= above - width
    )
    if moved and line.chooser.chance(50):
        return f"{reading.spell(base)}, {reading.spell(moved)}", max(base.level, moved.level)
    offset = line.chooser.between(-below, max(above - width, -below))
    return f"{reading.spell(base)}, {offset}", base.level


def load(line: Line, reading: Reading) -> None:
    """A load of some delay, or with a tag."""
    letter = any_width(line.chooser)
    found = place(line, reading, size(letter))
    if found is None:
        return
    text, level = found
    if line.chooser.chance(20):
        tag = line.chooser.choose(TAGS)
        line.around.pending[tag] = size(letter)
        line.issue(f"load({text}, {letter}, {tag})", 1)
        return
    delay = line.chooser.choose((0, 0, 1, 2, 3, 5))
    seen = Seen(size(letter), True, level, line.around.name())
    line.issue(f"load({text}, {letter}, {delay}){named(seen)}", delay + 1, seen)


def pickup(line: Line) -> None:
    """Take or refuse what some load of the function has tagged, on this way or another."""
    tag = line.chooser.choose(sorted(line.around.pending))
    if line.chooser.chance(20):
        line.issue(f"refuse({tag})", 1)
        return
    seen = Seen(line.around.pending[tag], False, ANY, line.around.name())
    line.issue(f"pickup({tag}){named(seen)}", 1, seen)


def index(line: Line, reading: Reading) -> None:
    """A small number; or, with one and a pointer at hand, the pointer moved by it."""
    pointer = reading.find(lambda seen: seen.reach is not None and seen.width == 8)
    small = reading.find(lambda seen: seen.most is not None and seen.width == 8)
    name = line.around.name()
    if pointer and small:
        assert pointer.reach is not None and small.most is not None
        scale = line.chooser.choose((1, 2, 4, 8))
        far, (below, above) = small.most * scale, pointer.reach
        if -below <= far <= above:
            reach = (below + min(far, 0), above - max(far, 0))
            level = max(pointer.level, small.level)
            seen = Seen(8, pointer.known or small.known, level, name, reach)
            texts = f"{reading.spell(pointer)}, {reading.spell(small)}, {scale}"
            line.issue(f"addp({texts}){named(seen)}", 1, seen)
        return
    number = reading.find(lambda seen: seen.width == 8 and seen.known)
    if number:
        most = line.chooser.choose((3, 7, 1))
        seen = Seen(8, True, number.level, name, most=most)
        line.issue(f"andl({reading.spell(number)}, {most}){named(seen)}", 1, seen)


def store(line: Line, reading: Reading) -> None:
    """A store, seldom of what may be a NaR."""
    stored = reading.prefer(lambda seen: seen.level < ANY)
    assert stored is not None
    if stored.level == ANY and not line.chooser.chance(5):
        return
    found = place(line, reading, stored.width if stored.known else 16)
    if found is not None:
        line.add(Phase.WRITER, f"store({found[0]}, {reading.spell(stored)})")
