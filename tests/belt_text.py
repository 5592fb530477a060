"""Random texts of belt code that assemble, from a seed, for one member; nothing runs them.

Operations are strung together at random, each on a line of its own. An operand that the assembler
complains of is replaced by another; what it still complains of then becomes `nop()`. So whatever
the assembler accepts can come out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import count

import conasm
from conasm.assembler import assemble
from conasm.errors import ConasmError
from conasm.member import Member
from conasm.operation import Form, Kind, OperationSpec, Transfer
from simfw.belt.members import SILVER
from simfw.belt.operations import GROUPS
from simfw.belt.record import specs

OPERATIONS = specs(GROUPS)
_COMMON = ("add", "sub", "andl", "con", "eql", "pick", "load", "store", "addx", "mul", "widenu",
           "narrow", "lsss", "rescue", "carry", "overflow", "spill", "fill", "pickup", "conform",
           "call0", "calltr1", "calln")  # fmt: skip
_FINAL = [name for name, spec in OPERATIONS.items() if spec.is_final]
_OTHERS = [name for name, spec in OPERATIONS.items() if not spec.is_final]
_DATA = 'D("table") w(1, 2, -3), d("f0", "table"), asciz("a\\x00b\\"ü"), align(32), b(7), zero(9);'

PATIENCE = 6
"""How often operands are replaced before operations are."""


class Generator:
    """Strings one program together."""

    def __init__(self, seed: int, member: Member) -> None:
        self.random = random.Random(seed)
        self.member = member
        names = [f"f{index}" for index in range(self.random.randint(1, 3))]
        self.functions = {name: self.incoming(6) for name in names}
        self.labels: dict[str, int] = {}
        self.names: list[str] = []
        self.count = 0
        self.before: OperationSpec | None = None

    def incoming(self, most: int) -> int:
        """How many operands a label names."""
        return self.random.choice([0, 0, 1, 2, 3, min(most, self.member.belt)])

    def lines(self) -> Iterator[str]:
        """The lines of a program: labels, declarations, and one operation each."""
        yield 'F("host") outcall(2, w, d);'
        yield 'F("mute") outcall(0);'
        for function, incoming in self.functions.items():
            others = [f"l{index}" for index in range(self.random.randint(0, 3))]
            self.labels = {function: incoming, **{label: self.incoming(3) for label in others}}
            for label in self.labels:
                yield from self.block(label, is_first=label == function)
        yield _DATA

    def block(self, label: str, *, is_first: bool) -> Iterator[str]:
        """The lines of one block."""
        self.names = [self.fresh() for _ in range(self.labels[label])]
        names = "".join(f" %{name}" for name in self.names)
        yield f'{"F" if is_first else "L"}("{label}"){names};'
        if is_first and self.random.random() < 0.7:
            yield "scratchf(64),"
        for _ in range(self.random.randint(0, 14)):
            name = self.random.choice(self.random.choice([_COMMON, _OTHERS]))
            end = self.random.choice(",;;")
            yield self.operation(OPERATIONS[name]) + end
            self.before = OPERATIONS[name] if end == "," else None
        yield self.operation(OPERATIONS[self.random.choice(_FINAL)]) + ";"

    def operation(self, spec: OperationSpec) -> str:
        """An operation with arguments of the right kinds, and perhaps named results."""
        ganged = spec.ganged and self.before is not None and self.before.codes
        form = Form(()) if ganged else self.random.choice(spec.forms)
        arguments = [ARGUMENTS[kind](self) for kind in form.kinds]
        if form.rest:
            arguments += [self.value() for _ in range(self.several(spec, arguments))]
        results = spec.results if isinstance(spec.results, int) else 2
        results = 0 if Kind.TAG in form.kinds else self.random.randint(0, results)
        named = "".join(f" %{self.define()}" for _ in range(results))
        return f"{spec.name}({', '.join(arguments)}){named}"

    def several(self, spec: OperationSpec, arguments: list[str]) -> int:
        """How many operands a transfer hands over, or how many there are in a list."""
        named = [argument.strip('"') for argument in arguments if argument.startswith('"')]
        if named and spec.transfer is Transfer.BRANCH:
            return self.labels[named[0]]
        if named and spec.transfer is Transfer.CALL:
            return {"host": 2, "mute": 0, **self.functions}[named[0]]
        return self.random.randint(0, 3)

    # --- names

    def fresh(self) -> str:
        """A name that no other operand has."""
        self.count += 1
        return f"v{self.count}"

    def define(self) -> str:
        """A name for a result, to be used from now on."""
        self.names.append(self.fresh())
        return self.names[-1]

    # --- arguments

    def value(self) -> str:
        """A position or a name."""
        if self.names and self.random.random() < 0.6:
            return "%" + self.random.choice(self.names[-8:])
        return f"b{self.random.randrange(min(6, self.member.belt))}"

    def integer(self) -> str:
        """A small integer, or any."""
        return str(self.random.choice([0, 1, 2, 7, -1, 100, self.random.randint(-(2**20), 2**20)]))

    def number(self) -> str:
        """An integer or a float."""
        return self.random.choice(["0", "1", "-5", "77", self.integer(), "1.5"])

    def operand(self) -> str:
        """A value or an integer."""
        return self.random.choice([self.value(), self.value(), self.integer()])

    def small(self) -> str:
        """An integer that is a delay, a count or an offset."""
        return str(self.random.choice([0, 0, 1, 2, 3, 8, 16]))

    def word(self) -> str:
        """A tag."""
        return self.random.choice(["tag", "other", "third"])

    def label(self) -> str:
        """A label of the function."""
        return f'"{self.random.choice(list(self.labels))}"'

    def target(self) -> str:
        """A function by name, or a value."""
        named = [f'"{name}"' for name in [*self.functions, "host", "mute"]]
        return self.random.choice([*named, self.value()])

    def register(self) -> str:
        """A word that some operation takes."""
        return self.random.choice(["fp", "zerow", "nonew", "maxsb", "pid"])


ARGUMENTS: dict[Kind, Callable[[Generator], str]] = {
    Kind.VALUE: Generator.value,
    Kind.OPERAND: Generator.operand,
    Kind.NUMBER: Generator.number,
    Kind.INTEGER: Generator.small,
    Kind.COUNT: Generator.small,
    Kind.SIZE: Generator.small,
    Kind.SCRATCH: Generator.small,
    Kind.OFFSET: Generator.small,
    Kind.DELAY: Generator.small,
    Kind.WIDTH: lambda made: made.random.choice("bhwwwdq"),
    Kind.TAG: Generator.word,
    Kind.TAGGED: Generator.word,
    Kind.LABEL: Generator.label,
    Kind.TARGET: Generator.target,
    Kind.SYMBOL: lambda made: made.random.choice(['"table"', '"f0"', '"host"']),
    Kind.REGISTER: Generator.register,
}


def random_text(seed: int, member: Member = SILVER) -> str:
    """The text of a program that assembles without a mistake."""
    generator = Generator(seed, member)
    lines = list(generator.lines())
    for attempt in count():
        text = "\n".join(lines)
        try:
            assemble(conasm.parse(text), OPERATIONS, member)
        except ConasmError as error:
            wrong = {problem.position.line - 1: problem for problem in error.problems}
            for number, problem in wrong.items():
                column = problem.position.column - 1
                other = _other_operand(lines[number], column, generator)
                lines[number] = other if other and attempt < PATIENCE else _harmless(number, lines)
        else:
            return text
    raise AssertionError("unreachable")


def _other_operand(line: str, column: int, generator: Generator) -> str:
    """The line with another operand at a place where one is; otherwise nothing."""
    found = re.compile(r"%\w+|b\d+").match(line, column)
    if found is None or ")" not in line[column:]:
        return ""
    position = generator.random.randrange(min(8, generator.member.belt))
    return f"{line[: found.start()]}b{position}{line[found.end() :]}"


def _harmless(number: int, lines: list[str]) -> str:
    """What a line becomes that has a mistake."""
    line = lines[number]
    assert line not in ("nop(),", "nop();", "retn();"), "\n".join(lines)
    ends_block = number + 1 == len(lines) or lines[number + 1].startswith(("F(", "L(", "D("))
    return "retn();" if ends_block else "nop()" + line[-1]
