"""Making IR: constructors that fold, and the operators that records are written with.

`Word` is a `Value` with Python's operators on it, so that semantics reads like arithmetic. The
constructors fold constants, neutral elements and `(x + c) + c`; each rule is tested against the
direct evaluation of the unfolded graph.
"""

from __future__ import annotations

from collections.abc import Callable

from simfw.ir.ops import I1, INTEGERS, Type, Value


def signed(value: int, bits: int) -> int:
    """Read the low `bits` of `value` as two's complement."""
    sign = 1 << (bits - 1)
    return ((value & ((1 << bits) - 1)) ^ sign) - sign


def _quotient(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(a: int, b: int) -> int:
    return a - b * _quotient(a, b)


Evaluate = Callable[[int, int, int], int]

BINARY: dict[str, Evaluate] = {
    "add": lambda a, b, w: a + b,
    "sub": lambda a, b, w: a - b,
    "mul": lambda a, b, w: a * b,
    "and": lambda a, b, w: a & b,
    "or": lambda a, b, w: a | b,
    "xor": lambda a, b, w: a ^ b,
    "shl": lambda a, b, w: a << (b % w),
    "lshr": lambda a, b, w: a >> (b % w),
    "ashr": lambda a, b, w: signed(a, w) >> (b % w),
    "udiv": lambda a, b, w: a // b,
    "urem": lambda a, b, w: a % b,
    "sdiv": lambda a, b, w: _quotient(signed(a, w), signed(b, w)),
    "srem": lambda a, b, w: _remainder(signed(a, w), signed(b, w)),
    "eq": lambda a, b, w: a == b,
    "ne": lambda a, b, w: a != b,
    "ult": lambda a, b, w: a < b,
    "uge": lambda a, b, w: a >= b,
    "slt": lambda a, b, w: signed(a, w) < signed(b, w),
    "sge": lambda a, b, w: signed(a, w) >= signed(b, w),
}
"""What each binary operation means, on unsigned operands of width `w`, before masking."""

UNARY: dict[str, Callable[[int, int], int]] = {
    "clz": lambda a, w: w - a.bit_length(),
    "ctz": lambda a, w: (a & -a).bit_length() - 1 if a else w,
    "popcount": lambda a, w: a.bit_count(),
    "bswap": lambda a, w: int.from_bytes(a.to_bytes(w // 8, "little"), "big"),
}
"""What each unary operation means; counting zeros of 0 gives the width."""

COMPARES = frozenset({"eq", "ne", "ult", "uge", "slt", "sge"})
PARTIAL = frozenset({"udiv", "urem", "sdiv", "srem"})
_ZERO_IS_NEUTRAL = frozenset({"add", "sub", "or", "xor", "shl", "lshr", "ashr"})
_COMMUTES = frozenset({"add", "mul", "and", "or", "xor", "eq", "ne"})


class Word(Value):
    """A value with operators; an int operand becomes a constant of the same width."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        """Identity. Against a number it would always be false, which no record means."""
        if isinstance(other, int):
            raise TypeError(f"{self.op} == {other} is not known when a record is traced: use .eq()")
        return self is other

    def __add__(self, other: Word | int) -> Word:
        return binary("add", self, other)

    def __sub__(self, other: Word | int) -> Word:
        return binary("sub", self, other)

    def __mul__(self, other: Word | int) -> Word:
        return binary("mul", self, other)

    def __and__(self, other: Word | int) -> Word:
        return binary("and", self, other)

    def __or__(self, other: Word | int) -> Word:
        return binary("or", self, other)

    def __xor__(self, other: Word | int) -> Word:
        return binary("xor", self, other)

    def __invert__(self) -> Word:
        return binary("xor", self, self.type.mask)

    def __neg__(self) -> Word:
        return binary("sub", const(self.type, 0), self)

    def __lshift__(self, amount: Word | int) -> Word:
        return binary("shl", self, amount)

    def lshr(self, amount: Word | int) -> Word:
        """Shift right, filling with zeros; the amount is modulo the width."""
        return binary("lshr", self, amount)

    def ashr(self, amount: Word | int) -> Word:
        """Shift right, filling with the sign; the amount is modulo the width."""
        return binary("ashr", self, amount)

    def eq(self, other: Word | int) -> Word:
        """1 if equal."""
        return binary("eq", self, other)

    def ne(self, other: Word | int) -> Word:
        """1 if different."""
        return binary("ne", self, other)

    def ult(self, other: Word | int) -> Word:
        """1 if below, unsigned."""
        return binary("ult", self, other)

    def uge(self, other: Word | int) -> Word:
        """1 if not below, unsigned."""
        return binary("uge", self, other)

    def slt(self, other: Word | int) -> Word:
        """1 if below, signed."""
        return binary("slt", self, other)

    def sge(self, other: Word | int) -> Word:
        """1 if not below, signed."""
        return binary("sge", self, other)

    def udiv(self, other: Word | int) -> Word:
        """Unsigned quotient; undefined for a zero divisor: guard it with `select`."""
        return binary("udiv", self, other)

    def urem(self, other: Word | int) -> Word:
        """Unsigned remainder; undefined for a zero divisor."""
        return binary("urem", self, other)

    def sdiv(self, other: Word | int) -> Word:
        """Signed quotient towards zero; undefined for a zero divisor and for MIN / -1."""
        return binary("sdiv", self, other)

    def srem(self, other: Word | int) -> Word:
        """Signed remainder with the dividend's sign; undefined as `sdiv` is."""
        return binary("srem", self, other)

    def select(self, yes: Word | int, no: Word | int) -> Word:
        """`yes` where this i1 is 1, else `no`; one of the two may be an int."""
        return select(self, yes, no)

    def sext(self, bits: int) -> Word:
        """Widen with the sign; the identity at the same width."""
        return resize("sext", self, bits)

    def zext(self, bits: int) -> Word:
        """Widen with zeros; the identity at the same width."""
        return resize("zext", self, bits)

    def trunc(self, bits: int) -> Word:
        """Keep the low bits; the identity at the same width."""
        return resize("trunc", self, bits)

    def clz(self) -> Word:
        """Leading zeros."""
        return unary("clz", self)

    def ctz(self) -> Word:
        """Trailing zeros."""
        return unary("ctz", self)

    def popcount(self) -> Word:
        """Bits that are set."""
        return unary("popcount", self)

    def bswap(self) -> Word:
        """Bytes in the opposite order."""
        return unary("bswap", self)


def const(type: Type, value: int) -> Word:
    """A constant, taken modulo the type's width."""
    return Word("const", type, (), value & type.mask)


def field(type: Type, name: str, *, is_signed: bool) -> Word:
    """A field of the instruction that is not known yet: for templates only."""
    return Word("field", type, (), (name, is_signed))


def _word(value: Word | int, like: Type) -> Word:
    return value if isinstance(value, Word) else const(like, value)


def binary(op: str, a: Word | int, b: Word | int) -> Word:
    """The operation `op` of `BINARY`, folded where its operands allow."""
    if isinstance(a, int):
        if isinstance(b, int):
            raise TypeError(f"{op} of two ints has no width")
        a = const(b.type, a)
    b = _word(b, a.type)
    if a.type is not b.type:
        raise TypeError(f"{op} of {a.type} and {b.type}")
    type = I1 if op in COMPARES else a.type
    left, right = a.constant, b.constant
    if left is not None and right is not None and not _undefined(op, left, right, a.type):
        return const(type, BINARY[op](left, right, a.type.bits))
    if left is not None and right is None and op in _COMMUTES:
        a, b, left, right = b, a, None, left
    if right is not None:
        folded = _fold_right(op, a, right)
        if folded is not None:
            return folded
    return Word(op, type, (a, b))


def _undefined(op: str, left: int, right: int, type: Type) -> bool:
    overflows = op in ("sdiv", "srem") and left == type.sign and right == type.mask
    return op in PARTIAL and (right == 0 or overflows)


def _fold_right(op: str, a: Word, right: int) -> Word | None:
    """What `a op right` is without the operation, if that is known."""
    if right == 0 and op in _ZERO_IS_NEUTRAL:
        return a
    if right == 0 and op in ("and", "mul"):
        return const(a.type, 0)
    if right == a.type.mask and op == "and":
        return a
    if right == 1 and op in ("mul", "udiv"):
        return a
    if op in ("shl", "lshr", "ashr") and right % a.type.bits == 0:
        return a
    if op == "add" and a.op == "add" and (inner := a.args[1].constant) is not None:
        base = a.args[0]
        assert isinstance(base, Word)
        return binary("add", base, inner + right)
    return None


def unary(op: str, a: Word) -> Word:
    """The operation `op` of `UNARY`, folded for a constant."""
    known = a.constant
    if known is not None:
        return const(a.type, UNARY[op](known, a.type.bits))
    return Word(op, a.type, (a,))


def select(condition: Word, yes: Word | int, no: Word | int) -> Word:
    """`yes` where `condition` is 1, else `no`; folded for a known condition or equal arms."""
    if isinstance(yes, int):
        if isinstance(no, int):
            raise TypeError("select of two ints has no width")
        yes = const(no.type, yes)
    no = _word(no, yes.type)
    if yes.type is not no.type:
        raise TypeError(f"select of {yes.type} and {no.type}")
    known = condition.constant
    if known is not None:
        return yes if known else no
    same_constant = yes.constant is not None and yes.constant == no.constant
    return yes if yes is no or same_constant else Word("select", yes.type, (condition, yes, no))


def resize(op: str, a: Word, bits: int) -> Word:
    """`sext`, `zext` or `trunc` to `bits`; the identity at the same width."""
    if bits == a.type.bits:
        return a
    type = INTEGERS[bits]
    if (bits < a.type.bits) != (op == "trunc"):
        raise TypeError(f"{op} from {a.type} to {type}")
    known = a.constant
    if known is not None:
        return const(type, signed(known, a.type.bits) if op == "sext" else known)
    return Word(op, type, (a,))


def helper(name: str, type: Type, *args: Word) -> Word:
    """A pure function of values that the IR has no operation for; engines know it by name."""
    return Word("helper", type, args, name)
