"""The call, pick and writer phases of a line, but for transfers."""

from __future__ import annotations

from tests.belt_machine.writing.around import Callee
from tests.belt_machine.writing.line import Line, Phase, named, quoted
from tests.belt_machine.writing.memory import store
from tests.belt_machine.writing.reader import SCRATCH_OFFSETS
from tests.belt_machine.writing.shape import ANY, NONE, VALUE, Seen
from tests.belt_machine.writing.values import Reading

MOST_FUEL = 3
MOST_RESULTS = 3

# --- call


def call(line: Line) -> None:
    """List calls, each of which sees what the one before dropped."""
    while line.chooser.chance(15):
        reading = Reading(line.chooser, line.shape)
        address = reading.find(lambda seen: bool(seen.target) and seen.level < ANY)
        callee = _callee(line, address)
        if callee is not None:
            _call(line, reading, callee, address)


def _callee(line: Line, address: Seen | None) -> Callee | None:
    """What is called, through an address or by name; None if that could take too long."""
    around = line.around
    if address is not None:
        callee = next(each for each in around.callees if each.name == address.target)
    elif around.callees:
        callee = line.chooser.choose(around.callees)
    else:
        return None
    return callee if around.spend(callee.cost) else None


def _call(line: Line, reading: Reading, callee: Callee, address: Seen | None) -> None:
    chooser = line.chooser
    arguments = reading.spell_all(callee.widths)
    if callee.fuel:
        fuel = reading.find(_is_fuel)
        if fuel is None:
            return
        arguments[0] = reading.spell(fuel)
    count = len(callee.results)
    if address and chooser.chance(20):  # any number will do when nobody knows
        count, arguments = chooser.below(MOST_RESULTS + 1), arguments[: chooser.below(3)]
    predicate = reading.prefer(lambda seen: seen.level < ANY) if chooser.chance(35) else None
    if predicate is not None and predicate.level == ANY and not chooser.chance(10):
        predicate = None
    sense = chooser.choose(("tr", "fl")) if predicate else ""
    form = str(count) if count < 2 and not chooser.chance(20) else "n"
    if form == "n" and not sense and chooser.chance(30):
        form = ""
    listed = [reading.spell(predicate)] if predicate else []
    listed += [] if form in ("0", "1") else [str(count)]
    listed += [reading.spell(address) if address else quoted(callee.name), *arguments]
    results = _results(line, callee, count, is_direct=address is None)
    text = f"call{sense}{form}({', '.join(listed)})"
    line.add(Phase.CALL, text + "".join(map(named, results)))
    line.shape.drop(results)


def call_itself(line: Line, callee: Callee, fuel: Seen) -> None:
    """Have a function call itself; `fuel` is its first argument."""
    reading = Reading(line.chooser, line.shape)
    arguments = [reading.spell(fuel), *reading.spell_all(callee.widths[1:])]
    count = len(callee.results)
    results = _results(line, callee, count, is_direct=True)
    text = f"calln({', '.join([str(count), quoted(callee.name), *arguments])})"
    line.add(Phase.CALL, text + "".join(map(named, results)))
    line.shape.drop(results)


def _is_fuel(seen: Seen) -> bool:
    return seen.most is not None and 0 <= seen.most <= MOST_FUEL and seen.level == VALUE


def _results(line: Line, callee: Callee, count: int, *, is_direct: bool) -> list[Seen]:
    """All of them with names, or none."""
    widths = [*callee.results, *[1] * count][:count]
    is_named = not line.chooser.chance(20)
    known = callee.declared and is_direct
    return [Seen(width, known, ANY, line.around.new_name() if is_named else "") for width in widths]


# --- pick


def pick(line: Line) -> None:
    """List operations that all read first, then drop."""
    reading = Reading(line.chooser, line.shape)
    dropped: list[list[Seen]] = []
    while reading.positions and line.chooser.chance(25):
        match line.chooser.below(5):
            case 0:
                dropped.append(_rescue(line, reading))
            case 1:
                dropped.append([_recur(line, reading)])
            case _:
                dropped.append([_pick(line, reading)])
    for results in dropped:
        line.shape.drop(results)


def _rescue(line: Line, reading: Reading) -> list[Seen]:
    kept = [line.chooser.choose(reading.positions) for _ in range(line.chooser.between(1, 2))]
    texts = [reading.spell(seen) for seen in kept]
    line.add(Phase.PICK, f"rescue({', '.join(texts)})")
    return [seen.again(text) for seen, text in zip(kept, texts, strict=True)]


def _pair(line: Line, reading: Reading) -> tuple[Seen, Seen]:
    """Two operands, mostly of one width."""
    first = line.chooser.choose(reading.positions)
    other = reading.find(lambda seen: seen.width == first.width)
    if other is None or line.chooser.chance(10):
        other = line.chooser.choose(reading.positions)
    return first, other


def _agreed(first: Seen, other: Seen) -> bool:
    return first.known and other.known and first.width == other.width


def _recur(line: Line, reading: Reading) -> Seen:
    first, other = _pair(line, reading)
    level = other.level if first.level < ANY else ANY
    seen = Seen(first.width, _agreed(first, other), level, line.around.name())
    line.add(Phase.PICK, f"recur({reading.spell(first)}, {reading.spell(other)}){named(seen)}")
    return seen


def _pick(line: Line, reading: Reading) -> Seen:
    first, other = _pair(line, reading)
    selector = reading.prefer(lambda seen: seen.level < ANY)
    assert selector is not None
    name = line.around.name()
    if line.chooser.chance(30):
        level = max(selector.level, first.level, NONE)
        seen = Seen(first.width, first.known, level, name, first.reach, first.most)
        texts = [selector, first]
    else:
        level = max(selector.level, first.level, other.level)
        seen = Seen(first.width, _agreed(first, other), level, name)
        texts = [selector, first, other]
    line.add(Phase.PICK, f"pick({', '.join(map(reading.spell, texts))}){named(seen)}")
    return seen


# --- writer


def write(line: Line) -> Reading:
    """List stores, spills and perhaps a conform; what transfers read is returned."""
    reading = Reading(line.chooser, line.shape)
    while reading.positions and line.chooser.chance(30):
        if line.around.scratch and line.chooser.chance(50):
            _spill(line, reading)
        else:
            store(line, reading)
    if reading.positions and line.chooser.chance(3):
        kept = [line.chooser.choose(reading.positions) for _ in range(line.chooser.between(1, 5))]
        texts = {seen: reading.spell(seen) for seen in kept}
        line.add(Phase.WRITER, f"conform({', '.join(texts.values())})")
        line.shape.positions[:] = [seen.again(text) for seen, text in texts.items()]
    return reading


def _spill(line: Line, reading: Reading) -> None:
    offset = line.chooser.choose(SCRATCH_OFFSETS)
    if line.chooser.chance(5):
        line.add(Phase.WRITER, f"spill({offset}, {reading.spell_any()})")
        return
    spilled = line.chooser.choose(reading.positions)
    line.around.spilled[offset] = spilled.width
    line.add(Phase.WRITER, f"spill({offset}, {reading.spell(spilled)})")
