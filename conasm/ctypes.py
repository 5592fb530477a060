"""C and C++ types as declarations spell them, and what each is at the border.

`parse_type` turns a spelling into a `CType` whose spelling is normalised, so that two spellings
of one type compare equal: `unsigned` and `unsigned int`, `char const *` and `const char*`.

    kind      what crosses                                           guest operands
    void      nothing; a result only                                 0
    bool      one byte, 0 or 1                                       1
    integer   `size(model)` bytes, two's complement if `signed`      1
    float     binary32 or binary64                                   1
    pointer   an address; function pointers too                      1
    text      `const char*`: the address of NUL-terminated UTF-8     1
    bytes     an address, and a `size_t` that counts bytes           2
    named     `struct`, `enum`, `union` or a typedef: size unknown   1

Sizes of `long`, `size_t` and pointers follow the guest's data model. `char` is unsigned and
`wchar_t` is signed, as the RISC-V psABI has them.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from types import MappingProxyType

from attrs import field, frozen

from conasm.errors import TypeSpellingError, quote
from conasm.keywords import C_KEYWORDS
from conasm.nearby import is_typo_of, suggest

LONGEST_SPELLING = 200
LONGEST_PROTOTYPE = 4000
DEEPEST_NESTING = 8


class DataModel(enum.Enum):
    """How wide a guest's `long`, `size_t` and pointers are; the value is their size in bytes."""

    ILP32 = 4
    LP64 = 8


class Kind(enum.StrEnum):
    """What a type is at the border; the table in the module's docstring."""

    VOID = "void"
    BOOL = "bool"
    INTEGER = "integer"
    FLOAT = "float"
    POINTER = "pointer"
    TEXT = "text"
    BYTES = "bytes"
    NAMED = "named"


@frozen
class CType:
    """A type that may stand in a declaration. Equal spellings are equal types.

    `pointee` is what a pointer points to, and `to_const` says that this is `const`. Of a function
    pointer `prototype` has the function's result and then its parameters.
    """

    spelling: str
    kind: Kind = field(eq=False)
    signed: bool = field(default=False, eq=False)
    sizes: tuple[int, int] | None = field(default=None, eq=False, repr=False)
    pointee: CType | None = field(default=None, eq=False, repr=False)
    to_const: bool = field(default=False, eq=False, repr=False)
    prototype: tuple[CType, ...] | None = field(default=None, eq=False, repr=False)

    def size(self, model: DataModel) -> int:
        """Return the bytes of one operand of this type; of `bytes`, of each of its two operands.

        Raises `TypeSpellingError` for a named type, whose size only the guest knows.
        """
        if self.sizes is None:
            raise TypeSpellingError(
                f"the size of {quote(self.spelling)} is known to the guest only"
            )
        return self.sizes[model is DataModel.LP64]

    @property
    def operands(self) -> int:
        """How many guest arguments a parameter of this type takes."""
        return {Kind.VOID: 0, Kind.BYTES: 2}.get(self.kind, 1)

    @property
    def may_be_result(self) -> bool:
        """Whether a function may return it: void, or a scalar of a belt width."""
        return self.kind not in (Kind.BYTES, Kind.NAMED)


ALLOWED_RESULTS = "void, bool, an integer type, float, double, or a pointer"
"""What may be a result, in words for messages."""

_POINTER_SIZES = (DataModel.ILP32.value, DataModel.LP64.value)


def _integers() -> dict[str, CType]:
    """Return the integer types: per row the sizes under ILP32 and LP64 and the spellings."""
    rows: list[tuple[int, int, bool, str]] = [
        (1, 1, False, "char|unsigned char|uint8_t|uint_least8_t|u_int8_t|char8_t"),
        (1, 1, True, "signed char|int8_t|int_least8_t"),
        (2, 2, False, "unsigned short|uint16_t|uint_least16_t|u_int16_t|char16_t"),
        (2, 2, True, "short|int16_t|int_least16_t"),
        (4, 4, False, "unsigned int|uint32_t|uint_least32_t|u_int32_t|char32_t|wint_t"),
        (4, 4, True, "int|int32_t|int_least32_t|wchar_t"),
        (8, 8, False, "unsigned long long|uint64_t|uint_least64_t|u_int64_t|uintmax_t"),
        (8, 8, True, "long long|int64_t|int_least64_t|intmax_t"),
        (16, 16, False, "unsigned __int128"),
        (16, 16, True, "__int128"),
        (*_POINTER_SIZES, False, "unsigned long|size_t|uintptr_t"),
        (*_POINTER_SIZES, True, "long|ssize_t|intptr_t|ptrdiff_t"),
    ]
    return {
        spelling: CType(spelling, Kind.INTEGER, signed, (ilp32, lp64))
        for ilp32, lp64, signed, spellings in rows
        for spelling in spellings.split("|")
    }


