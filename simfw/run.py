"""The run loop: lets an engine run, serves its exits, and keeps budgets, time and stops.

`drive` is one Python frame a nesting level: a stub calls `invoke`, that calls `drive`, and `drive`
calls the plugin's function itself, so that the default recursion limit carries `max_depth` levels.
Whatever needs a function of its own returns before the plugin is called.

Python delivers signals at calls: between an engine's return and the bookkeeping that follows
there is none, so that an interruption never loses an instruction or runs one twice.
"""

from __future__ import annotations

import enum
import time
from typing import TYPE_CHECKING, Literal, overload

from attrs import frozen

from simfw.engine.interp import BUDGET, HOOK, ORIGINAL
from simfw.errors import (
    ArgumentError,
    BudgetExhausted,
    GuestFault,
    ResultError,
    StateError,
    WallTimeout,
)
from simfw.notes import note_crossed
from simfw.outcall import CALL_ORIGINAL

if TYPE_CHECKING:
    from simfw.backcall import Result
    from simfw.focus import Focus
    from simfw.machine import Machine
    from simfw.process import Process
    from simfw.thread import Activation

SLICE = 100_000
"""Instructions between two looks at the clock, at `stop()` and at other processes."""


class Ending(enum.Enum):
    """Why `drive` came back without a call's result."""

    EXITED = "exited"
    STOPPED = "stopped"
    BUDGET = "budget"
    TIMEOUT = "timeout"
    TURN = "turn"


class CallStopped(StateError):  # noqa: N818 - like its siblings in `errors`
    """`stop()` ended a call before it returned."""


