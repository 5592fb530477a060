"""Runners: a block's steps called one after the other, unrolled for each length.

Each call stands on a source line of its own, so that a traceback tells which step was running:
`step_index` reads it. That is how a fault, or a signal that arrives anywhere, is placed exactly
without any bookkeeping on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import CodeType, TracebackType

from simfw.engine.factories import Step

Run = Callable[[], int]
MAX_STEPS = 32

_makers: dict[tuple[int, bool], Callable[..., Run]] = {}
_codes: set[CodeType] = set()


def make_runner(steps: Sequence[Step], following: int | None) -> Run:
    """Call all `steps`; return what the last one returns, or `following` if that is given."""
    key = len(steps), following is not None
    maker = _makers.get(key)
    if maker is None:
        maker = _makers[key] = _make(*key)
    run = maker(*steps) if following is None else maker(*steps, following)
    _codes.add(run.__code__)  # pyright: ignore[reportFunctionMemberAccess]
    return run


def _make(count: int, falls_through: bool) -> Callable[..., Run]:
    names = [f"s{index}" for index in range(count)]
    calls = [f"        {name}()" for name in names]
    if not falls_through:
        calls[-1] = calls[-1].replace("s", "return s", 1)
    else:
        calls.append("        return following")
    arguments = ", ".join([*names, *(["following"] if falls_through else [])])
    source = "\n".join([f"def make({arguments}):", "    def run():", *calls, "    return run"])
    scope: dict[str, Callable[..., Run]] = {}
    exec(compile(source, "<runner>", "exec"), scope)
    return scope["make"]


def step_index(traceback: TracebackType | None) -> int | None:
    """The index of the step in which an exception arose; None if it was in no runner."""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code in _codes:
            return max(0, traceback.tb_lineno - code.co_firstlineno - 1)
        traceback = traceback.tb_next
    return None
