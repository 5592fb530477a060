"""Random valid programs for belts, with arguments, to be run by two machines and compared.

    @given(programs())
    def test_…(program: Program) -> None: …

`programs` is a Hypothesis strategy; `program_of` makes one of a seed, which is faster. Programs
have several functions and blocks, loops that end, carried operands, delayed and tagged loads in a
window of memory, calls of all kinds, Nones and NaRs, every width, the scratchpad, picks, gangs,
and outcalls, whose host functions are in `HOST`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

import conasm
from tests.belt_machine import SILVER, Machine, Member, Operand, Outcome, none, run, value
from tests.belt_machine.member import GOLD, TIN
from tests.belt_machine.writing.chooser import Drawn, Seeded
from tests.belt_machine.writing.units import WINDOW, Program, described, write_program

__all__ = ["HOST", "Program", "described", "expected", "program_of", "programs"]

MEMBERS = (SILVER, TIN, GOLD)


@st.composite
def programs(
    draw: st.DrawFn, members: tuple[Member, ...] = MEMBERS, window: int = WINDOW
) -> Program:
    """Programs for one of these members; `window` is the address of their first data."""
    return write_program(Drawn(draw), draw(st.sampled_from(members)), window)


def program_of(seed: int, member: Member | None = None, window: int = WINDOW) -> Program:
    """The program of a seed."""
    return write_program(Seeded(seed), member or MEMBERS[seed % len(MEMBERS)], window)


# --- the host


def _number(operand: Operand) -> int:
    """A value, or a number in its place: the host sees what is special."""
    return operand.payload if operand.is_value else 7 if operand.is_none else 11


def mix(a: Operand, b: Operand) -> tuple[Operand, ...]:
    """Two operands of any widths made one of width w."""
    return (value(31 * _number(a) + _number(b), 4),)


def pair(a: Operand) -> tuple[Operand, ...]:
    """An operand's low 64 bits, and its width as a b."""
    return value(_number(a), 8), value(a.width, 1)


def echo(a: Operand) -> tuple[Operand, ...]:
    """An operand's low 32 bits; a None for whatever is special."""
    return (value(a.payload, 4) if a.is_value else none(4),)


def note(a: Operand) -> tuple[Operand, ...]:
    """Nothing."""
    del a
    return ()


HOST: Mapping[str, Callable[..., tuple[Operand, ...]]] = {
    "mix": mix,
    "pair": pair,
    "echo": echo,
    "note": note,
}
"""Results of each outcall, from its operands."""


def expected(
    program: Program,
    *,
    symbols: Mapping[str, int] | None = None,
    stack_top: int = 0x20000,
    notes: list[tuple[str, tuple[Operand, ...]]] | None = None,
    budget: int = 100_000,
) -> Outcome:
    """What the literal machine makes of a program.

    `symbols` are addresses of all functions, outcalls and data of another machine, `stack_top`
    where its stack ends. Outcalls are added to `notes`.
    """

    def host(name: str) -> Callable[..., tuple[Operand, ...]]:
        def called(_: Machine, *operands: Operand) -> tuple[Operand, ...]:
            if notes is not None:
                notes.append((name, operands))
            return HOST[name](*operands)

        return called

    machine = Machine(
        conasm.parse(program.text),
        program.member,
        outcalls={name: host(name) for name in HOST},
        symbols=symbols,
        data_base=program.window,
        stack_top=stack_top,
        budget=budget,
    )
    return run(machine, "f", *program.arguments)
