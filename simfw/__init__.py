"""simfw: host Python code and simulated guest code call each other as if they were one program.

>>> from simfw import Machine, outcall
"""

from __future__ import annotations

from simfw.backcall import BackcallStub, GuestFunction, PendingCall
from simfw.belt.kinds import NaRKind
from simfw.belt.specials import NONE, NaR
from simfw.errors import (
    ArgumentError,
    BindError,
    Breakpoint,
    BudgetExhausted,
    CallDepthError,
    GuestExit,
    GuestFault,
    IllegalInstruction,
    LoadError,
    MemoryFault,
    MisalignedAccess,
    NaRFault,
    RangeError,
    ResultError,
    ResultRangeError,
    SimError,
    SpecError,
    StateError,
    SymbolNotFound,
    UnboundOutcall,
    UnknownSyscall,
    WallTimeout,
)
from simfw.focus import Focus
from simfw.frame import Frame, FrameKind
from simfw.image import Image, Symbol, SymbolKind, SymbolTable, open_image
from simfw.machine import Machine, Stop, StopKind
from simfw.memory import Memory, Region
from simfw.operand import OutcallArg
from simfw.outcall import CALL_ORIGINAL, Outcalls, outcall
from simfw.permissions import Permissions
from simfw.process import Process
from simfw.thread import Thread

__version__ = "0.1.0"

__all__ = [
    "CALL_ORIGINAL",
    "NONE",
    "ArgumentError",
    "BackcallStub",
    "BindError",
    "Breakpoint",
    "BudgetExhausted",
    "CallDepthError",
    "Focus",
    "Frame",
    "FrameKind",
    "GuestExit",
    "GuestFault",
    "GuestFunction",
    "IllegalInstruction",
    "Image",
    "LoadError",
    "Machine",
    "Memory",
    "MemoryFault",
    "MisalignedAccess",
    "NaR",
    "NaRFault",
    "NaRKind",
    "OutcallArg",
    "Outcalls",
    "PendingCall",
    "Permissions",
    "Process",
    "RangeError",
    "Region",
    "ResultError",
    "ResultRangeError",
    "SimError",
    "SpecError",
    "StateError",
    "Stop",
    "StopKind",
    "Symbol",
    "SymbolKind",
    "SymbolNotFound",
    "SymbolTable",
    "Thread",
    "UnboundOutcall",
    "UnknownSyscall",
    "WallTimeout",
    "open_image",
    "outcall",
]
