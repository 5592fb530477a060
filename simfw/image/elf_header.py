"""The ELF file header and the program headers: what kind of file this is, and what it loads.

Layouts are those of the System V gABI ("ELF Header", "Program Header"), flags those of the RISC-V
ELF psABI ("File Header"). Whatever we do not run is refused here, by name.
"""

from __future__ import annotations

from struct import Struct
from typing import Literal, NamedTuple

from simfw.image.elf_bytes import ElfBytes
from simfw.image.image import FloatAbi

MAGIC = b"\x7fELF"

ET_EXEC, ET_DYN = 2, 3
EM_RISCV = 243
EF_RISCV_RVC, EF_RISCV_FLOAT_ABI, EF_RISCV_RVE = 0x1, 0x6, 0x8
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PT_RISCV_ATTRIBUTES = 0x70000003
PF_READ, PF_WRITE, PF_EXECUTE = 4, 2, 1

PROGRAM_HEADER_LIMIT = 128  # linkers write about ten

_BUILD = "build for bare RISC-V or static Linux, e.g. `simfw build`"
_WRONG_TYPES = {
    0: ("has no file type", "link an executable"),
    1: ("is an object file, not linked yet", "link it, e.g. `simfw build guest.o -o guest.elf`"),
    4: ("is a core dump", "give the executable that was running"),
}
_MACHINES = {
    2: "SPARC", 3: "x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S/390", 40: "Arm",
    42: "SuperH", 62: "x86-64", 83: "AVR", 94: "Xtensa", 105: "MSP430", 183: "AArch64",
    247: "BPF", 258: "LoongArch",
}  # fmt: skip
_FLOAT_ABIS: tuple[FloatAbi, ...] = ("soft", "single", "double", "quad")

# type machine version entry phoff shoff flags ehsize phentsize phnum shentsize shnum shstrndx
_FILE_HEADER = {32: Struct("<HHIIIIIHHHHHH"), 64: Struct("<HHIQQQIHHHHHH")}
_PROGRAM_HEADER = {32: Struct("<8I"), 64: Struct("<2I6Q")}
_IDENT_SIZE = 16


class FileHeader(NamedTuple):
    """The fields of the file header that loading needs."""

    xlen: Literal[32, 64]
    os_abi: int
    type: int
    entry: int
    program_headers: int
    section_headers: int
    flags: int
    program_header_size: int
    program_header_count: int
    section_header_size: int
    section_count: int
    section_names: int

    @property
    def compressed(self) -> bool:
        """Whether instructions may be two bytes long."""
        return bool(self.flags & EF_RISCV_RVC)

    @property
    def float_abi(self) -> FloatAbi:
        """The widest floating-point values that are passed in registers."""
        return _FLOAT_ABIS[(self.flags & EF_RISCV_FLOAT_ABI) >> 1]


class ProgramHeader(NamedTuple):
    """One program header, in the order of the 64-bit layout."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    stored: int
    size: int
    align: int


def read_file_header(file: ElfBytes) -> FileHeader:
    """The header of a file that we can run, else `LoadError`."""
    xlen = _read_ident(file)
    layout = _FILE_HEADER[xlen]
    size = _IDENT_SIZE + layout.size
    file.require(0, size, "the ELF header")
    (kind, machine, version, entry, phoff, shoff, flags, ehsize, phentsize, phnum, shentsize,
     shnum, shstrndx) = layout.unpack_from(file.data, _IDENT_SIZE)  # fmt: skip
    _refuse_machine(file, machine)
    _refuse_type(file, kind)
    if version != 1 or ehsize != size:
        raise file.damage(f"the ELF{xlen} header gives version {version}, size {ehsize}")
    if phnum and phentsize != _PROGRAM_HEADER[xlen].size:
        raise file.damage(f"program headers of {phentsize} bytes do not exist in ELF{xlen}")
    if flags & EF_RISCV_RVE:
        raise file.refusal("is for RVE (16 registers), which is not supported", _BUILD)
    return FileHeader(
        xlen, file.data[7], kind, entry, phoff, shoff, flags, phentsize, phnum, shentsize, shnum,
        shstrndx,
    )  # fmt: skip


def read_program_headers(file: ElfBytes, header: FileHeader) -> list[ProgramHeader]:
    """All program headers; a file that needs a dynamic linker is refused."""
    count = header.program_header_count
    if count > PROGRAM_HEADER_LIMIT:
        raise file.refusal(
            f"has {count} program headers, the limit is {PROGRAM_HEADER_LIMIT}",
            "link with fewer segments",
        )
    layout = _PROGRAM_HEADER[header.xlen]
    rows = file.table(layout, header.program_headers, count * layout.size, "the program headers")
    if header.xlen == 32:
        rows = ((row[0], row[6], *row[1:6], row[7]) for row in rows)
    found = [ProgramHeader(*row) for row in rows]
    if any(item.type == PT_INTERP for item in found):
        raise file.refusal(
            "is linked dynamically (it asks for an interpreter)", "link with -static"
        )
    return found


def _read_ident(file: ElfBytes) -> Literal[32, 64]:
    """The class, after the checks of the first 16 bytes."""
    file.require(0, _IDENT_SIZE, "the ELF identification")
    if not file.data.startswith(MAGIC):
        raise file.refusal("is not an ELF file", "give an ELF executable")
    bits, order, version = file.data[4], file.data[5], file.data[6]
    if bits not in (1, 2):
        raise file.damage(f"its ELF class is {bits}, neither 32-bit (1) nor 64-bit (2)")
    if order == 2:
        raise file.refusal("is big-endian", "only little-endian RISC-V is supported: " + _BUILD)
    if order != 1 or version != 1:
        raise file.damage(f"its byte order is {order} and its ELF version {version}, not 1 and 1")
    return 32 if bits == 1 else 64


def _refuse_machine(file: ElfBytes, machine: int) -> None:
    if machine != EM_RISCV:
        known = _MACHINES.get(machine, f"machine number {machine}")
        raise file.refusal(f"is for {known}, not for RISC-V", _BUILD)


def _refuse_type(file: ElfBytes, kind: int) -> None:
    if kind not in (ET_EXEC, ET_DYN):
        what, remedy = _WRONG_TYPES.get(
            kind, (f"has the unknown file type {kind}", "link it again")
        )
        raise file.refusal(what, remedy)
