"""From a point of a program to micro operations: what raw operations are written with.

`Translation` walks the steps of a block from a point on. Strict operations are traced for the
widths at hand; where an operand is special, the result is the join of the specials. The semantics
of a raw operation gets the translation and its step, and says what to emit.

An operation that must know whether an operand is special, and cannot yet, calls `settle`: the
version ends with a look at the flag and goes on in one of two others. Likewise `fork` ends it
with a branch to two phases of the same step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from conasm.assembly import FloatArg, ImmediateArg, Step, StepArgument, ValueArg
from conasm.operation import WIDTHS, Widths
from simfw.belt.kinds import NaRKind
from simfw.belt.metadata import (
    INVALID,
    MAYBE,
    PLAIN,
    SPECIAL,
    UNFILLED,
    meta,
    state_of,
    width_of,
    with_state,
)
from simfw.belt.micro import Micro, MicroRecord, Pattern, pattern, special_is_none
from simfw.belt.program import BlockPlan, FunctionPlan, Point, Program, Version
from simfw.belt.strict import effects_of, file_of, result_meta, traced
from simfw.ir.builder import Word, const, helper
from simfw.ir.ops import I64, INTEGERS

MOST_MICROS = 3000
"""A version that is longer goes on in another."""


_CODES = frozenset({"carry", "overflow"})
NAR = "a NaR is realised"


class _Ended(Exception):  # noqa: N818 - control flow
    """The version has its last micro operation."""


class Translation:
    """Makes the micro operations of one version."""

    def __init__(self, program: Program, version: Version) -> None:
        point = version.point
        self.program = program
        self.function: FunctionPlan = program.functions[point.function]
        self.plan: BlockPlan = program.plan(point)
        self.metas = dict(zip(self.plan.live[point.step], point.metas, strict=True))
        self.phase = point.phase
        self.step: Step = self.plan.block.steps[point.step]
        self._index = point.step
        self._weight = 0
        self._version = version
        self._micros: list[Micro] = []
        self._known: list[dict[int, int]] = []

    def run(self) -> None:
        """Fill the version."""
        steps = self.plan.block.steps
        try:
            while True:
                self.step = steps[self._index]
                if not self.phase and self._index in self.plan.starts:
                    self._weight += 1
                self._translate(self.step)
                self._advance()
                if len(self._micros) > MOST_MICROS:
                    self.jump(self._here(""))
        except _Ended:
            pass
        self._version.micros, self._version.known = self._micros, self._known

    def _advance(self) -> None:
        """On to the next step; an instruction of which nothing was emitted still counts."""
        self._index += 1
        self.phase = ""
        if self._weight and self._index in self.plan.starts:
            self.emit(("nop",), {}, lambda p: None)
        kept = set(self.plan.live[self._index])
        self.metas = {value: known for value, known in self.metas.items() if value in kept}

    def _translate(self, step: Step) -> None:
        record = self.program.records[step.operation.name]
        if record.raw:
            record.semantics(self, step)
        else:
            self._strict(step)

    # What is known

    def meta(self, value: int) -> int:
        """What is known of a value; positions that were never filled are NaRs of width b."""
        return self.metas.get(value, UNFILLED)

    def is_plain(self, value: int) -> bool:
        """Whether it certainly is a value; only after `settle`."""
        return state_of(self.meta(value)) == PLAIN

    def width(self, value: int) -> int:
        """Bytes."""
        return width_of(self.meta(value))

    def settle(self, *values: int) -> None:
        """Make sure that it is known of each whether it is special; else end the version."""
        for value in values:
            if state_of(self.meta(value)) == MAYBE:
                points = [self._here(self.phase or "again", {value: state})
                          for state in (SPECIAL, PLAIN)]  # fmt: skip
                operands = {
                    "a": self.plan.cell(value),
                    "yes": self.program.pc(points[0]),
                    "no": self.program.pc(points[1]),
                }
                self.emit(("split",), operands, _write_split)
                raise _Ended

    def fork(self, condition: int, wanted: bool, taken: str) -> None:
        """Go on in phase `taken` where the lowest bit of a plain value is as wanted, else here."""
        operands = {
            "a": self.plan.cell(condition),
            "yes": self.program.pc(self._here(taken)),
            "no": self.program.pc(self._here("else")),
        }

        def write(p: Pattern) -> None:
            bit = p.get("a", self.meta(condition)).trunc(1)
            p.branch(bit.eq(1 if wanted else 0), "yes", "no")

        self.emit(("fork", self.meta(condition), wanted), operands, write)
        raise _Ended

    def _here(self, phase: str, changed: dict[int, int] | None = None) -> Point:
        """This step in a phase, with the states of some values settled."""
        point, metas = self._version.point, dict(self.metas)
        for value, state in (changed or {}).items():
            metas[value] = with_state(metas[value], state)
        return Point(point.function, point.block, self._index, phase, self._vector(metas))

    def _vector(self, metas: dict[int, int]) -> tuple[int, ...]:
        return tuple(metas.get(value, UNFILLED) for value in self.plan.live[self._index])

    # Emitting

    def emit(
        self, key: tuple[object, ...], operands: dict[str, Any], write: Callable[[Pattern], None]
    ) -> None:
        """Add a micro operation; its pattern is written if no other has the same key."""
        record: MicroRecord = pattern(key, write)
        values = tuple(operands[name] for name in record.operands)
        self._known.append(dict(self.metas))
        self._micros.append(Micro(record, values, self._weight, self._index))
        self._weight = 0

    def jump(self, point: Point) -> NoReturn:
        """Go on at a point."""
        self.emit(("jump",), {"to": self.program.pc(point)}, lambda p: p.jump("to"))
        raise _Ended

    def end(self) -> NoReturn:
        """What was emitted last ends the version."""
        raise _Ended

    def define(self, value: int, known: int) -> None:
        """Say what is known of a value that was just made."""
        self.metas[value] = known

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

    def set_special(self, value: int, kind: int, width: int) -> None:
        """Make a NaR or None of this operation."""
        payload = kind | self.program.where(self.step) << 8
        self.set_constant(value, payload, meta(width, SPECIAL))

    def copy(self, source: int, target: int) -> None:
        """Make a value that is another one, special or not."""
        known = self.meta(source)
        if state_of(known) == UNFILLED:
            self.set_constant(target, INVALID, meta(1, SPECIAL))
            return

        def write(p: Pattern) -> None:
            wide = "q" if width_of(known) == 16 and state_of(known) != SPECIAL else "d"
            payload = p.read("a", wide)
            flag = p.read("a", "flag") if state_of(known) == MAYBE else None
            p.put("d", payload, wide)
            if flag is not None:
                p.put("d", flag, "flag")

        self.emit(("copy", known), {"a": self.cell(source), "d": self.cell(target)}, write)
        self.define(target, known)

    # What raw operations are written with

    def values(self, step: Step) -> list[int]:
        """The operands of the belt among the arguments."""
        return [arg.id for arg in step.arguments if isinstance(arg, ValueArg)]

    def immediate(self, step: Step) -> int:
        """The first number among the arguments."""
        return next(arg.value for arg in step.arguments if isinstance(arg, ImmediateArg))

    def ganged(self, step: Step) -> int:
        """The result of the operation that a condition code stands behind."""
        assert step.gang is not None
        return self.plan.block.steps[step.gang].drops[0]

    def after(self) -> int:
        """Where the next step begins, with what is known then."""
        return self.program.pc(self.call_point())

    def call_point(self) -> Point:
        """The point after this step, but for what a call drops."""
        point, following = self._version.point, self._index + 1
        vector = tuple(self.metas.get(v, UNFILLED) for v in self.plan.live[following])
        return Point(point.function, point.block, following, "", vector)

    def realise(self, *values: int) -> bool:
        """Whether all are plain. If not, a None among them does nothing, and a NaR faults."""
        special = [value for value in values if not self.is_plain(value)]
        if not special:
            return True
        shape = self.special_shape(special)

        def write(p: Pattern) -> None:
            payload = self.joined(p, shape)
            p.check(special_is_none(payload), NAR, payload)

        self.emit(("realise", shape), self.special_cells(special), write)
        return False

    def fork_on_none(self, value: int, taken: str) -> NoReturn:
        """Go on in phase `taken` if a special is a None, else in phase `else`."""
        operands = {"a": self.cell(value), "yes": self._pc(taken), "no": self._pc("else")}
        self.emit(("fork_on_none",), operands, _write_fork_on_none)
        raise _Ended

    def fork_on_cell(self, cell: int, content: int, taken: str) -> None:
        """Go on in phase `taken` if a cell of the frame has this content, else behind it."""
        operands = {"cell": cell, "content": content, "yes": self._pc(taken)}
        self.emit(("fork_on_cell",), operands, _write_fork_on_cell)

    def go_to_phase(self, phase: str) -> NoReturn:
        """Go on in another phase of the step."""
        self.jump(self._here(phase))

    def _pc(self, phase: str) -> int:
        return self.program.pc(self._here(phase))

    def copy_all(self, sources: Sequence[int], targets: Sequence[int]) -> None:
        """Make values that are others."""
        for source, target in zip(sources, targets, strict=True):
            self.copy(source, target)

    # Specials

    def special_shape(self, special: Sequence[int]) -> tuple[int, ...]:
        """How each of some specials is known: with a payload, or as never filled."""
        return tuple(state_of(self.meta(value)) for value in special if not self.is_plain(value))

    def special_cells(self, special: Sequence[int]) -> dict[str, int]:
        """The operands from which `joined` reads."""
        found = [value for value in special if not self.is_plain(value)]
        return {
            f"s{n}": self.cell(value)
            for n, value in enumerate(found)
            if state_of(self.meta(value)) == SPECIAL
        }

    @staticmethod
    def joined(p: Pattern, shape: Sequence[int]) -> Word:
        """The special that an operation of these gives."""
        payloads = [
            p.read(f"s{n}", "d") if state == SPECIAL else const(I64, INVALID)
            for n, state in enumerate(shape)
        ]
        return payloads[0] if len(payloads) == 1 else helper("join", I64, *payloads)

    def join_specials(self, values: Sequence[int], drop: int, width: int) -> None:
        """Make the special that an operation of these values gives."""
        shape = self.special_shape(values)

        def write(p: Pattern) -> None:
            p.put("d", self.joined(p, shape), "d")

        operands = {**self.special_cells(values), "d": self.cell(drop)}
        self.emit(("join", shape), operands, write)
        self.define(drop, meta(width, SPECIAL))

    # Strict operations

    def _strict(self, step: Step) -> None:
        values = self.values(step)
        if step.gang is not None:
            # a code of an operation's own asks its operands, one of its result asks that
            producer = self.plan.block.steps[step.gang]
            own = step.operation.name in _CODES
            values = self.values(producer) if own else [producer.drops[0], *values]
        self.settle(*values)
        if not all(map(self.is_plain, values)):
            plain = [value for value in values if self.is_plain(value)]
            for drop in step.drops:
                # as wide as the first operand that is a value
                self.join_specials(values, drop, self.width((plain or values)[0]))
            return
        mismatch = self._mismatch(step, values)
        for drop in step.drops if mismatch is not None else ():
            self.set_special(drop, NaRKind.MISMATCHED_SIZES, mismatch or 1)
        if mismatch is None:
            self._compute(step, values)

    def _mismatch(self, step: Step, values: Sequence[int]) -> int | None:
        """The width of the NaR(mismatched sizes) that plain operands give; None if they agree."""
        if not values:
            return None
        widths = [self.width(value) for value in values]
        sizes = {WIDTHS[letter] for letter in step.operation.sizes}
        agree = step.operation.widths is Widths.ANY or len(set(widths)) == 1
        return None if agree and widths[0] in sizes else widths[0]

    def _compute(self, step: Step, values: Sequence[int]) -> None:
        """Trace the semantics for the widths at hand, and put the results into their slots."""
        records = self.program.records
        record = records[step.operation.name]
        arguments = self._arguments(step)
        gang = None if step.gang is None else self.plan.block.steps[step.gang]
        before = [] if gang is None else self._arguments(gang)
        if gang is not None:
            arguments = [ValueArg(gang.drops[0]), *arguments]
        width = self.width(values[0]) if values else 1
        shape = [self._shape(arg, width) for arg in arguments]
        producer = None if gang is None else records[gang.operation.name]
        inner = [self._shape(arg, self._first_width(before)) for arg in before]
        metas: list[int] = []

        def write(p: Pattern) -> None:
            words = [_word(p, f"a{n}", kind) for n, kind in enumerate(shape)]
            inside = [_word(p, f"g{n}", kind) for n, kind in enumerate(inner)]
            trace, results = traced(record, words, producer and (producer, inside))
            drops = [f"d{n}" for n in range(len(results))]
            for effect in effects_of(trace, results, drops):
                p.add(effect)
            metas.extend(result_meta(word, trace) for word in results)

        operands: dict[str, Any] = {f"a{n}": self._operand(arg) for n, arg in enumerate(arguments)}
        operands |= {f"g{n}": self._operand(arg) for n, arg in enumerate(before)}
        operands |= {f"d{n}": self.cell(drop) for n, drop in enumerate(step.drops)}
        operands["where"] = self.program.where(step)
        key = ("strict", record, tuple(shape), producer, tuple(inner))
        self.emit(key, operands, write)
        for drop, known in zip(step.drops, _metas.setdefault(key, tuple(metas)), strict=True):
            self.define(drop, known)

    def _arguments(self, step: Step) -> list[StepArgument]:
        kinds = ValueArg | ImmediateArg | FloatArg
        return [arg for arg in step.arguments if isinstance(arg, kinds)]

    def _first_width(self, arguments: Sequence[StepArgument]) -> int:
        first = next((arg.id for arg in arguments if isinstance(arg, ValueArg)), None)
        return 1 if first is None else self.width(first)

    def _shape(self, argument: StepArgument, width: int) -> tuple[str, int]:
        if isinstance(argument, ValueArg):
            return "value", self.meta(argument.id)
        return "immediate", width

    def _operand(self, argument: StepArgument) -> int:
        if isinstance(argument, ValueArg):
            return self.cell(argument.id)
        assert isinstance(argument, ImmediateArg)
        return argument.value


_metas: dict[object, tuple[int, ...]] = {}
"""The metas of the results of each strict pattern."""


def _word(p: Pattern, name: str, shape: tuple[str, int]) -> Word:
    kind, known = shape
    if kind == "value":
        return p.get(name, known)
    return p.number(name, INTEGERS[8 * known], is_signed=True)


def _write_split(p: Pattern) -> None:
    p.branch(p.read("a", "flag").ne(0), "yes", "no")


def _write_fork_on_none(p: Pattern) -> None:
    p.branch(special_is_none(p.read("a", "d")), "yes", "no")


def _write_fork_on_cell(p: Pattern) -> None:
    p.branch(p.read("cell", "d").eq(p.number("content")), "yes", "next")