KNOWN_TYPES = MappingProxyType(
    {
        "void": CType("void", Kind.VOID, sizes=(0, 0)),
        "bool": CType("bool", Kind.BOOL, sizes=(1, 1)),
        "float": CType("float", Kind.FLOAT, signed=True, sizes=(4, 4)),
        "double": CType("double", Kind.FLOAT, signed=True, sizes=(8, 8)),
        "bytes": CType("bytes", Kind.BYTES, sizes=_POINTER_SIZES),
        **_integers(),
    }
)
"""Types with a name of their own, by normalised spelling."""


def _word_orders() -> dict[tuple[str, ...], str]:
    """Return the normalised spelling for each legal set of words, sorted: C allows any order."""
    orders = {tuple(sorted(spelling.split())): spelling for spelling in KNOWN_TYPES}
    orders[("_Bool",)] = "bool"
    orders[("signed",)] = "int"
    orders[("unsigned",)] = "unsigned int"
    for base in ("short", "int", "long", "long long", "__int128"):
        with_int = base if base == "int" else f"{base} int"
        forms = {f"signed {base}": base, f"signed {with_int}": base, with_int: base}
        forms[f"unsigned {with_int}"] = f"unsigned {base}"
        if base == "__int128":
            forms = {f"signed {base}": base}
        orders |= {tuple(sorted(form.split())): spelling for form, spelling in forms.items()}
    return orders


_WORD_ORDERS = _word_orders()

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|::|\S")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAGS = frozenset({"struct", "enum", "union"})
_RESTRICT = frozenset({"restrict", "__restrict", "__restrict__"})
_QUALIFIERS = frozenset({"const", "volatile"})


@lru_cache(maxsize=1024)
def parse_type(spelling: str) -> CType:
    """Return the type that a C or C++ spelling names.

    Raises `TypeSpellingError` for anything else: references, arrays, templates, `long double`,
    misspelt names of known types (with near names). Names that C does not know are taken for
    typedefs of the guest, of kind `named`.

    >>> parse_type("char const *").spelling
    'const char*'
    >>> parse_type("unsigned long").size(DataModel.LP64)
    8
    """
    if len(spelling) > LONGEST_SPELLING:
        raise TypeSpellingError(f"a type of more than {LONGEST_SPELLING} characters")
    reader = _Reader(spelling)
    found, _ = reader.read_type(0)
    reader.expect_end()
    return found


@lru_cache(maxsize=1024)
def parse_prototype(spelling: str) -> tuple[CType, ...]:
    """Return the types of a function without its name: the result, then the parameters.

    A parameter may be `bytes`. The type of a pointer to the function will do, too. Raises
    `TypeSpellingError` as `parse_type`, and for what is no function.

    >>> [type_.spelling for type_ in parse_prototype("int32_t(const char *, bytes)")]
    ['int32_t', 'const char*', 'bytes']
    """
    if len(spelling) > LONGEST_PROTOTYPE:
        raise TypeSpellingError(f"a prototype of more than {LONGEST_PROTOTYPE} characters")
    reader = _Reader(spelling)
    result, _ = reader.read_type(0)
    types = result.prototype
    if reader.take("("):
        types = (result, *reader.parameters(0))
    reader.expect_end()
    if types is None:
        raise reader.fail("a function has a list of parameters, as in 'int(const char*, bytes)'")
    return types


