"""Blocks: branches that carry operands or leave the belt alone, joins, loops that end.

A loop counts down a number of its own, which it keeps in the scratchpad, out of the way of
everything else. All other branches go forward. So every function ends, whatever it computes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.belt_machine.writing.around import Callee, Surroundings
from tests.belt_machine.writing.compute import compute
from tests.belt_machine.writing.line import Line, Phase
from tests.belt_machine.writing.phases import call, call_itself, pick, write
from tests.belt_machine.writing.reader import SCRATCH_END, read
from tests.belt_machine.writing.shape import ANY, VALUE, Seen, Shape
from tests.belt_machine.writing.values import Reading

MOST_REPEATS = 3
MOST_LOOPS = 8
SCRATCH_SIZE = SCRATCH_END + 8 * MOST_LOOPS


@dataclass
class Label:
    """A place to branch to. `params` are known from the first arc on; without names None.

    `belts` are those that arrive at a label without names.
    """

    name: str
    is_named: bool = True
    params: list[Seen] | None = None
    belts: list[list[Seen]] = field(default_factory=list)


class Body:
    """The code of a function as it grows; `shape` is the belt at its end."""

    def __init__(self, around: Surroundings, shape: Shape, results: int, size: int) -> None:
        self.around = around
        self.chooser = around.chooser
        self.shape = shape
        self.results = results
        self.size = size
        self.lines: list[str] = []
        self._labels = 0
        self._loops = 0
        self._out: Label | None = None
        self._is_done = False

    # --- lines

    def line(self) -> tuple[Line, Reading]:
        """A line of all phases; and what its transfers read."""
        self.around.spend(1)
        line = Line(self.around, self.shape)
        read(line, self.size)
        compute(line, self.size)
        call(line)
        pick(line)
        return line, write(line)

    def put(self, line: Line, last: str = "") -> None:
        """End a line; the next one begins."""
        self.lines.append(f"    {line.text(last)};")
        self.shape.clock += 1

    def straight(self, most: int) -> None:
        """Some lines, which may leave the function or the block on the way."""
        for _ in range(self.chooser.between(1, most)):
            line, reading = self.line()
            if self.chooser.chance(10):
                self._leave(line, reading)
            self.put(line)
        if self.shape.flying and self.chooser.chance(15):
            self._wait()

    def _leave(self, line: Line, reading: Reading) -> None:
        predicate = self._predicate(reading)
        if predicate is None:
            return
        sense = self.chooser.choose(("tr", "fl"))
        if self._is_done or self.chooser.chance(40):
            line.add(
                Phase.WRITER, f"retn{sense}({', '.join([predicate, *self._returned(reading)])})"
            )
            return
        self._out = self._out or self.label("out")
        carried = self.arc(self._out, reading, may_keep=False)
        line.add(Phase.WRITER, f"br{sense}({', '.join([predicate, *carried])})")

    def _predicate(self, reading: Reading) -> str | None:
        """Some operand that is no NaR; seldom any."""
        found = reading.find(lambda seen: seen.level < ANY)
        if found is None and self.chooser.chance(5):
            found = reading.find(lambda _: True)
        return reading.spell(found) if found else None

    def _returned(self, reading: Reading) -> list[str]:
        return [reading.spell_any() for _ in range(self.results)]

    # --- labels

    def label(self, stem: str, *, is_named: bool = True) -> Label:
        self._labels += 1
        return Label(f"{stem}{self._labels}", is_named)

    def arc(self, label: Label, reading: Reading, *, may_keep: bool = True) -> list[str]:
        """The label and what a branch to it carries. With `may_keep` this is its only arc."""
        if not label.is_named:
            label.belts.append(list(self.shape.positions))
            return [f'"{label.name}"']
        if label.params is None:
            count = self.chooser.between(1, min(5, self.shape.member.belt // 2))
            chosen = [reading.find(lambda _: True) for _ in range(count)]
            carried = [seen or Seen(1, known=False) for seen in chosen]
            label.params = [self._param(seen, keep=may_keep) for seen in carried]
            texts = [reading.spell(seen) if seen in chosen else "b0" for seen in carried]
        else:
            texts = reading.spell_all([param.width for param in label.params])
            label.params = [self._param(param, keep=False) for param in label.params]
        return [f'"{label.name}"', *texts]

    def _param(self, seen: Seen, *, keep: bool) -> Seen:
        """What a label calls an operand; what it can be is known if there is one arc."""
        name = self.around.new_name()
        if keep:
            return replace(seen, known=False, name=name, target="")
        return Seen(seen.width, known=False, name=name)

    def enter(self, label: Label) -> None:
        """Begin the block of a label to which there is an arc."""
        member = self.shape.member
        if label.params is not None:
            names = " ".join(f"%{param.name}" for param in label.params)
            self.lines.append(f'L("{label.name}") {names};')
            self.shape = Shape(member, list(label.params))
            return
        self.lines.append(f'L("{label.name}");')
        keep = len(label.belts) == 1
        longest = max(label.belts, key=len)
        positions = [
            replace(seen, known=False, name="") if keep else Seen(seen.width, known=False)
            for seen in longest
        ]
        self.shape = Shape(member, positions)

    # --- structures

    def structure(self, most: int) -> None:
        """One of: a way that forks and joins, a loop, a block that follows."""
        match self.chooser.below(5):
            case 0 | 1:
                self._fork(most)
            case 2 | 3 if self.around.scratch:
                self._loop(most)
            case _:
                self._follow()

    def _follow(self) -> None:
        """Go on in another block."""
        label = self.label("next", is_named=self.chooser.chance(50))
        line, reading = self.line()
        self.put(line, f"br({', '.join(self.arc(label, reading))})")
        self.enter(label)

    def _fork(self, most: int) -> None:
        yes, no = (self.label(stem, is_named=self.chooser.chance(70)) for stem in ("yes", "no"))
        join = self.label("join", is_named=self.chooser.chance(70))
        line, reading = self.line()
        predicate = self._predicate(reading)
        if predicate is not None:
            sense = self.chooser.choose(("tr", "fl"))
            line.add(Phase.WRITER, f"br{sense}({', '.join([predicate, *self.arc(yes, reading)])})")
        self.put(line, f"br({', '.join(self.arc(no, reading))})")
        for label in (yes, no) if predicate is not None else (no,):
            self.enter(label)
            self.straight(most)
            line, reading = self.line()
            self.put(line, f"br({', '.join(self.arc(join, reading, may_keep=False))})")
        self.enter(join)

    def _loop(self, most: int) -> None:
        """Count a number down to zero; the number is in the scratchpad meanwhile."""
        if self._loops == MOST_LOOPS:
            return
        slot = SCRATCH_END + 8 * self._loops
        self._loops += 1
        repeats = self.chooser.between(1, MOST_REPEATS)
        head = self.label("loop", is_named=self.chooser.chance(70))
        end = self.label("end", is_named=self.chooser.chance(70))
        count = self.around.new_name()
        self._settle()
        line = Line(self.around, self.shape)
        line.drop(Phase.READER, f"con({repeats}, w)", Seen(4, True, VALUE, count))
        self.shape.retire()
        reading = write(line)
        line.add(Phase.WRITER, f"spill({slot}, %{count})")
        self.put(line, f"br({', '.join(self.arc(head, reading, may_keep=False))})")
        before = self.around.repeats
        self.around.repeats = before * repeats
        self._repeated(head, end, slot, most)
        self.around.repeats = before
        self.enter(end)

    def _wait(self) -> None:
        """Let everything retire."""
        while self.shape.flying:
            self.around.spend(1)
            self.shape.retire()
            self.put(Line(self.around, self.shape))

    def _settle(self) -> None:
        """Wait while so much retires that what is new could fall off the belt at once."""
        while self.shape.due() > self.shape.member.belt - 2:
            self.around.spend(1)
            self.shape.retire()
            self.put(Line(self.around, self.shape))

    def _repeated(self, head: Label, end: Label, slot: int, most: int) -> None:
        """The body of a loop, and the way back."""
        if not head.is_named:
            head.belts.append([])  # the arc back: nothing is known of the belt
        self.enter(head)
        self.straight(most)
        if self.chooser.chance(30):
            self._fork(most)
        elif self.chooser.chance(20) and self.around.repeats <= MOST_REPEATS:
            self._loop(1)
        self._settle()
        line, (less, zero) = self._count_down(slot)
        reading = Reading(self.chooser, self.shape)
        line.add(Phase.WRITER, f"spill({slot}, {reading.spell(less)})")
        back, out = self._back(head, reading), self.arc(end, reading)
        if self.chooser.chance(50):
            line.add(Phase.WRITER, f"brtr({', '.join([reading.spell(zero), *out])})")
            self.put(line, f"br({', '.join(back)})")
        else:
            line.add(Phase.WRITER, f"brfl({', '.join([reading.spell(zero), *back])})")
            self.put(line, f"br({', '.join(out)})")

    def _back(self, head: Label, reading: Reading) -> list[str]:
        """The arc back; the names of the label's operands have been written already."""
        widths = [param.width for param in head.params or []]
        return [f'"{head.name}"', *reading.spell_all(widths)]

    def _count_down(self, slot: int) -> tuple[Line, tuple[Seen, Seen]]:
        """Fetch the number, and drop it less one and whether that is zero, in one instruction."""
        self.around.spend(1)
        line = Line(self.around, self.shape)
        names = [self.around.new_name() for _ in range(3)]
        count, less, zero = (Seen(width, True, VALUE, name)
                             for width, name in zip((4, 4, 1), names, strict=True))  # fmt: skip
        line.drop(Phase.READER, f"fill({slot}, w)", count)
        line.issue(f"sub(%{count.name}, 1) %{less.name}, eql() %{zero.name}", 1, less, zero)
        self.shape.retire()
        return line, (less, zero)

    # --- the end

    def finish(self) -> None:
        """Return, here and where those arrive that have left on the way."""
        self._return()
        if self._out is not None:
            out, self._out = self._out, None
            self._is_done = True
            self.enter(out)
            self.straight(1)
            self._return()

    def _return(self) -> None:
        line, reading = self.line()
        self.put(line, f"retn({', '.join(self._returned(reading))})")

    # --- recursion

    def recurse(self, fuel: Seen, callee: Callee) -> None:
        """Return if there is no fuel, else call the function itself with less."""
        zero, less = (Seen(1, known, VALUE, self.around.new_name()) for known in (True, False))
        line = Line(self.around, self.shape)
        unit = f"eql(%{fuel.name}) %{zero.name}, sub(%{fuel.name}, 1) %{less.name}"
        line.issue(unit, 1, zero, less)
        self.shape.retire()
        reading = Reading(self.chooser, self.shape)
        returned = ", ".join([f"%{zero.name}", *self._returned(reading)])
        line.add(Phase.WRITER, f"retntr({returned})")
        self.put(line)
        line = Line(self.around, self.shape)
        call_itself(line, callee, less)
        self.put(line)
