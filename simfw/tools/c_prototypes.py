"""Declarations as C prototypes: what a guest compiles against.

declared                     in C
bytes                        const void *, size_t
untyped argument             intptr_t: a whole register
untyped result of width w    int32_t; b h d likewise, none is void
char16_t, u_int8_t, …        the type of <stdint.h> that they are
any other type               itself
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from attrs import frozen

from conasm import parse_type
from conasm.ctypes import KNOWN_TYPES, CType, Kind
from conasm.keywords import C_KEYWORDS
from conasm.nodes import BackcallDeclaration, OutcallDeclaration
from simfw.declarations import name_of
from simfw.tools.declared import Complaints

UNTYPED_RESULTS = {"b": "int8_t", "h": "int16_t", "w": "int32_t", "d": "int64_t"}

_RESPELLED = {
    "char8_t": "unsigned char",
    "char16_t": "uint_least16_t",
    "char32_t": "uint_least32_t",
    "u_int8_t": "uint8_t",
    "u_int16_t": "uint16_t",
    "u_int32_t": "uint32_t",
    "u_int64_t": "uint64_t",
    "wint_t": "unsigned int",
}
_WORD = re.compile(r"[A-Za-z_]\w*")
_TAGGED = re.compile(r"\b(struct|union|enum) (\w+)")
_OWN_WORDS = C_KEYWORDS | {word for spelling in KNOWN_TYPES for word in spelling.split()}


@frozen
class Parameter:
    """A parameter of a C function: its name, and the type that it has in a declaration."""

    name: str
    type: CType

    @property
    def declared(self) -> str:
        """The parameter as it stands in a prototype; `bytes` makes two."""
        if self.type.kind is Kind.BYTES:
            return f"const void *{self.name}_data, size_t {self.name}_size"
        spelling = spelled(self.type)
        if "(*)" in spelling:
            return spelling.replace("(*)", f"(*{self.name})", 1)
        return f"{spelling} {self.name}"


@frozen
class Prototype:
    """A C function, from either sort of declaration."""

    name: str
    result: CType
    parameters: tuple[Parameter, ...]
    comment: str

    def __str__(self) -> str:
        listed = ", ".join(parameter.declared for parameter in self.parameters) or "void"
        return f"{spelled(self.result)} {self.name}({listed})"

    @property
    def types(self) -> tuple[CType, ...]:
        """The type of the result, then those of the parameters."""
        return (self.result, *(parameter.type for parameter in self.parameters))


def spelled(type_: CType) -> str:
    """Return a type as the header spells it."""
    return _WORD.sub(lambda word: _RESPELLED.get(word[0], word[0]), type_.spelling)


def outcall_prototype(outcall: OutcallDeclaration, complaints: Complaints) -> Prototype:
    """Return the prototype of an outcall, having noted what C cannot say of it."""
    _check_name(outcall, complaints)
    if outcall.types is not None:
        return _prototype(outcall.name, outcall.types, outcall.comment)
    if len(outcall.widths) > 1 or "q" in outcall.widths:
        why = f"{outcall.name} has no C prototype: {_why_not(outcall.widths)}"
        complaints.add(outcall.position, why)
    result = UNTYPED_RESULTS.get("".join(outcall.widths), "void")
    types = (result, *["intptr_t"] * outcall.count)
    return _prototype(outcall.name, types, outcall.comment)


def _why_not(widths: Sequence[str]) -> str:
    return "it has several results" if len(widths) > 1 else "its result is 16 bytes wide"


def backcall_prototype(backcall: BackcallDeclaration, complaints: Complaints) -> Prototype:
    """Return the prototype of a function that the host calls, having noted what C cannot say."""
    _check_name(backcall, complaints)
    types = (backcall.result, *backcall.parameters)
    return _prototype(backcall.label, types, backcall.comment)


def _check_name(declaration: OutcallDeclaration | BackcallDeclaration, noted: Complaints) -> None:
    name = name_of(declaration)
    if name in C_KEYWORDS:
        noted.add(declaration.position, f"{name!r} is a word of C and no function's name")


def _prototype(name: str, spellings: Sequence[str], comment: str) -> Prototype:
    result, *types = [parse_type(spelling) for spelling in spellings]
    parameters = [Parameter(f"arg{index}", type_) for index, type_ in enumerate(types)]
    return Prototype(name, result, tuple(parameters), comment)


def structures(prototypes: Iterable[Prototype]) -> list[str]:
    """Return the structures and unions that prototypes mention, which C wants declared first."""
    found = {name for name in _tagged(prototypes) if not name.startswith("enum ")}
    return sorted(found)


def foreign_types(prototypes: Iterable[Prototype]) -> list[str]:
    """Return the enumerations and typedefs that prototypes mention, which only the user has."""
    every = list(prototypes)
    enums = {name for name in _tagged(every) if name.startswith("enum ")}
    rest = " ".join(_TAGGED.sub("", type_.spelling) for made in every for type_ in made.types)
    return sorted(enums | (set(_WORD.findall(rest)) - _OWN_WORDS))


def _tagged(prototypes: Iterable[Prototype]) -> set[str]:
    spellings = " , ".join(type_.spelling for made in prototypes for type_ in made.types)
    return {found[0] for found in _TAGGED.finditer(spellings)}
