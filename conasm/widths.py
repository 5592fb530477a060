"""The width letters of operands and the bytes that each stands for."""

from __future__ import annotations

from types import MappingProxyType

WIDTHS = MappingProxyType({"b": 1, "h": 2, "w": 4, "d": 8, "q": 16})
"""Scalar widths: letter to bytes."""

VECTOR_WIDTHS = frozenset(letter + "v" for letter in WIDTHS)
"""Words reserved for vector operands, which no member has yet."""

LETTERS = MappingProxyType({size: letter for letter, size in WIDTHS.items()})
"""Bytes to scalar width letter."""
