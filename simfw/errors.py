"""Every exception of simfw: one class a mistake, `SimError` above them all.

A message says what happened, where in the guest, and what to do about it. Where Python has a
class for the same kind of mistake, ours is also a subclass of that, so that code which knows
nothing of simfw handles it in the usual way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

_MOST_ROWS, _LAST_ROWS, _LONGEST_ROW = 32, 10, 200


class SimError(Exception):
    """The base of all exceptions that simfw raises on purpose."""


class StateError(SimError):
    """The object is closed, stale, busy or not in a state to do this."""


class SpecError(SimError):
    """Mistakes in a declaration file: all of them, each `path:line:col: error: …` with a caret."""


class LoadError(SimError):
    """An image that cannot be loaded: malformed, of a foreign kind, or too large."""


class BindError(SimError):
    """Declarations, plugins and image do not fit together."""


class SymbolNotFound(SimError, LookupError):  # noqa: N818 - a name of the public contract
    """No function or object of that name in the image."""


class ArgumentError(SimError, TypeError):
    """A host argument of the wrong type, or too many or too few of them."""


class RangeError(SimError, OverflowError):
    """A host value that the guest's type cannot hold."""


class ResultError(SimError, TypeError):
    """What an outcall returned does not fit its declaration."""


class ResultRangeError(ResultError, RangeError):
    """An outcall returned an integer that its declared type cannot hold."""


class BudgetExhausted(SimError):  # noqa: N818
    """The instruction budget of a call ran out before it returned."""


class WallTimeout(SimError):  # noqa: N818
    """The wall-clock limit of a call passed before it returned."""


class CallDepthError(SimError, RecursionError):
    """Host and guest call each other deeper than `max_depth`, or than Python's stack allows."""


class GuestExit(SimError):  # noqa: N818
    """A called guest function ended the guest program; `.status` is its exit status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    def __reduce__(self) -> tuple[type[GuestExit], tuple[str, int]]:
        return type(self), (str(self.args[0]), self.status)


class GuestFault(SimError):  # noqa: N818
    """The guest did what its machine forbids.

    `cause` is a short phrase; `pc`, `address` and `function` are None where there is none to
    tell. `registers` maps ABI names to values at the fault, and `backtrace` lists the guest
    frames, innermost first, up to the host function that entered the guest; both are filled in
    when the fault leaves the simulator.
    """

    def __init__(
        self,
        cause: str,
        *,
        pc: int | None = None,
        address: int | None = None,
        advice: str = "",
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.pc = pc
        self.address = address
        self.advice = advice
        self.function: str | None = None
        self.registers: Mapping[str, int] = {}
        self.backtrace: Sequence[object] = ()

    def __str__(self) -> str:
        text = self.cause
        if self.function is not None:
            text += f" in {self.function}"
        if self.pc is not None:
            text += f" at pc {self.pc:#x}"
        for row in folded(self.backtrace):
            text += f"\n  {row}"
        if self.advice:
            text += f"\n{self.advice}"
        return text

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_fault, (type(self), self.__dict__)


def _rebuild_fault(kind: type[GuestFault], fields: dict[str, object]) -> GuestFault:
    fault = kind.__new__(kind)
    fault.args = (fields["cause"],)
    fault.__dict__.update(fields)
    return fault


class MemoryFault(GuestFault):
    """An access outside the accessible ranges, or against a range's permissions."""


class MisalignedAccess(GuestFault):
    """An atomic access that is not aligned to its width, or a jump to an odd address."""


class IllegalInstruction(GuestFault):
    """Bits that no instruction record of this machine decodes."""


class Breakpoint(GuestFault):
    """The guest executed `ebreak`, and nothing was there to serve it."""


class NaRFault(GuestFault):
    """A realising belt operation met a NaR, or a None where a value is due."""


class UnboundOutcall(GuestFault):
    """The guest called an outcall for which no plugin provides a function."""


class UnknownSyscall(GuestFault):
    """An `ecall` with a number that neither the platform nor a plugin answers."""


def folded(rows: Iterable[object]) -> list[str]:
    """The rows of a backtrace as text of bounded length.

    Equal rows in a row become one with a count; of very many the middle ones are only counted.
    """
    runs = [(text, len([*same])) for text, same in groupby(_shortened(str(row)) for row in rows)]
    lines = [text if count == 1 else f"{text} ({count} times)" for text, count in runs]
    if len(lines) <= _MOST_ROWS:
        return lines
    first = _MOST_ROWS - _LAST_ROWS
    hidden = sum(count for _, count in runs[first:-_LAST_ROWS])
    return [*lines[:first], f"… {hidden} more …", *lines[-_LAST_ROWS:]]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_ROW else f"{text[:_LONGEST_ROW]}…"
