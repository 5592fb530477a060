"""The compute phase of a line: whatever an assembler cannot object to."""

from __future__ import annotations

from tests.belt_machine.writing.line import Line, named
from tests.belt_machine.writing.memory import index, load, pickup
from tests.belt_machine.writing.shape import ANY, VALUE, Seen
from tests.belt_machine.writing.values import Reading, number
from tests.belt_machine.writing.vocabulary import CODES, GROUPS, SIZES, Word


def compute(line: Line, most: int) -> None:
    """List up to so many operations, and drop what retires."""
    reading = Reading(line.chooser, line.shape)
    for _ in range(line.chooser.between(0, most)):
        if reading.positions:
            _operation(line, reading)
    line.shape.retire()


def _operation(line: Line, reading: Reading) -> None:
    match line.chooser.below(20):
        case 0:
            line.issue("nop()", 1)
        case 1:
            _test(line, reading)
        case 2 | 3:
            index(line, reading)
        case 4 | 5 | 6:
            load(line, reading)
        case 7 | 8 if line.around.pending:
            pickup(line)
        case _:
            _strict(line, reading)


def _test(line: Line, reading: Reading) -> None:
    tested = line.chooser.choose(reading.positions)
    name = line.chooser.choose(("isNaR", "isNone"))
    seen = Seen(1, True, VALUE, line.around.name())
    line.issue(f"{name}({reading.spell(tested)}){named(seen)}", 1, seen)


def _strict(line: Line, reading: Reading) -> None:
    chooser = line.chooser
    word = chooser.choose(chooser.choose(GROUPS))
    operands = _operands(line, word, reading)
    if operands is None:
        return
    texts = [reading.spell(seen) for seen in operands]
    by_number = word.number and chooser.chance(40)
    if by_number:
        operands = operands[:1]
        texts[1:] = [_number(line, word, operands[0])]
    result = _result(line, word, operands, by_number)
    latency = line.shape.member.latency(word.name)
    unit, results = f"{word.name}({', '.join(texts)}){named(result)}", [result]
    while word.codes and chooser.chance(20):
        code = Seen(1, True, result.level, line.around.name())
        unit += f", {chooser.choose(CODES)}(){named(code)}"
        results.append(code)
    line.issue(unit, latency, *results)


def _operands(line: Line, word: Word, reading: Reading) -> list[Seen] | None:
    """Operands of one width that the operation does; others only where nobody can know."""
    widths = {SIZES[letter] for letter in word.widths}
    first = reading.find(lambda seen: seen.width in widths)
    if first is None or line.chooser.chance(3):
        first = reading.find(lambda seen: not seen.known)
    if first is None:
        return None
    operands = [first]
    for _ in range(word.count - 1):
        if word.amount:
            other = reading.find(lambda _: True)
        elif not any(seen.known for seen in operands) and line.chooser.chance(5):
            other = reading.find(lambda seen: not seen.known)
        else:
            other = reading.find(lambda seen: seen.width == operands[0].width)
        assert other is not None
        operands.append(other)
    return operands if _agree(word, operands) else None


def _agree(word: Word, operands: list[Seen]) -> bool:
    """Whether the widths that an assembler knows are alike, and the operation does them."""
    agreeing = operands[:1] if word.amount else operands
    known = {seen.width for seen in agreeing if seen.known}
    return len(known) < 2 and known <= {SIZES[letter] for letter in word.widths}


def _number(line: Line, word: Word, first: Seen) -> str:
    if word.amount:
        return str(line.chooser.below(8 * first.width if first.known else 8))
    return str(number(line.chooser, first))


def _result(line: Line, word: Word, operands: list[Seen], by_number: bool) -> Seen:
    agreeing = operands[:1] if word.amount else operands
    known = next((seen for seen in agreeing if seen.known), None)
    possible = {word.result(SIZES[letter]) for letter in word.widths}
    level = max(seen.level for seen in operands)
    if word.makes_nar or (word.amount and not by_number):
        level = ANY
    if not all(seen.known for seen in agreeing) and not (by_number and word.count == 2):
        level = ANY
    if known is None and len(possible) == 1:
        return Seen(possible.pop(), True, level, line.around.name())
    width = word.result((known or operands[0]).width)
    return Seen(width, known is not None, level, line.around.name())
