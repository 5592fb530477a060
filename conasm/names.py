"""Names that may cross the border: C identifiers, since C, assembly and Python are made of them."""

from __future__ import annotations

import re

from conasm.errors import quote
from conasm.nodes import Position
from conasm.problems import Problems

LONGEST_NAME = 1024
"""Mangled C++ names are long; no linker cares for longer ones than this."""

DEEPEST_NAME = 8
"""How many parts a qualified name may have."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RULE = "a letter or '_' first, then letters, digits and '_'"


def is_identifier(name: str) -> bool:
    """Whether `name` is an identifier of C, of a length that can be meant."""
    return len(name) <= LONGEST_NAME and _IDENTIFIER.fullmatch(name) is not None


def check_identifier(name: str, what: str, position: Position, problems: Problems) -> None:
    """Report a name that is no identifier; `what` it names goes into the message."""
    if not is_identifier(name):
        problems.add(position, f"{quote(name)} cannot name {what}: it takes {_RULE}")


def check_qualified(name: str, what: str, position: Position, problems: Problems) -> None:
    """Report a name that is not one or several identifiers joined by `::`."""
    parts = name.split("::")
    if len(parts) > DEEPEST_NAME:
        problems.add(position, f"{quote(name)} has more than {DEEPEST_NAME} parts")
    elif not all(is_identifier(part) for part in parts):
        rule = f"each part of it takes {_RULE}"
        problems.add(position, f"{quote(name)} cannot name {what}: {rule}")