@frozen(eq=False)
class Limits:
    """How far the outermost entry and everything nested in it may go.

    `instructions` is the machine's count at which it ends, `deadline` a time of
    `time.monotonic()`.
    """

    instructions: int = 1 << 60
    deadline: float | None = None

    def passed(self) -> bool:
        """Whether the deadline is over."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def narrowed(self, count: int, budget: int | None, timeout: float | None) -> Limits:
        """With a budget from `count` on and a timeout from now on, where these end earlier."""
        end, deadline = self.instructions, self.deadline
        if budget is not None:
            end = min(end, count + budget)
        if timeout is not None:
            own = time.monotonic() + timeout
            deadline = own if deadline is None else min(own, deadline)
        return Limits(end, deadline)


def checked_limits(budget: object, timeout: object) -> None:
    """Refuse budgets and timeouts that are no numbers, or negative."""
    if budget is not None and (
        not isinstance(budget, int) or isinstance(budget, bool) or budget < 0
    ):
        raise ArgumentError(f"budget={budget!r}: give a number of instructions, or None")
    if timeout is not None and (
        not isinstance(timeout, int | float) or isinstance(timeout, bool) or not timeout >= 0
    ):
        raise ArgumentError(f"timeout={timeout!r}: give a number of seconds, or None")


@overload
def drive(
    process: Process,
    call: Activation,
    budget: int | None = None,
    timeout: float | None = None,
) -> Result: ...
@overload
def drive(
    process: Process, call: Activation, budget: int | None = None, *, resumable: Literal[True]
) -> Result | Ending: ...
@overload
def drive(process: Process) -> Ending: ...
def drive(
    process: Process,
    call: Activation | None = None,
    budget: int | None = None,
    timeout: float | None = None,
    *,
    resumable: bool = False,
) -> Result | Ending:
    """Run a process until `call` returns or, without one, until the program ends or pauses.

    Enters the call if that is still to be done. Gives its result, or an `Ending`. With a call an
    ending is raised, and the call's frame discarded, unless it is `resumable`.
    """
    machine, thread, engine, memory = (
        process.machine, process.thread, process.engine, process.memory,
    )  # fmt: skip
    x, link, outcalls = engine.x, process.link, process.outcalls
    outer = machine.limits
    running, refund, left, exited = False, 0, 0, Ending.EXITED
    serving: tuple[str, int] | None = None
    try:
        if call is not None and not call.entered:
            process.enter(call)
        if budget is not None or timeout is not None:
            machine.limits = outer.narrowed(machine.instructions, budget, timeout)
        limit, deadline = machine.limits.instructions, machine.limits.deadline
        until = min(limit, machine.instructions + SLICE)
        while True:
            left = until - machine.instructions
            if left <= 0 or machine.stop_requested:
                ending = _attend(process, call)
                if ending is not None:
                    if call is None or resumable:
                        return ending
                    raise _overrun(ending, call)
                until = min(limit, machine.instructions + SLICE)
                continue
            engine.pc, engine.left = thread.pc, left  # a signal may come before it sets them
            running = True
            reached = process.execute(thread.pc, left)
            used = left - engine.left
            process.instructions += used
            machine.instructions += used
            thread.pc = reached.pc
            running = False
            if reached.reason is BUDGET:
                continue
            if reached.reason is HOOK:
                outcall = outcalls.get(reached.pc)
                if outcall is None:
                    process.check_return(call)
                    assert call is not None
                    result = call.function.unpack(x)
                    if call.loans is not None:
                        for loan in call.loans:
                            loan.bring_back(memory)
                    process.leave(call)
                    return result
                if machine.instructions >= limit:
                    continue  # the outcall counts as an instruction, and none is left
                process.instructions += 1
                machine.instructions += 1
                refund = 1
            else:
                refund = 1
                outcall = process.serve(reached)
                if outcall is None:
                    refund, thread.pc = 0, reached.next
                    continue
            focus = process.focus(outcall.name, reached.pc)
            try:
                serving = thread.outcall = outcall.name, reached.pc
                while True:
                    value = outcall.function(focus, *outcall.unpack(x, memory, focus))
                    if thread.call is not call:
                        raise _left_pending(process, focus)
                    if value is not CALL_ORIGINAL:
                        outcall.pack(x, memory, value)
                        break
                    if outcall.original is None:
                        break
                    outcall = outcall.original
            finally:
                focus.valid = False
                thread.outcall = None
            serving = None
            if reached.reason is not HOOK:
                if value is CALL_ORIGINAL:
                    raise ResultError(f"{outcall.name}() has no original: it is a system call")
                refund, thread.pc = 0, reached.next
                process.outcalls_served += 1
            elif value is CALL_ORIGINAL:
                process.instructions -= 1
                machine.instructions -= 1
                refund, thread.pc = 0, reached.pc + ORIGINAL
            else:
                refund, thread.pc = 0, x[link] & -2
                process.outcalls_served += 1
            if deadline is not None:
                until = machine.instructions  # a host function may take any time: look at once
            if process.exit_request is not None:
                if call is not None:
                    return process.finish_exit(call)
                process.exited, process.exit_request = process.exit_request, None
                return exited
    except BaseException as error:
        if call is not None and not call.entered:  # refused, or over already
            raise
        if running:
            thread.pc = engine.pc
            refund = engine.left - left
        process.instructions -= refund
        machine.instructions -= refund
        process.discard_above(call)
        if call is None or resumable:
            passed = _passed_on(machine, error, refund)
            if passed is not None:
                return passed
        try:
            _explain(process, error, serving, from_host=not running)
        finally:
            if call is None:
                process.exit_request = None
            else:
                process.leave(call)
        raise
    finally:
        machine.limits = outer


def _attend(process: Process, call: Activation | None) -> Ending | None:
    """What has to be looked at now and then; an ending if the guest may not go on."""
    machine = process.machine
    if machine.stop_requested:
        return Ending.STOPPED if process.exit_request is None else process.finish_exit(call)
    if machine.instructions >= machine.limits.instructions:
        return Ending.BUDGET
    if machine.limits.passed():
        return Ending.TIMEOUT
    return Ending.TURN if call is None and len(machine.processes) > 1 else None


def _passed_on(machine: Machine, error: BaseException, refund: int) -> Ending | None:
    """The ending that an exception stands for: of a call in an outcall, by a limit of ours.

    The outcall that it passed through is repeated when the program goes on.
    """
    if isinstance(error, CallStopped) and machine.stop_requested:
        return Ending.STOPPED
    if isinstance(error, BudgetExhausted):
        spent = machine.instructions + refund >= machine.limits.instructions
        return Ending.BUDGET if spent else None
    if isinstance(error, WallTimeout) and machine.limits.passed():
        return Ending.TIMEOUT
    return None


def _left_pending(process: Process, focus: Focus) -> StateError:
    begun = process.thread.call
    name = begun.function.name if begun is not None else "?"
    return StateError(
        f"{focus!r} returned while the call of {name}() that it began is pending; "
        "finish or cancel it before"
    )


def _overrun(ending: Ending, call: Activation) -> Exception:
    name = call.function.name
    match ending:
        case Ending.BUDGET:
            return BudgetExhausted(
                f"the instruction budget ran out in the call of {name}(); give it a larger "
                "budget=, or run it in portions with begin()"
            )
        case Ending.TIMEOUT:
            return WallTimeout(f"the time limit passed in the call of {name}()")
        case _:
            return CallStopped(f"stop() ended the call of {name}() before it returned")


def _explain(
    process: Process, error: BaseException, serving: tuple[str, int] | None, *, from_host: bool
) -> None:
    """Tell a fault where it happened; note on other exceptions which guest frames they cross."""
    if isinstance(error, GuestFault) and not error.registers:
        process.locate(error, serving)
    elif from_host and isinstance(error, Exception):
        crossed = process.thread.innermost_rows()
        if crossed:
            note_crossed(error, crossed)
