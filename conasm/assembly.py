"""The assembled form of belt code: who reads what is decided, positions and time are gone.

    AssembledUnit > AssembledFunction > AssembledBlock > Step > arguments

Within a block each operand that is ever on the belt is a *value* with a number: `0 … entry-1` are
what the block is entered with, then comes one for each drop, in the order in which the operations
happen. No number is used twice, so executing the steps in order, each reading and making values,
is the meaning of the block. A position that nothing can have filled reads as `UNFILLED`. The
order of an instruction's steps:

    readers · computations at issue · what retires (loads read memory, results reach the belt) ·
    each call · picks · stores and spills · conform · transfers
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from conasm.errors import Problem
from conasm.member import Member
from conasm.nodes import BackcallDeclaration, OutcallDeclaration, Position
from conasm.operation import OperationSpec

UNFILLED = -1
"""The number of no value: what is read there is NaR(invalid operand) of width b."""


# --- arguments


@frozen
class ValueArg:
    """An operand of the belt, or `UNFILLED`."""

    id: int


@frozen
class ImmediateArg:
    """An integer as written: an immediate, an offset, a delay, a size."""

    value: int


@frozen
class FloatArg:
    """A floating-point literal."""

    value: float


@frozen
class WidthArg:
    """A width, in bytes."""

    bytes: int


@frozen
class TagArg:
    """The tag that joins a load to its `pickup`; numbered per function."""

    index: int
    name: str


@frozen
class BlockArg:
    """A block of the same function, by its index."""

    index: int


@frozen
class FunctionArg:
    """A function or an outcall, by its name."""

    name: str


@frozen
class SymbolArg:
    """The address of data or of a function."""

    name: str


@frozen
class RegisterArg:
    """A special register, or one of the constants of `rd`, by its name."""

    name: str


StepArgument = (
    ValueArg
    | ImmediateArg
    | FloatArg
    | WidthArg
    | TagArg
    | BlockArg
    | FunctionArg
    | SymbolArg
    | RegisterArg
)


# --- code


@frozen(eq=False)
class Step:
    """One thing that happens.

    * `instruction`: the index of its instruction in the block; `listed`: its operation's place in
      that instruction.
    * `arguments`: what is listed before the trailing values of a transfer; `passes`: those values,
      which a branch, call or return hands over, in listed order. A branch to a label without
      names passes the whole belt, newest first. What is passed may be `UNFILLED`.
    * `drops`: the values that it makes, the first listed result first, which ends nearest to b0.
    * `retires`: this is the end of a load; the step that issued it (`issue` is its index) has
      the same arguments, evaluated the address, and drops nothing.
    * `gang`: the index of the step whose condition codes it reads.
    * `before`: what is on the belt when its phase begins, newest first: what positions count on.
    * `belt`: what is on the belt when the next step begins, newest first: the drops of this step
      are there unless they retire later, and what retires right after it is there as well.
    """

    operation: OperationSpec
    instruction: int
    listed: int
    arguments: tuple[StepArgument, ...]
    drops: tuple[int, ...]
    passes: tuple[int, ...]
    position: Position
    before: tuple[int, ...]
    belt: tuple[int, ...]
    retires: bool = False
    issue: int | None = None
    gang: int | None = None


@frozen(eq=False)
class AssembledValue:
    """What is known of a value: its name or "", the operation that makes it, its width.

    `operation` is "" for what the block is entered with. `width` is in bytes, and what the value
    has unless it is a None or a NaR; None where only a run can tell.
    """

    name: str
    operation: str
    width: int | None


@frozen(eq=False)
class AssembledBlock:
    """A block. `entry` values come in.

    With `named`, each of them is carried to it. Without, they are the positions of the belt, any
    of which may be unfilled: of the belt as it was, or of that of a new frame. `operands` are the
    label's names, those of the first values. `starts` has the index of the first step of each
    instruction.
    """

    label: str
    index: int
    entry: int
    named: bool
    operands: tuple[str, ...]
    steps: tuple[Step, ...]
    starts: tuple[int, ...]
    values: tuple[AssembledValue, ...]
    position: Position


@frozen(eq=False)
class AssembledFunction:
    """A function; the first block is its entry, and takes the arguments."""

    name: str
    blocks: tuple[AssembledBlock, ...]
    scratch_size: int
    tags: tuple[str, ...]
    comment: str
    position: Position


# --- data


@frozen(eq=False)
class PlacedData:
    """Initialised data, `offset` bytes from where all data begins.

    `alignment` is that of its beginning, in bytes. Each relocation is an offset in `bytes` and the
    name whose address is added to the 8 bytes there.
    """

    name: str
    offset: int
    bytes: bytes = field(repr=False)
    relocations: tuple[tuple[int, str], ...]
    alignment: int
    comment: str
    position: Position


@frozen(eq=False)
class AssembledUnit:
    """Linked belt code for one member.

    `data_size` and `data_alignment` are those of all data together. `warnings` are what is legal
    and probably not meant.
    """

    member: Member
    functions: Mapping[str, AssembledFunction]
    outcalls: tuple[OutcallDeclaration, ...]
    backcalls: tuple[BackcallDeclaration, ...]
    data: tuple[PlacedData, ...]
    data_size: int
    data_alignment: int
    warnings: tuple[Problem, ...]
