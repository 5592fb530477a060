"""Unicorn: the same ELF file, host functions as code hooks at their addresses."""

from __future__ import annotations

import io
from collections.abc import Callable

import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import riscv_const as r

from benchmarks import toolchain
from benchmarks.peer import Call, SizedCall

PAGE = 0x1000
STACK_TOP = 0x8000_0000
STACK_SIZE = 0x10_0000
RETURN_TO = 0x9000_0000


class Guest:
    """An ELF file in an emulator, its host functions hooked."""

    def __init__(self, elf: bytes) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        self.uc.mem_map(STACK_TOP - STACK_SIZE, STACK_SIZE)
        self.uc.mem_map(RETURN_TO, PAGE)
        parsed = ELFFile(io.BytesIO(elf))
        for segment in parsed.iter_segments("PT_LOAD"):
            self._map(segment.header.p_vaddr, segment.header.p_memsz, segment.data())
        symbols = parsed.get_section_by_name(".symtab")
        self.addresses = {s.name: s.entry.st_value for s in symbols.iter_symbols() if s.name}
        self._hook("host_add", self._host_add)
        self._hook("host_descend", self._host_descend)
        self.uc.reg_write(r.UC_RISCV_REG_SP, STACK_TOP)

    def _map(self, address: int, size: int, data: bytes) -> None:
        begin, end = address & -PAGE, (address + size + PAGE - 1) & -PAGE
        self.uc.mem_map(begin, end - begin)
        self.uc.mem_write(address, data)

    def _hook(self, name: str, function: Callable[..., None]) -> None:
        address = self.addresses[name]
        self.uc.hook_add(unicorn.UC_HOOK_CODE, function, begin=address, end=address)

    def _host_add(self, uc: unicorn.Uc, *_: object) -> None:
        total = _signed(uc.reg_read(r.UC_RISCV_REG_A0)) + _signed(uc.reg_read(r.UC_RISCV_REG_A1))
        uc.reg_write(r.UC_RISCV_REG_A0, total & 0xFFFFFFFF)
        uc.reg_write(r.UC_RISCV_REG_PC, uc.reg_read(r.UC_RISCV_REG_RA))

    def _host_descend(self, uc: unicorn.Uc, *_: object) -> None:
        back = uc.reg_read(r.UC_RISCV_REG_RA)  # all else is kept by the function that is called
        result = self.call("descend", uc.reg_read(r.UC_RISCV_REG_A0))
        uc.reg_write(r.UC_RISCV_REG_A0, result)
        uc.reg_write(r.UC_RISCV_REG_PC, back)

    def call(self, name: str, *arguments: int) -> int:
        """Call a function by the psABI, integers only."""
        return self.call_at(self.addresses[name], *arguments)

    def call_at(self, address: int, *arguments: int) -> int:
        uc = self.uc
        for register, argument in enumerate(arguments, r.UC_RISCV_REG_A0):
            uc.reg_write(register, argument)
        uc.reg_write(r.UC_RISCV_REG_RA, RETURN_TO)
        uc.emu_start(address, RETURN_TO)
        return uc.reg_read(r.UC_RISCV_REG_A0)


def _signed(value: int) -> int:
    return (value ^ 0x8000_0000) - 0x8000_0000


class UnicornPeer:
    """See `benchmarks.peer.Peer`."""

    module = "unicorn"

    def __init__(self) -> None:
        self._elf = toolchain.riscv().read_bytes()
        self._guest = Guest(self._elf)

    def version(self) -> str:
        return unicorn.__version__

    def function(self, name: str) -> SizedCall:
        address, call_at = self._guest.addresses[name], self._guest.call_at
        return lambda size: call_at(address, size)

    def bound_add(self) -> Call:
        address, call_at = self._guest.addresses["add"], self._guest.call_at
        return lambda: call_at(address, 2, 3)

    def named_add(self) -> Call:
        call = self._guest.call
        return lambda: call("add", 2, 3)

    def stub_add(self) -> None:
        return None

    def load(self) -> Callable[[], object]:
        return lambda: Guest(self._elf)

    def fresh(self) -> SizedCall:
        guest = Guest(self._elf)
        return lambda size: guest.call("straight", size)
