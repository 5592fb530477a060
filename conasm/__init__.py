"""conAsm: the language that declares which functions cross the border, and codes belt guests.

`parse` and `load` give a `nodes.Unit` or raise `errors.ConasmError`; `parse_type` and
`fingerprint` serve whoever acts on declarations. `conasm.assembler.assemble` links units and makes
steps of their belt code; `conasm.printer`, `conasm.disassembler` and `conasm.listing` show it.
"""

from __future__ import annotations

from conasm import errors, nodes
from conasm.ctypes import CType, DataModel, Kind, parse_type
from conasm.errors import ConasmError, Problem
from conasm.fingerprint import fingerprint, fingerprint_all
from conasm.nodes import BackcallDeclaration, OutcallDeclaration, Position, Unit
from conasm.parser import load, parse

__all__ = [
    "BackcallDeclaration",
    "CType",
    "ConasmError",
    "DataModel",
    "Kind",
    "OutcallDeclaration",
    "Position",
    "Problem",
    "Unit",
    "errors",
    "fingerprint",
    "fingerprint_all",
    "load",
    "nodes",
    "parse",
    "parse_type",
]
