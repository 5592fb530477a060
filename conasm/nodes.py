"""The syntax tree of conAsm: plain immutable values, each of which knows where it stands.

A `Unit` is one file with everything that it includes. Its declarations (`outcalls`, `backcalls`)
say which functions cross the border; its `functions` and `data` are belt code, which only belt
units have. Layout of belt code:

    Unit > Function > Block (an extended basic block) > Instruction > Operation > arguments
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Position:
    """A place in a source: file as it was named, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


# --- declarations


@frozen
class OutcallDeclaration:
    """`F("name") outcall(N, widths…, "types"…);`, a guest function whose body is in the host.

    `count` is the number of guest arguments. `widths` are the letters (`b h w d q`) of the
    results as written, empty for none. `types` are normalised C spellings, the result first, or
    None when the declaration has none; `bytes` among them stands for two guest arguments.
    `syscall` is the number in a7 of an outcall that is reached by `ecall`.
    """

    name: str
    count: int
    widths: tuple[str, ...]
    types: tuple[str, ...] | None
    syscall: int | None
    comment: str
    position: Position


@frozen
class BackcallDeclaration:
    """`L("label"); backcall("result", "namespace", "name", "parameters"…);`, called by the host.

    `label` is the guest's function, `namespace` and `name` (with `::` as written) what the host
    calls it. Types are normalised C spellings. `has_body` tells whether belt code follows.
    """

    label: str
    result: str
    namespace: str
    name: str
    parameters: tuple[str, ...]
    comment: str
    position: Position
    has_body: bool


# --- arguments of operations


@frozen
class BeltReference:
    """`b3`: the operand at that position of the belt, the newest at 0."""

    index: int
    position: Position


@frozen
class Name:
    """`%sum`: a named operand, without its percent sign; read or, behind an operation, defined."""

    name: str
    position: Position


@frozen
class Integer:
    """`42`, `-7`, `0x2a`, `0o17`, `0b1010` or `'A'`; at most 128 bits wide."""

    value: int
    position: Position


@frozen
class Float:
    """`1.5` or `-2e3`, as the nearest binary64."""

    value: float
    position: Position


@frozen
class String:
    """`"text"` with its escapes resolved; bytes that are no UTF-8 are surrogate-escaped."""

    text: str
    position: Position

    @property
    def data(self) -> bytes:
        """The bytes that the literal stands for, without a terminator."""
        return self.text.encode("utf-8", "surrogateescape")


@frozen
class Word:
    """A bare word: a width such as `w`, or a name such as `fp`."""

    text: str
    position: Position


Argument = BeltReference | Name | Integer | Float | String | Word


# --- belt code


@frozen
class Operation:
    """`add(b0, 2) %sum`: an op, its arguments, and the names of its results."""

    name: str
    arguments: tuple[Argument, ...]
    results: tuple[Name, ...]
    position: Position


@frozen
class Instruction:
    """Operations that issue together: joined by commas, ended by a semicolon."""

    operations: tuple[Operation, ...]
    position: Position


@frozen
class Block:
    """An extended basic block: its label, the names of what it is handed, its code."""

    label: str
    operands: tuple[Name, ...]
    instructions: tuple[Instruction, ...]
    position: Position


@frozen
class Function:
    """A function with belt code; the first block is its entry and bears its name."""

    name: str
    blocks: tuple[Block, ...]
    comment: str
    position: Position


@frozen
class Data:
    """`D("name") w(7), asciz("text");`: initialised data; items are written like operations."""

    name: str
    items: tuple[Operation, ...]
    comment: str
    position: Position


@frozen
class Unit:
    """A file and all that it includes, in the order of the text.

    `sources` maps each file's name, as positions give it, to its lines. `mistaken` are the names
    of functions and data in which a mistake was found already; a sound unit has none.
    """

    file: str
    outcalls: tuple[OutcallDeclaration, ...]
    backcalls: tuple[BackcallDeclaration, ...]
    functions: tuple[Function, ...]
    data: tuple[Data, ...]
    sources: Mapping[str, tuple[str, ...]] = field(eq=False, repr=False)
    mistaken: frozenset[str] = frozenset()

    @property
    def source(self) -> tuple[str, ...]:
        """The lines of the unit's own file."""
        return self.sources[self.file]

    @property
    def is_belt(self) -> bool:
        """Whether there is belt code; a unit without only declares."""
        return bool(self.functions or self.data)
