"""Samples in text files: a program and everything that one call of it must do.

    F("f") %a; add(%a, 1), retn(b0);     the program, with comments
    --- member tin                       `silver` without this line
    --- budget 1000                      instructions, if they are to run out
    --- before 256: 11:w                 memory at an address; any number of these lines
    --- call f 9:w
    --- trace                            every line of it follows
    --- result 10:w                      or
    --- fault NaR(overflow) 3:5          the cause, and where the operation is
    --- instructions 1
    --- after 256: 11:w

Operations have tables of their own, a case a line: `add(7:w, 3) => 10:w`. Operands, as traces
show them, are what is passed in; all else stands for itself; the belt's newest operands follow
the arrow, b0 first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.belt_machine.operand import Operand, operand

SAMPLES = Path(__file__).parent.parent / "belt_samples"

_OPERAND = re.compile(
    r"(?<![A-Za-z])(?:None|NaR\([^)]*\)|-?(?:inf|nan)|-?[0-9][0-9a-zA-Z.+-]*):[bhwdq]"
)


def operands(text: str) -> tuple[Operand, ...]:
    """All operands in a list of them."""
    return tuple(map(operand, _OPERAND.findall(text)))


@dataclass
class Sample:
    """A program, what it is called with, and what must come of it; None is not checked."""

    name: str
    program: str
    member: str = "silver"
    budget: int = 100_000
    function: str = ""
    arguments: tuple[Operand, ...] = ()
    before: dict[int, tuple[Operand, ...]] = field(default_factory=dict)
    after: dict[int, tuple[Operand, ...]] = field(default_factory=dict)
    trace: list[str] | None = None
    results: tuple[Operand, ...] | None = None
    fault: str | None = None
    instructions: int | None = None


def read_sample(path: Path) -> Sample:
    program, *sections = re.split(r"^--- ", path.read_text(), flags=re.M)
    sample = Sample(path.stem, program)
    for section in sections:
        head, _, body = section.partition("\n")
        keyword, _, rest = head.partition(" ")
        match keyword:
            case "member":
                sample.member = rest
            case "call":
                sample.function = rest.partition(" ")[0]
                sample.arguments = operands(rest)
            case "before" | "after":
                address, _, content = rest.partition(": ")
                getattr(sample, keyword)[int(address, 0)] = operands(content)
            case "trace":
                sample.trace = [line for line in body.splitlines() if line]
            case "result":
                sample.results = operands(rest)
            case "fault":
                sample.fault = rest
            case "instructions" | "budget":
                setattr(sample, keyword, int(rest))
            case _:
                raise ValueError(f"{path}: what is {keyword}?")
    return sample


def samples() -> list[Sample]:
    """All programs with what they do."""
    return [read_sample(path) for path in sorted((SAMPLES / "programs").glob("*.txt"))]


@dataclass(frozen=True)
class Case:
    """One instruction without labels: its operations, operands by name, what it must drop."""

    name: str
    code: str
    arguments: tuple[Operand, ...]
    results: tuple[Operand, ...]

    @property
    def program(self) -> str:
        """A function `f` that does it, waits until all has retired, and returns."""
        names = "".join(f" %a{index}" for index in range(len(self.arguments)))
        returned = ", ".join(f"b{index}" for index in range(len(self.results)))
        return f'F("f"){names}; {self.code}; {"nop(); " * 8}retn({returned});'


def _case(table: str, line: str) -> Case:
    code, _, results = line.partition("=>")
    arguments = operands(code)
    indices = iter(range(len(arguments)))
    named = _OPERAND.sub(lambda _: f"%a{next(indices)}", code)
    return Case(f"{table}: {line}", named.strip(), arguments, operands(results))


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text().splitlines():
        text = line.partition("//")[0].strip()
        if text:
            yield " ".join(text.split())


def cases() -> list[Case]:
    """All cases of single operations."""
    paths = sorted((SAMPLES / "operations").glob("*.txt"))
    return [_case(path.stem, line) for path in paths for line in _lines(path)]
