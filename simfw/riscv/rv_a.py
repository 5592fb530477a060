"""Atomic instructions (unprivileged manual, chapter "A").

One hart runs at a time, so an atomic is a load, an operation and a store with nothing between.
A store-conditional succeeds if the address is the one that the last load-reserved named.
"""

from __future__ import annotations

from collections.abc import Callable

from simfw.ir.builder import Word
from simfw.riscv.record import Extension
from simfw.riscv.state import NOT_RESERVED, Fields, State

A = Extension("A")
RV64 = (64,)

Operation = Callable[[Word, Word], Word]
_WIDTHS = (("w", 2, (32, 64)), ("d", 3, RV64))


def _aligned(s: State, address: Word, size: int) -> None:
    s.check((address & (size - 1)).eq(0), "misaligned atomic access", address)


def _atomic(name: str, number: int, sentence: str, operation: Operation) -> None:
    """Add the word and the doubleword form of a read-modify-write instruction."""
    for letter, funct3, xlens in _WIDTHS:
        _amo(f"{name}.{letter}", number, funct3, xlens, sentence, operation)


def _amo(
    name: str, number: int, funct3: int, xlens: tuple[int, ...], sentence: str, op: Operation
) -> None:
    size = 1 << funct3

    def semantics(s: State, i: Fields) -> None:
        address = s.x[i.rs1]
        _aligned(s, address, size)
        old = s.load(size, address, "write")
        s.store(size, address, op(old, s.x[i.rs2].trunc(8 * size)))
        s.x[i.rd] = old.sext(s.xlen)

    semantics.__doc__ = sentence
    encoding = f"{name} rd rs1 rs2 aq rl 31..27={number} 14..12={funct3} 6..2=0x0B 1..0=3"
    A.insn(encoding, name + "{order} {rd}, {rs2}, ({rs1})", xlens=xlens)(semantics)


def _reserve(letter: str, funct3: int, xlens: tuple[int, ...]) -> None:
    size = 1 << funct3

    def load_reserved(s: State, i: Fields) -> None:
        """Load and reserve the address."""
        address = s.x[i.rs1]
        _aligned(s, address, size)
        value = s.load(size, address)
        s.reservation = ~address
        s.x[i.rd] = value.sext(s.xlen)

    def store_conditional(s: State, i: Fields) -> None:
        """Store if the address is reserved; 0 on success, 1 on failure."""
        address = s.x[i.rs1]
        _aligned(s, address, size)
        reserved = s.reservation.eq(~address)
        s.store(size, address, s.x[i.rs2], when=reserved)
        s.reservation = s.const(NOT_RESERVED)
        s.x[i.rd] = reserved.select(s.const(0), 1)

    suffix = f"14..12={funct3} 6..2=0x0B 1..0=3"
    A.insn(
        f"lr.{letter} rd rs1 24..20=0 aq rl 31..27=2 {suffix}",
        f"lr.{letter}{{order}} {{rd}}, ({{rs1}})",
        xlens=xlens,
    )(load_reserved)
    A.insn(
        f"sc.{letter} rd rs1 rs2 aq rl 31..27=3 {suffix}",
        f"sc.{letter}{{order}} {{rd}}, {{rs2}}, ({{rs1}})",
        xlens=xlens,
    )(store_conditional)


for _letter, _funct3, _xlens in _WIDTHS:
    _reserve(_letter, _funct3, _xlens)

_OPERATIONS: tuple[tuple[str, int, str, Operation], ...] = (
    ("amoswap", 1, "Exchange memory and register.", lambda old, new: new),
    ("amoadd", 0, "Add to memory.", lambda old, new: old + new),
    ("amoxor", 4, "Exclusive or into memory.", lambda old, new: old ^ new),
    ("amoand", 12, "And into memory.", lambda old, new: old & new),
    ("amoor", 8, "Or into memory.", lambda old, new: old | new),
    ("amomin", 16, "Keep the smaller, signed.", lambda old, new: old.slt(new).select(old, new)),
    ("amomax", 20, "Keep the larger, signed.", lambda old, new: old.slt(new).select(new, old)),
    ("amominu", 24, "Keep the smaller, unsigned.", lambda old, new: old.ult(new).select(old, new)),
    ("amomaxu", 28, "Keep the larger, unsigned.", lambda old, new: old.ult(new).select(new, old)),
)

for _row in _OPERATIONS:
    _atomic(*_row)
