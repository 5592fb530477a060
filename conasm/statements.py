"""Statements: what one parse of the grammar gives, before it is known what belongs together.

A statement is any number of labels and at most one body. Which labels start a function, a block
or a declaration shows only by what follows them: see `structure`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar, cast

from attrs import evolve, frozen

from conasm.errors import quote
from conasm.literals import LiteralError, character_value, float_value, integer_value, string_value
from conasm.nodes import (
    Argument,
    BeltReference,
    Data,
    Float,
    Instruction,
    Integer,
    Name,
    Operation,
    Position,
    String,
    Word,
)

if TYPE_CHECKING:
    from lark import Token, Tree

    Node = Token | Tree[Token]

BELT_POSITIONS = 32
_BELT = {f"b{index}": index for index in range(BELT_POSITIONS)}

Value = TypeVar("Value")


@frozen
class Label:
    """`F("name") %a` or `L("name") %a`: `letter` says which."""

    letter: str
    name: String
    operands: tuple[Name, ...]
    comment: str
    position: Position


@frozen
class Include:
    """`include "file";`."""

    path: String
    position: Position


@frozen
class Statement:
    """Labels, and what follows them up to the semicolon."""

    labels: tuple[Label, ...]
    body: Instruction | Data | Include | None


@frozen
class Lost:
    """A statement that did not parse; `letter` is that of the label it began with, if any."""

    letter: str | None


@frozen
class Boundary:
    """The begin or end of an included file: no function reaches across."""


Item = Statement | Lost | Boundary


class MistakenLiteral(Exception):  # noqa: N818 - passed to the reader, which reports it
    """A literal without a value, and its place."""

    def __init__(self, position: Position, message: str) -> None:
        super().__init__(position, message)
        self.position = position
        self.message = message


def build_statement(tree: Tree[Token], file: str, comment: str) -> Statement:
    """Return the statement of a parse tree; `comment` goes to what is declared first.

    Raises `MistakenLiteral`.
    """
    builder = _Builder(file)
    *label_trees, last = cast("list[Tree[Token]]", tree.children)
    if last.data == "label":
        label_trees.append(last)
    labels = [builder.label(label) for label in label_trees]
    if labels:
        labels[0] = evolve(labels[0], comment=comment)
    if last.data == "label":
        return Statement(tuple(labels), None)
    body = builder.bodies[last.data](last)
    if isinstance(body, Data):
        body = evolve(body, comment=comment)
    return Statement(tuple(labels), body)


class _Builder:
    """Nodes out of lark's trees, a method for each rule of the grammar."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.bodies: dict[str, Callable[[Tree[Token]], Instruction | Data | Include]] = {
            "instruction": self.instruction,
            "data": self.data,
            "include": self.include,
        }

    def place(self, token: Token, offset: int = 0) -> Position:
        return Position(self.file, token.line or 1, (token.column or 1) + offset)

    def label(self, tree: Tree[Token]) -> Label:
        letter, name, *operands = _tokens(tree)
        names = tuple(self.name(operand) for operand in operands)
        return Label(str(letter), self.string(name), names, "", self.place(letter))

    def instruction(self, tree: Tree[Token]) -> Instruction:
        operations = tuple(self.operation(child) for child in _trees(tree))
        return Instruction(operations, operations[0].position)

    def operation(self, tree: Tree[Token]) -> Operation:
        word, *names = _tokens(tree)
        (listed,) = _trees(tree)
        arguments = tuple(_ARGUMENTS[token.type](self, token) for token in _tokens(listed))
        results = tuple(self.name(token) for token in names)
        return Operation(str(word), arguments, results, self.place(word))

    def data(self, tree: Tree[Token]) -> Data:
        keyword, name = _tokens(tree)
        items = tuple(self.operation(child) for child in _trees(tree))
        return Data(self.string(name).text, items, "", self.place(keyword))

    def include(self, tree: Tree[Token]) -> Include:
        keyword, path = _tokens(tree)
        return Include(self.string(path), self.place(keyword))

    def name(self, token: Token) -> Name:
        return Name(token[1:], self.place(token))

    def string(self, token: Token) -> String:
        return String(self.value(string_value, token), self.place(token))

    def word(self, token: Token) -> Word:
        return Word(str(token), self.place(token))

    def belt(self, token: Token) -> BeltReference:
        index = _BELT.get(str(token))
        if index is None:
            why = f"{quote(token)} is no belt position; they are b0 to b{BELT_POSITIONS - 1}"
            raise MistakenLiteral(self.place(token), why)
        return BeltReference(index, self.place(token))

    def integer(self, token: Token) -> Integer:
        return Integer(self.value(integer_value, token), self.place(token))

    def character(self, token: Token) -> Integer:
        return Integer(self.value(character_value, token), self.place(token))

    def float(self, token: Token) -> Float:
        return Float(self.value(float_value, token), self.place(token))

    def value(self, convert: Callable[[str], Value], token: Token) -> Value:
        try:
            return convert(str(token))
        except LiteralError as error:
            raise MistakenLiteral(self.place(token, error.offset), error.message) from None


_ARGUMENTS: dict[str, Callable[[_Builder, Token], Argument]] = {
    "BELT": _Builder.belt,
    "NAME": _Builder.name,
    "INTEGER": _Builder.integer,
    "CHARACTER": _Builder.character,
    "FLOAT": _Builder.float,
    "STRING": _Builder.string,
    "WORD": _Builder.word,
}


def _tokens(tree: Tree[Token]) -> list[Token]:
    return [cast("Token", child) for child in tree.children if not hasattr(child, "children")]


def _trees(tree: Tree[Token]) -> Iterator[Tree[Token]]:
    return (cast("Tree[Token]", child) for child in tree.children if hasattr(child, "children"))
