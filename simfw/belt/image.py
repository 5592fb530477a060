"""Belt units as images: data placed in memory, and an address for each function."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from os import PathLike

from attrs import frozen

from conasm import ConasmError, Unit, load, parse
from conasm.assembler import assemble
from conasm.assembly import AssembledUnit
from conasm.member import Member
from conasm.problems import Problems
from simfw.belt.extension import groups_of
from simfw.belt.members import MEMBERS
from simfw.belt.operations import GROUPS
from simfw.belt.record import Record, by_name, specs
from simfw.errors import ArgumentError, LoadError, SpecError
from simfw.image.image import Image, Segment
from simfw.image.symbols import Row, SymbolKind, SymbolTable
from simfw.library import SEARCH
from simfw.permissions import Permissions

DATA_BASE = 0x10000
CODE_BASE = 0x4000_0000
FUNCTION_SIZE = 16
"""Functions have addresses so that they can be called indirectly; nothing is mapped there."""

_MISSING = "A conAsm program has what it says itself and what it includes"

CODE_LIMIT = 1 << 26
"""Addresses for functions end here, behind `CODE_BASE`."""


@frozen(eq=False)
class BeltCode:
    """Assembled code, and the records of the operations that it may have, by name."""

    unit: AssembledUnit
    records: Mapping[str, Record]


def load_unit(
    source: str | PathLike[str] | bytes,
    name: str,
    member: str | Member = "silver",
    extensions: Sequence[object] = (),
) -> Image:
    """The image of a conAsm unit: a path, or its text.

    `extensions` are groups of operations of the user's own. Raises SpecError with every mistake of
    the unit, LoadError for one without code, and ArgumentError for a member that does not exist
    and for operations that cannot be had.
    """
    groups = groups_of(extensions)
    every = (*GROUPS, *groups)
    try:
        problems = Problems()
        unit = read_unit(source, name, specs(groups), problems)
        if not unit.is_belt:
            problems.raise_if_any()
        if not unit.is_belt:
            raise LoadError(
                f"{name} only declares, there is no code in it to run; give it with spec="
            )
        assembled = assemble([unit], specs(every), find_member(member), problems)
        return image_of(BeltCode(assembled, by_name(every)), unit, name)
    except ConasmError as error:
        raise SpecError(str(error)) from None


def read_unit(
    source: str | PathLike[str] | bytes,
    name: str,
    operations: Collection[str] = (),
    problems: Problems | None = None,
) -> Unit:
    """The syntax tree of a unit: of a path, or of its text. Raises ConasmError and LoadError.

    Mistakes go to `problems` instead if they are given; see `conasm.parse`.
    """
    if isinstance(source, bytes):
        return parse(_text(source, name), name, SEARCH, operations, problems)
    return load(source, SEARCH, operations, problems)


def _text(source: bytes, name: str) -> str:
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        raise LoadError(f"{name}: byte {error.start} is no UTF-8 text") from None


def find_member(member: str | Member) -> Member:
    """A member by name, in whatever case, or as it is."""
    if isinstance(member, Member):
        return member
    found = {name.lower(): one for name, one in MEMBERS.items()}.get(str(member).lower())
    if found is None:
        raise ArgumentError(f"member={member!r} is none of {', '.join(MEMBERS)}")
    return found


@frozen
class _Rows:
    """The symbols of a unit."""

    symbols: tuple[Row, ...]
    end: int

    def rows(self) -> list[Row]:
        """All of them."""
        return list(self.symbols)

    def section_ends(self) -> dict[str, int]:
        """The data's."""
        return {".data": self.end}

    def may_hold(self, name: str) -> bool:
        """Whether it is one of them."""
        return any(row[0] == name for row in self.symbols)


def image_of(code: BeltCode, unit: Unit, name: str) -> Image:
    """Place data and functions; fill in the addresses that data holds."""
    assembled = code.unit
    functions = [*assembled.functions, *(o.name for o in unit.outcalls if o.syscall is None)]
    if len(functions) * FUNCTION_SIZE > CODE_LIMIT:
        raise LoadError(f"{name} has {len(functions)} functions, more than there are addresses for")
    addresses = {
        function: CODE_BASE + FUNCTION_SIZE * place for place, function in enumerate(functions)
    }
    base = -(-DATA_BASE // assembled.data_alignment) * assembled.data_alignment
    rows: list[Row] = [
        (function, address, FUNCTION_SIZE, SymbolKind.FUNCTION, "GLOBAL", None, ".text")
        for function, address in addresses.items()
    ]
    for data in assembled.data:
        addresses[data.name] = base + data.offset
        rows.append((data.name, base + data.offset, len(data.bytes), SymbolKind.OBJECT, "GLOBAL",
                     None, ".data"))  # fmt: skip
    size = max(assembled.data_size, 16)
    segment = Segment(base, _data(assembled, addresses), size,
                      Permissions.READ | Permissions.WRITE)  # fmt: skip
    return Image(
        name=name,
        kind="belt",
        xlen=64,
        entry=addresses.get("main", 0),
        segments=(segment,),
        symbols=SymbolTable(_Rows(tuple(rows), base + size), name, _MISSING),
        code=code,
        outcalls=assembled.outcalls,
        backcalls=assembled.backcalls,
    )


def _data(assembled: AssembledUnit, addresses: dict[str, int]) -> bytes:
    content = bytearray(assembled.data_size)
    for data in assembled.data:
        content[data.offset : data.offset + len(data.bytes)] = data.bytes
        for offset, symbol in data.relocations:
            place = slice(data.offset + offset, data.offset + offset + 8)
            value = int.from_bytes(content[place], "little") + addresses[symbol]
            content[place] = (value & (1 << 64) - 1).to_bytes(8, "little")
    return bytes(content)
