"""What an image is: the segments, symbols and sections of one guest program, as plain values.

An image is read once and never changes. It says *what is where*; giving the bytes a memory, and
deciding what a page is that two segments share, is the business of `simfw.memory`. Addresses are
those at run time: for position-independent executables `load_bias` is already in them.
"""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen

from conasm.nodes import BackcallDeclaration, OutcallDeclaration
from simfw.image.symbols import SymbolTable
from simfw.permissions import Permissions

FloatAbi = Literal["soft", "single", "double", "quad"]


@frozen
class Segment:
    """A range of memory that the program occupies from its start.

    `size` counts the bytes in memory; those behind `data` are zero. Ranges of one image never
    overlap, but two of them may share a page.
    """

    address: int
    data: bytes = field(repr=False)
    size: int
    permissions: Permissions

    @property
    def end(self) -> int:
        """The first address behind the segment."""
        return self.address + self.size

    def __contains__(self, address: int) -> bool:
        return self.address <= address < self.end


@frozen
class Section:
    """A named part of the file.

    `permissions` is `NONE` for a section that takes no memory, such as debug information or
    `.simfw.declarations`; its `address` is then 0.
    """

    name: str
    address: int
    size: int
    permissions: Permissions
    offset: int = field(repr=False)
    stored: int = field(repr=False)
    _file: bytes = field(repr=False, eq=False)

    @property
    def data(self) -> bytes:
        """The content as stored in the file: `size` bytes, or none for `.bss` and its like."""
        return self._file[self.offset : self.offset + self.stored]


@frozen
class ProgramHeaders:
    """Where the guest finds its own ELF program headers (AT_PHDR, AT_PHENT, AT_PHNUM)."""

    address: int
    entry_size: int
    count: int


@frozen(eq=False)
class Image:
    """A guest program, ready to be placed in memory.

    `kind` is `"riscv"` for an ELF file and `"flat"` for bare bytes (RISC-V code as well).
    `entry` is the address of the first instruction. `segments` ascend and do not overlap.
    `arch` is the ISA string of `.riscv.attributes`, such as `rv32i2p1_m2p0_c2p0`, None when the
    image does not tell. `compressed` and `float_abi` are what the file's header says of its code.
    `is_linux` is a hint for `platform="auto"`; `simfw.image.elf_system` states its rule.
    `file` is the whole content of the file, for readers of debug information. `code` is the
    assembled code of a belt image; `outcalls` and `backcalls` are what it declares itself.
    `extensions` are instructions of the user's own that its code may have.
    """

    name: str
    kind: Literal["riscv", "flat", "belt"]
    xlen: Literal[32, 64]
    entry: int
    segments: tuple[Segment, ...]
    symbols: SymbolTable = field(repr=False)
    sections: tuple[Section, ...] = field(default=(), repr=False)
    arch: str | None = None
    compressed: bool = True
    float_abi: FloatAbi = "soft"
    is_linux: bool = False
    pie: bool = False
    load_bias: int = 0
    program_headers: ProgramHeaders | None = None
    file: bytes = field(default=b"", repr=False)
    code: object = field(default=None, repr=False)
    outcalls: tuple[OutcallDeclaration, ...] = field(default=(), repr=False)
    backcalls: tuple[BackcallDeclaration, ...] = field(default=(), repr=False)
    extensions: tuple[object, ...] = field(default=(), repr=False)

    @property
    def lowest(self) -> int:
        """The first address of the lowest segment."""
        return self.segments[0].address

    @property
    def highest(self) -> int:
        """The first address behind the highest segment."""
        return self.segments[-1].end

    @property
    def has_tohost(self) -> bool:
        """Whether the program talks to a host through `tohost`, as self-checking tests do."""
        return "tohost" in self.symbols

    def section(self, name: str) -> Section | None:
        """The first section of that name, or None."""
        return next((section for section in self.sections if section.name == name), None)
