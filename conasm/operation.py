"""What the assembler must know of an operation; what the operation *means* is not its business.

    OperationSpec > Form > Kind

An operation has one or several forms (lists of argument kinds), a phase in which it happens, and a
latency class, whose length a `Member` decides. Specs come from the records of whoever runs belt
code; the assembler has no list of its own.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping

from attrs import field, frozen

WIDTHS = {"b": 1, "h": 2, "w": 4, "d": 8, "q": 16}
"""Width letters and the bytes that they stand for."""

WIDTH_LETTERS = {size: letter for letter, size in WIDTHS.items()}
"""The way back: bytes and their letter."""


class Phase(enum.IntEnum):
    """When in its instruction an operation reads the belt and happens; in this order."""

    READER = 0
    COMPUTE = 1
    CALL = 2
    PICK = 3
    WRITER = 4


class Kind(enum.Enum):
    """What an argument is; the values are the words of a record's header."""

    VALUE = "value"  # b0, %name
    OPERAND = "operand"  # b0, %name, or an integer, which is as wide as the first value
    NUMBER = "number"  # an integer or a float
    INTEGER = "integer"
    COUNT = "count"  # how many results there are
    SIZE = "size"  # bytes of stack memory
    SCRATCH = "scratch"  # bytes of the scratchpad
    OFFSET = "offset"  # a place in the scratchpad
    DELAY = "delay"  # how many instructions later a load retires
    WIDTH = "width"  # b h w d q
    TAG = "tag"  # a bare word that joins a load to its pickup
    TAGGED = "tagged"  # the tag of a load
    LABEL = "label"  # "name" of a block of this function
    TARGET = "target"  # "name" of a function, or a value: an indirect call
    SYMBOL = "symbol"  # "name" of data or of a function
    REGISTER = "register"  # a bare word such as fp


KIND_NAMES = {
    Kind.VALUE: "an operand of the belt",
    Kind.OPERAND: "an operand of the belt or an integer",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "an integer",
    Kind.COUNT: "a count of results",
    Kind.SIZE: "a number of bytes",
    Kind.SCRATCH: "a number of bytes",
    Kind.OFFSET: "an offset in the scratchpad",
    Kind.DELAY: "a number of instructions",
    Kind.WIDTH: "a width (b, h, w, d or q)",
    Kind.TAG: "a tag, which is a bare word",
    Kind.TAGGED: "the tag of a load",
    Kind.LABEL: "a label in double quotes",
    Kind.TARGET: "a function in double quotes, or an operand of the belt",
    Kind.SYMBOL: "a name in double quotes",
    Kind.REGISTER: "a register, which is a bare word",
}
"""Kinds in the words of messages and of the reference."""


class Widths(enum.Enum):
    """Which widths the values of an operation may have among each other."""

    SAME = "same"  # all values alike; else NaR(mismatched sizes)
    ANY = "any"  # no agreement needed
    FLOAT = "float"  # alike, and w or d


class Results(enum.Enum):
    """How many results an operation has, where the number is not fixed."""

    COUNTED = "counted"  # as its count says; else as are named; else as the target gives
    COPIES = "copies"  # one for each argument


class Transfer(enum.Enum):
    """Where an operation may take control."""

    BRANCH = "branch"
    CALL = "call"
    RETURN = "return"


@frozen
class Form:
    """The kinds of the arguments; with `rest`, any number of values may follow."""

    kinds: tuple[Kind, ...]
    rest: bool = False

    def __str__(self) -> str:
        words = [kind.value for kind in self.kinds]
        return ", ".join([*words, "value…"] if self.rest else words)


_NAME = re.compile(r"(?!(?:b\d+|[FLD]|include|outcall|backcall|syscall)$)[A-Za-z_][A-Za-z0-9_]*")


def parse_header(text: str) -> tuple[str, tuple[Form, ...]]:
    """Read a header such as `add value operand` into the name and the forms.

    Several forms are separated by ` / `; the name stands once. Raises ValueError for a word that
    is no kind, and for a name that no operation can have.

    >>> name, forms = parse_header("pick value value value / value value")
    >>> name, [str(form) for form in forms]
    ('pick', ['value, value, value', 'value, value'])
    """
    name, _, rest = text.strip().partition(" ")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name an operation")
    return name, tuple(_parse_form(name, part) for part in rest.split("/"))


def _parse_form(name: str, text: str) -> Form:
    words = text.split()
    rest = bool(words) and words[-1] == "value*"
    try:
        kinds = tuple(Kind(word) for word in (words[:-1] if rest else words))
    except ValueError as error:
        known = ", ".join(kind.value for kind in Kind)
        raise ValueError(f"{name}: {error}; kinds are {known}, and value* at the end") from None
    return Form(kinds, rest)


def _no_widths(operands: int) -> tuple[int | None, ...]:
    del operands
    return ()


@frozen(eq=False)
class OperationSpec:
    """An operation as the assembler sees it.

    `sizes` are the widths (letters) that its first value may have. `result_widths` tells the
    widths of the results in bytes from that of the operands; nothing if a run must tell. One that
    `chooses` gives one of its values, those from that place on.
    `codes` means that condition codes may be ganged to it, `ganged` that its form without
    arguments reads them. `condition` is the predicate's wanted value for a conditional transfer,
    None for an unconditional one. `registers` are the words that it takes as such, each with its
    width in bytes, None for a None, which is of any.
    """

    name: str
    forms: tuple[Form, ...]
    phase: Phase
    latency: str
    results: int | Results
    widths: Widths
    sizes: str
    group: str
    description: str
    codes: bool = False
    ganged: bool = False
    transfer: Transfer | None = None
    condition: bool | None = None
    chooses: int | None = None
    registers: Mapping[str, int | None] = field(factory=dict[str, int | None], repr=False)
    result_widths: Callable[[int], tuple[int | None, ...]] = field(default=_no_widths, repr=False)

    @property
    def is_final(self) -> bool:
        """Whether nothing in a block can come after it."""
        return self.transfer in (Transfer.BRANCH, Transfer.RETURN) and self.condition is None


OperationSet = Mapping[str, OperationSpec]
"""Operations by name."""
