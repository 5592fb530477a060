"""Fingerprints: whether two declarations say the same, told without comparing them.

A fingerprint covers what host and guest must agree on: names, types, widths, counts, system call
numbers. Comments, places, spellings of one type, and whether a body follows do not matter.
Stubs and guests carry it, so that use with another version of the declaration is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable

from conasm.nodes import BackcallDeclaration, OutcallDeclaration

DIGITS = 16
"""Hex digits of a fingerprint: 64 bits, against accidents and not against forgery."""

Declaration = OutcallDeclaration | BackcallDeclaration


def canonical(declaration: Declaration) -> str:
    """Return the one text that all declarations of the same meaning have.

    Fields are separated by a newline, which none can contain.
    """
    if isinstance(declaration, OutcallDeclaration):
        types = ("untyped",) if declaration.types is None else declaration.types
        number = "" if declaration.syscall is None else str(declaration.syscall)
        widths = "".join(declaration.widths)
        fields = ("outcall", declaration.name, number, str(declaration.count), widths, *types)
    else:
        host_name = f"{declaration.namespace}::{declaration.name}"
        types = (declaration.result, *declaration.parameters)
        fields = ("backcall", declaration.label, host_name, *types)
    return "\n".join(fields)


def fingerprint(declaration: Declaration) -> str:
    """Return the fingerprint of a declaration, as hex digits.

    >>> from conasm import parse
    >>> (log,) = parse('F("log") outcall(1, "void", "const char *");').outcalls
    >>> (same,) = parse('F("log")  outcall(1, "void", "char const*"); // text').outcalls
    >>> fingerprint(log) == fingerprint(same)
    True
    """
    return _digest(canonical(declaration))


def fingerprint_all(declarations: Iterable[Declaration]) -> str:
    """Return the fingerprint of a whole set of declarations, in whatever order they come."""
    return _digest("\n\n".join(sorted({canonical(declaration) for declaration in declarations})))


def _digest(text: str) -> str:
    import hashlib  # takes 2 ms, and few runs need it

    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:DIGITS]
