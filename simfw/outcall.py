"""Marking host functions as outcalls: `@outcall`, `Outcalls` and `CALL_ORIGINAL`."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from os import PathLike
from typing import Any, Final, TypeVar, overload

from attrs import frozen

from simfw.errors import ArgumentError

HostFunction = Callable[..., Any]
F = TypeVar("F", bound=HostFunction)

MARK: Final = "__simfw_outcall__"
LARGEST_SYSCALL: Final = (1 << 31) - 1


class _Original(enum.Enum):
    CALL_ORIGINAL = "CALL_ORIGINAL"

    def __repr__(self) -> str:
        return "CALL_ORIGINAL"


CALL_ORIGINAL: Final = _Original.CALL_ORIGINAL
"""An outcall that returns this lets the guest's own function run, with the arguments as they are.

It works in functions that replace something: a guest function, or another outcall.
"""


@frozen(eq=False)
class Mark:
    """What `@outcall` leaves on a function: the name it serves, or a system call's number."""

    name: str | None
    syscall: int | None


def _mark(name: str | None, syscall: int | None) -> Callable[[F], F]:
    if syscall is not None and not 0 <= syscall <= LARGEST_SYSCALL:
        raise ArgumentError(f"syscall={syscall} is not between 0 and {LARGEST_SYSCALL}")

    def mark(function: F) -> F:
        if not callable(function):
            raise ArgumentError(f"@outcall marks functions, not {function!r}")
        own = getattr(function, "__name__", None)
        try:
            setattr(function, MARK, Mark(name or (own if syscall is None else None), syscall))
        except AttributeError:
            raise ArgumentError(f"{function!r} cannot be marked; wrap it in a def") from None
        return function

    return mark


@overload
def outcall(name: F) -> F: ...
@overload
def outcall(name: str | None = None, *, syscall: int | None = None) -> Callable[[F], F]: ...
def outcall(name: str | HostFunction | None = None, *, syscall: int | None = None) -> HostFunction:
    """Mark a function, or a method of a plugin object, as the body of a guest function.

    `name` is the guest function's; bare `@outcall` takes the Python function's own. With
    `syscall` it answers an `ecall` of that number which no declaration names. The function gets
    a `Focus` and then the operands: as `OutcallArg`, or as what the parameters' annotations ask
    for (`int`, `float`, `str`, `bytes`, `memoryview`, `bool`).

    >>> from simfw import Focus, OutcallArg, outcall
    >>> @outcall("log")
    ... def log(focus: Focus, text: OutcallArg, level: int) -> int:
    ...     print(level, text.cstr())
    ...     return 0
    """
    if name is not None and not isinstance(name, str):
        return _mark(None, None)(name)
    return _mark(name, syscall)


class Outcalls:
    """A collection of outcalls that is no module: for libraries, and for building one in a loop.

    An `optional` collection binds those of its functions that are declared and leaves the others
    unused; in any other plugin a function that is declared nowhere is a `BindError`. `spec` is a
    declaration file that comes with the collection. Marked methods of a subclass belong to it.

    >>> from simfw import Outcalls
    >>> calls = Outcalls("lamp")
    >>> @calls.outcall("switch")
    ... def switch(focus, on: bool) -> None: ...
    >>> calls
    <Outcalls lamp: switch>
    """

    def __init__(
        self, name: str, *, optional: bool = False, spec: str | PathLike[str] | None = None
    ) -> None:
        self.name = name
        self.optional = optional
        self.spec = spec
        self._functions: list[HostFunction] = []

    def outcall(self, name: str | None = None, *, syscall: int | None = None) -> Callable[[F], F]:
        """Add a function; as the module's `outcall` otherwise."""

        def add(function: F) -> F:
            marked = _mark(name, syscall)(function)
            self._functions.append(marked)
            return marked

        return add

    def __iter__(self) -> Iterator[HostFunction]:
        return iter(self._functions)

    def __repr__(self) -> str:
        names = ", ".join(str(getattr(function, "__name__", function)) for function in self)
        return f"<Outcalls {self.name}{f': {names}' if names else ''}>"