class _Reader:
    """Recursive descent over the tokens of one spelling."""

    def __init__(self, spelling: str) -> None:
        self.spelling = spelling
        self.tokens: list[str] = _TOKEN.findall(spelling)
        self.next = 0

    def peek(self) -> str:
        return self.tokens[self.next] if self.next < len(self.tokens) else ""

    def take(self, *wanted: str) -> bool:
        """Step over the wanted tokens if they come next."""
        end = self.next + len(wanted)
        if tuple(self.tokens[self.next : end]) != wanted:
            return False
        self.next = end
        return True

    def fail(self, why: str) -> TypeSpellingError:
        return TypeSpellingError(f"{quote(self.spelling)} is no type of the border: {why}")

    def expect_end(self) -> None:
        if self.peek():
            raise self.fail(_UNUSABLE.get(self.peek(), f"{quote(self.peek())} is not expected"))

    def read_type(self, depth: int) -> tuple[CType, frozenset[str]]:
        """Read one type; the second value is the qualifiers of the type itself."""
        if depth > DEEPEST_NESTING:
            raise self.fail(f"it nests deeper than {DEEPEST_NESTING}")
        words, qualifiers = self.read_words()
        found = self.find(words)
        while self.take("*"):
            found = self.pointer_to(found, qualifiers)
            words, qualifiers = self.read_words()
            if words:
                raise self.fail(f"{quote(words[0])} is not expected after '*'")
            depth += 1
            if depth > DEEPEST_NESTING:
                raise self.fail(f"it nests deeper than {DEEPEST_NESTING}")
        if self.take("(", "*", ")", "("):
            return self.function_pointer(found, depth), frozenset()
        return found, qualifiers

    def read_words(self) -> tuple[list[str], frozenset[str]]:
        """Read the words that come next, qualifiers apart."""
        words: list[str] = []
        qualifiers: set[str] = set()
        while _WORD.match(self.peek()):
            word = self.tokens[self.next]
            self.next += 1
            if word == "std" and self.take("::"):
                continue
            if word in _QUALIFIERS:
                qualifiers.add(word)
            elif word not in _RESTRICT:
                words.append(word)
        return words, frozenset(qualifiers)

    def find(self, words: list[str]) -> CType:
        """Return the type that the words name, in whatever order."""
        if not words:
            raise self.fail("it names no type")
        known = _WORD_ORDERS.get(tuple(sorted(words)))
        if known is not None:
            return KNOWN_TYPES[known]
        tagged = len(words) == 2 and words[0] in _TAGS
        name = words[-1]
        if len(words) > 1 and not tagged:
            raise self.fail("C has no such combination of words that a guest can pass")
        if name in C_KEYWORDS:
            raise self.fail(f"{quote(name)} is a word of the language")
        if not tagged and is_typo_of(name, KNOWN_TYPES):
            raise TypeSpellingError(f"unknown type {quote(name)}{suggest(name, KNOWN_TYPES)}")
        return CType(" ".join(words), Kind.NAMED)

    def pointer_to(self, target: CType, qualifiers: frozenset[str]) -> CType:
        """Return the type of a pointer to `target`."""
        if target.kind is Kind.BYTES:
            raise self.fail("'bytes' is a pointer and a length already")
        marks = " ".join(sorted(qualifiers))
        if target.kind in (Kind.POINTER, Kind.TEXT):
            spelling = f"{target.spelling} {marks}*" if marks else f"{target.spelling}*"
        else:
            spelling = f"{marks} {target.spelling}*".lstrip()
        kind = Kind.TEXT if spelling == "const char*" else Kind.POINTER
        to_const = "const" in qualifiers
        return CType(spelling, kind, sizes=_POINTER_SIZES, pointee=target, to_const=to_const)

    def function_pointer(self, result: CType, depth: int) -> CType:
        """Read the parameters of `result (*)(…)`; its opening parenthesis is past."""
        types = (result, *self.parameters(depth))
        if any(type_.kind is Kind.BYTES for type_ in types):
            raise self.fail("a function pointer's type is plain C")
        listed = ", ".join(type_.spelling for type_ in types[1:]) or "void"
        spelling = f"{result.spelling} (*)({listed})"
        return CType(spelling, Kind.POINTER, sizes=_POINTER_SIZES, prototype=types)

    def parameters(self, depth: int) -> list[CType]:
        """Read the types of parameters up to the closing parenthesis; none for `(void)`."""
        found: list[CType] = []
        while not self.take(")"):
            if found and not self.take(","):
                raise self.fail("',' or ')' is missing")
            found.append(self.read_type(depth + 1)[0])
        voids = sum(type_.kind is Kind.VOID for type_ in found)
        if voids and len(found) > 1:
            raise self.fail("void is no parameter")
        return [] if voids else found


_UNUSABLE = {
    "&": "a reference; use a pointer",
    "[": "an array; use a pointer",
    "<": "templates do not cross",
    "::": "only names of 'std::' may be qualified",
    ".": "a variable number of arguments does not cross",
}
