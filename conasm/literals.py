"""Values of literals: integers, characters and strings with the escapes of C.

A `\\x` takes exactly two digits and octal escapes up to three, each standing for one byte; bytes
from 0x80 on are kept as surrogate escapes (PEP 383), so that text may hold any bytes.
"""

from __future__ import annotations

import math
import re

from conasm.errors import quote

LEAST_INTEGER = -(2**127)
GREATEST_INTEGER = 2**128 - 1
_LONGEST_INTEGER = 132  # a sign, `0b` and 128 digits, and one

_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)")
_LETTERS = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "?": "?",
}


class LiteralError(ValueError):
    """A literal without a value; `offset` is how far into it the mistake is, in characters."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def integer_value(text: str) -> int:
    """Return the value of an integer literal of any base. Raises `LiteralError`."""
    digits = text.removeprefix("-")
    if len(digits) > 1 and digits.isdigit() and digits.startswith("0"):
        raise LiteralError(f"{quote(text)} has a leading zero; octal is written 0o17")
    value = int(text, 0) if len(text) <= _LONGEST_INTEGER else GREATEST_INTEGER + 1
    if not LEAST_INTEGER <= value <= GREATEST_INTEGER:
        raise LiteralError(f"{quote(text)} does not fit into 128 bits")
    return value


def float_value(text: str) -> float:
    """Return the binary64 nearest to a literal. Raises `LiteralError` beyond its range."""
    value = float(text)
    if math.isinf(value):
        raise LiteralError(f"{quote(text)} is beyond the range of a double")
    return value


def character_value(literal: str) -> int:
    """Return the code of `'A'`, 0 to 255. Raises `LiteralError`."""
    data = string_value(literal).encode("utf-8", "surrogateescape")
    if len(data) != 1:
        raise LiteralError(f"{quote(literal)} is not one ASCII character or escape")
    return data[0]


def string_value(literal: str) -> str:
    """Return the text between the quotes with its escapes resolved. Raises `LiteralError`."""
    return _ESCAPE.sub(_resolve, literal[1:-1])


def _resolve(escape: re.Match[str]) -> str:
    code = escape[1]
    if code in _LETTERS:
        return _LETTERS[code]
    if code[0] in "01234567":
        return _byte(int(code, 8), escape)
    if code[0] == "x" and len(code) == 3:
        return _byte(int(code[1:], 16), escape)
    if code[0] in "uU" and len(code) > 1:
        return _code_point(int(code[1:], 16), escape)
    offset = escape.start() + 1
    raise LiteralError(f"unknown escape {quote(escape[0])}; a backslash is written '\\\\'", offset)


def _byte(value: int, escape: re.Match[str]) -> str:
    if value > 0xFF:
        raise LiteralError(f"{quote(escape[0])} is more than a byte", escape.start() + 1)
    return chr(value) if value < 0x80 else chr(0xDC00 + value)


def _code_point(value: int, escape: re.Match[str]) -> str:
    if value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
        raise LiteralError(f"{quote(escape[0])} is no character", escape.start() + 1)
    return chr(value)
