"""From a point of a program to micro operations: what operations are written with.

`Translation` walks the steps of a block from a point on, and knows the meta of each operand. The
semantics of a raw operation gets the translation and its step, and says what to emit; those of
strict ones are traced by `simfw.belt.strict`.

An operation that must know whether an operand is special, and cannot yet, calls `settle`: the
version goes on for a value, and for a special in another one, which does the step again.
Likewise `fork` sends one of two ways to a *phase* of the step. What a step emits before such a
turn happens once, so nothing that lasts may come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from conasm.assembly import ImmediateArg, Step, ValueArg
from simfw.belt.kinds import NaRKind
from simfw.belt.metadata import (
    INVALID,
    MAYBE,
    PLAIN,
    SPECIAL,
    UNFILLED,
    file_of,
    meta,
    state_of,
    width_of,
    with_state,
)
from simfw.belt.micro import Micro, MicroRecord, Pattern, pattern, special_is_none
from simfw.belt.plan import BlockPlan, FunctionPlan
from simfw.belt.program import Program
from simfw.belt.strict import translate_strict
from simfw.belt.versions import Code, Point, Version
from simfw.ir.ops import INTEGERS

MOST_MICROS = 2000
"""A version that is longer goes on in another. One step emits fewer than are then left."""


class _Ended(Exception):  # noqa: N818 - control flow
    """The version has its last micro operation."""


def translate(program: Program, version: Version) -> Code:
    """Make the micro operations of a version."""
    return Translation(program, version).run()


class Translation:
    """Makes the micro operations of one version."""

    def __init__(self, program: Program, version: Version) -> None:
        point = version.point
        self.program = program
        self.function: FunctionPlan = program.functions[point.function]
        self.plan: BlockPlan = program.plan(point)
        self.phase = point.phase
        self.step: Step = self.plan.block.steps[point.step]
        self._point = point
        self._base = version.base
        self._index = point.step
        self._living = self.plan.live.at(point.step)
        self._metas = dict(zip(self._living, point.metas, strict=True))
        self._weight = 0
        self._micros: list[Micro] = []
        self._known: list[bytes] = []
        self._before: list[bytes] = []
        self._entering = b""

    def run(self) -> Code:
        """Walk the steps up to where the version ends."""
        steps = self.plan.block.steps
        try:
            while True:
                self.step = steps[self._index]
                if not self.phase and self._index in self.plan.starts:
                    self._weight += 1
                    self._entering = self._vector()
                self._translate(self.step)
                self._advance()
                if len(self._micros) > MOST_MICROS:
                    self.jump(self.here(""))
        except _Ended:
            return Code(self._micros, self._known, self._before)

    def _translate(self, step: Step) -> None:
        record = self.program.records[step.operation.name]
        if record.raw:
            record.semantics(self, step)
        else:
            translate_strict(self, step)

    def _advance(self) -> None:
        """On to the next step; an instruction of which nothing was emitted still counts."""
        following = self._index + 1
        if self._weight and following in self.plan.starts:
            self.emit(("nop",), {}, lambda p: None)
        last = self.plan.live.last
        everything = (*self._living, *self.step.drops)
        self._living = tuple(v for v in everything if last[v] >= following)
        self._metas = {v: self._metas[v] for v in self._living if v in self._metas}
        self._index, self.phase = following, ""

    # What is known

    def meta(self, value: int) -> int:
        """What is known of a value."""
        return self._metas.get(value, UNFILLED)

    def is_plain(self, value: int) -> bool:
        """Whether it certainly is a value; only after `settle`."""
        return state_of(self.meta(value)) == PLAIN

    def width(self, value: int) -> int:
        """Bytes; b for a position that nothing filled."""
        return width_of(self.meta(value))

    def define(self, value: int, known: int) -> None:
        """Say what is known of a value that was just made."""
        self._metas[value] = known

    def settle(self, *values: int) -> None:
        """Make sure that it is known of each whether it is special."""
        for value in values:
            known = self.meta(value)
            if state_of(known) != MAYBE:
                continue
            special = self.here(self.phase or "again", {value: with_state(known, SPECIAL)})
            operands = {"a": self.cell(value), "yes": self.pc(special)}
            self.emit(("split",), operands, _write_split)
            self.define(value, with_state(known, PLAIN))

    # Points

    def here(self, phase: str, changed: dict[int, int] | None = None) -> Point:
        """This step in a phase, with other metas of some values."""
        return self._made(self._index, phase, self._living, {**self._metas, **(changed or {})})

    def after(self) -> Point:
        """The point after this step, but for what it drops."""
        following = self._index + 1
        return self._made(following, "", self.plan.live.at(following), self._metas)

    def _made(self, step: int, phase: str, living: Sequence[int], metas: dict[int, int]) -> Point:
        vector = bytes(metas.get(value, UNFILLED) for value in living)
        return Point(self._point.function, self._point.block, step, phase, vector)

    def pc(self, point: Point) -> int:
        """Where a point's version begins."""
        return self.program.versions.pc(point)

    def phase_pc(self, phase: str) -> int:
        """Where this step goes on in a phase."""
        return self.pc(self.here(phase))

    def next_pc(self) -> int:
        """The pc of the micro operation that is emitted next."""
        return self._base + len(self._micros)

    # Emitting

    def emit(
        self,
        key: tuple[object, ...],
        operands: dict[str, Any],
        write: Callable[[Pattern], None],
        blame: Step | None = None,
    ) -> MicroRecord:
        """Add a micro operation, and give its pattern, which `write` writes unless it is known.

        `blame` is the step that is at fault if it is not this one.
        """
        record = pattern(key, write)
        values = tuple(operands[name] for name in record.operands)
        self._known.append(self._vector())
        self._before.append(self._entering if self._weight else b"")
        self._micros.append(Micro(record, values, self._weight, self._index, blame or self.step))
        self._weight = 0
        return record

    def _vector(self) -> bytes:
        return bytes(self._metas.get(value, UNFILLED) for value in self._living)

    def jump(self, point: Point) -> NoReturn:
        """Go on at a point."""
        self.emit(("jump",), {"to": self.pc(point)}, lambda p: p.jump("to"))
        raise _Ended

    def end(self) -> NoReturn:
        """What was emitted last ends the version."""
        raise _Ended

    def fork(self, condition: int, wanted: bool, taken: str) -> None:
        """Go on in phase `taken` where the lowest bit of a plain value is as wanted, else here."""
        known = self.meta(condition)

        def write(p: Pattern) -> None:
            bit = p.get("a", known).trunc(1)
            p.branch(bit if wanted else bit ^ 1, "yes", "next")

        operands = {"a": self.cell(condition), "yes": self.phase_pc(taken)}
        self.emit(("fork", known, wanted), operands, write)

    def fork_on_none(self, value: int, taken: str) -> None:
        """Go on in phase `taken` if a special is a None, else here."""
        operands = {"a": self.cell(value), "yes": self.phase_pc(taken)}
        self.emit(("fork_on_none",), operands, _write_fork_on_none)

    def fork_on_cell(self, cell: int, content: int, taken: str) -> None:
        """Go on in phase `taken` if a cell of the frame has this content, else here."""
        operands = {"cell": cell, "content": content, "yes": self.phase_pc(taken)}
        self.emit(("fork_on_cell",), operands, _write_fork_on_cell)

    # Making values

    def cell(self, value: int) -> int:
        """Where its payload is."""
        return self.plan.cell(value)

    def set_constant(self, value: int, payload: int, known: int) -> None:
        """Make a value, or a special, that is known."""
        file = "d" if state_of(known) == SPECIAL else file_of(width_of(known))
        bits = 64 if file == "d" else 8 * width_of(known)

        def write(p: Pattern) -> None:
            p.put("d", p.number("value", INTEGERS[bits]), file)

        operands = {"d": self.cell(value), "value": payload}
        self.emit(("constant", file), operands, write)
        self.define(value, known)

    def special(self, kind: int) -> int:
        """The payload of a None or a NaR that this operation makes."""
        return kind | self.program.where(self.step) << 8

    def set_special(self, value: int, kind: int, width: int) -> None:
        """Make a None or a NaR of this operation."""
        self.set_constant(value, self.special(kind), meta(width, SPECIAL))

    def set_missing(self, value: int, width: int = 1) -> None:
        """Make a value that is read where nothing is."""
        self.set_special(value, NaRKind.INVALID_OPERAND.value, width)

    def copy(self, source: int, target: int, width: int | None = None) -> None:
        """Make a value that is another one, special or not; a special perhaps of another width."""
        known = self.meta(source)
        if state_of(known) == UNFILLED:
            self.set_missing(target, width or 1)
            return
        file = "q" if width_of(known) == 16 and state_of(known) != SPECIAL else "d"
        flagged = state_of(known) == MAYBE

        def write(p: Pattern) -> None:
            payload = p.read("a", file)
            flag = p.read("a", "flag") if flagged else None
            p.put("d", payload, file)
            if flag is not None:
                p.put("d", flag, "flag")

        operands = {"a": self.cell(source), "d": self.cell(target)}
        self.emit(("copy", file, flagged), operands, write)
        self.define(target, known if width is None else meta(width, SPECIAL))

    def copy_all(self, sources: Sequence[int], targets: Sequence[int]) -> None:
        """Make values that are others."""
        for source, target in zip(sources, targets, strict=True):
            self.copy(source, target)

    # Arguments

    def values(self, step: Step) -> list[int]:
        """The operands of the belt among the arguments."""
        return [arg.id for arg in step.arguments if isinstance(arg, ValueArg)]

    def immediate(self, step: Step) -> int:
        """The first number among the arguments."""
        return next(arg.value for arg in step.arguments if isinstance(arg, ImmediateArg))


def invalid(where: int) -> int:
    """The payload of the NaR that step number `where` reads where nothing is."""
    return INVALID | where << 8


def _write_split(p: Pattern) -> None:
    p.branch(p.read("a", "flag").ne(0), "yes", "next")


def _write_fork_on_none(p: Pattern) -> None:
    p.branch(special_is_none(p.read("a", "d")), "yes", "next")


def _write_fork_on_cell(p: Pattern) -> None:
    p.branch(p.read("cell", "d").eq(p.number("content")), "yes", "next")
