"""Whole programs: functions that call those before them, outcalls, data, and arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.belt_machine.member import Member
from tests.belt_machine.operand import INVALID_OPERAND, LETTERS, OVERFLOW, Operand, nar, none, value
from tests.belt_machine.writing.around import Callee, Surroundings
from tests.belt_machine.writing.blocks import SCRATCH_SIZE, Body
from tests.belt_machine.writing.chooser import Chooser
from tests.belt_machine.writing.phases import MOST_FUEL, MOST_RESULTS
from tests.belt_machine.writing.shape import ANY, NONE, VALUE, Seen, Shape
from tests.belt_machine.writing.values import any_width, interesting, size

WINDOW = 0x10000
WINDOW_SIZE = 256
DATA = "table"
DATA_SIZE = 48
STACK_SIZE = 32

OUTCALLS = (
    Callee("mix", (4, 4), (4,), declared=True),
    Callee("pair", (8,), (8, 1), declared=True),
    Callee("echo", (4,), (4,), declared=True),
    Callee("note", (4,), (), declared=True),
)
"""Outcalls that every program may call; `tests.belt_programs.HOST` is what they do."""

_DECLARATIONS = """\
F("mix") outcall(2, w);
F("pair") outcall(1, d, b);
F("echo") outcall(1, w);
F("note") outcall(1);
D("window") b({content}), zero({rest});
D("table") w(1, -2, 0x7fffffff), h(3, 4), d(0x123456789abcdef0), asciz("belt"), zero(3), q(-1);
"""


@dataclass(frozen=True)
class Program:
    """A valid program: call `f` with `arguments`, and it ends.

    Its first data, "window", is memory that it reads and writes, and must be at that address.
    """

    text: str
    arguments: tuple[Operand, ...]
    member: Member
    window: int


def write_program(chooser: Chooser, member: Member, window: int = WINDOW) -> Program:
    """A program for a member of the family."""
    callees: list[Callee] = list(OUTCALLS) if chooser.chance(70) else []
    texts: list[str] = []
    for index in range(chooser.below(4)):
        callee, text = _function(chooser, member, callees, window, index)
        callees.append(callee)
        texts.append(text)
    arguments = tuple(_argument(chooser) for _ in range(chooser.below(5)))
    params = [_param(argument) for argument in arguments]
    around = _around(chooser, callees, window)
    text = _code(around, member, "f", params, chooser.between(1, 6), None)
    texts.insert(chooser.below(len(texts) + 1), text)
    return Program("\n".join([_declarations(chooser), *texts]), arguments, member, window)


def _declarations(chooser: Chooser) -> str:
    content = [str(chooser.below(256)) for _ in range(16)]
    rest = WINDOW_SIZE - len(content)
    return _DECLARATIONS.format(content=", ".join(content), rest=rest)


def _around(chooser: Chooser, callees: Sequence[Callee], window: int) -> Surroundings:
    return Surroundings(
        chooser,
        callees,
        window,
        WINDOW_SIZE,
        data=DATA,
        data_size=DATA_SIZE,
        stack=STACK_SIZE if chooser.chance(30) else 0,
        scratch=SCRATCH_SIZE if chooser.chance(80) else 0,
    )


def _function(
    chooser: Chooser, member: Member, callees: Sequence[Callee], window: int, index: int
) -> tuple[Callee, str]:
    """A function that may call those before it, and perhaps itself."""
    around = _around(chooser, list(callees), window)
    widths = [size(any_width(chooser)) for _ in range(chooser.below(4))]
    results = tuple(4 for _ in range(chooser.between(0, MOST_RESULTS)))
    is_recursive = chooser.chance(25)
    if is_recursive:
        widths = [1, *widths]
    callee = Callee(f"g{index}", tuple(widths), results, fuel=is_recursive)
    params = [Seen(width, False, ANY, around.new_name()) for width in widths]
    text = _code(around, member, callee.name, params, len(results), callee)
    cost = around.cost * (MOST_FUEL + 1 if is_recursive else 1)
    return Callee(callee.name, callee.widths, results, fuel=is_recursive, cost=cost), text


def _code(
    around: Surroundings,
    member: Member,
    name: str,
    params: Sequence[Seen],
    results: int,
    itself: Callee | None,
) -> str:
    """The text of a function; it is in `itself` what it can call itself as."""
    chooser = around.chooser
    named = [Seen(seen.width, False, seen.level, seen.name or around.new_name()) for seen in params]
    body = Body(around, Shape(member, list(named)), results, 2 if member.belt < 16 else 3)
    declared = [f"scratchf({around.scratch})"] if around.scratch else []
    declared += [f"stackf({around.stack})"] if around.stack else []
    if declared:
        body.lines.append(f"    {', '.join(declared)};")
    if itself is not None and itself.fuel:
        body.recurse(named[0], itself)
    body.straight(3)
    for _ in range(chooser.below(4)):
        body.structure(2)
        body.straight(2)
    body.finish()
    head = "".join(f" %{seen.name}" for seen in named)
    return "\n".join([f'F("{name}"){head};', *body.lines])


def _argument(chooser: Chooser) -> Operand:
    width = size(any_width(chooser))
    match chooser.below(12):
        case 10:
            return none(width)
        case 11:
            return nar(chooser.choose((OVERFLOW, INVALID_OPERAND)), width)
        case _:
            return value(interesting(chooser, width), width)


def _param(argument: Operand) -> Seen:
    level = VALUE if argument.is_value else NONE if argument.is_none else ANY
    return Seen(argument.width, False, level)


def described(program: Program) -> str:
    """The program as a file, with what it is called with in a comment."""
    listed = ", ".join(map(str, program.arguments))
    letters = "".join(LETTERS[argument.width] for argument in program.arguments)
    return f"// {program.member.name}: f({listed})  {letters}\n{program.text}"
