"""`Machine`: a simulation with one guest program or several, and the host functions they call."""

from __future__ import annotations

import enum
import threading
from collections.abc import Mapping, Sequence
from os import PathLike
from types import TracebackType

from attrs import frozen

from conasm.member import Member
from simfw.errors import ArgumentError, GuestExit, StateError
from simfw.image import Image
from simfw.load import Program, load_process
from simfw.memory import Memory
from simfw.process import Process
from simfw.run import Ending, Limits, checked_limits, drive
from simfw.target import Target
from simfw.thread import Thread

DEFAULT_MEMORY = 256 << 20
DEFAULT_DEPTH = 200
_BUSY = "another thread is running this machine; give each thread its own Machine"
_CLOSED = "the machine is closed"
_ENGINES = ("auto", "interp")

Spec = str | PathLike[str] | Sequence[str | PathLike[str]] | None


class StopKind(enum.Enum):
    """Why `run` came back."""

    EXITED = "exited"
    STOPPED = "stopped"
    BUDGET = "budget"
    TIMEOUT = "timeout"


@frozen
class Stop:
    """How a run ended; `status` is the program's exit status if it exited, else None."""

    kind: StopKind
    status: int | None = None


class Machine(Target):
    """A simulation.

    Args:
        image: a path or the bytes of an ELF file, or an `Image` from `open_image`.
        spec: the declaration file, or several.
        plugins: modules, instances, `Outcalls` collections, or names of modules or entry points.
        platform: `bare`, `newlib`, or `auto` for what suits the image.
        engine: `auto` or `interp`.
        memory: the most bytes of memory that the guest can use.
        args: the program's arguments, without its name.
        env: the program's environment.
        max_depth: how deep calls of host and guest may nest.
        member: the belt machine for which conAsm is assembled: its name, or a `Member`.
        extensions: instructions of your own: `simfw.riscv.Extension` for RISC-V,
            `simfw.belt.Operations` for belts.

    Everything is checked here. Raises LoadError for images, SpecError for declaration files,
    BindError where declarations, plugins and image do not fit, ArgumentError for the rest.

    >>> from simfw import Machine
    >>> machine = Machine("examples/hello/hello.elf", spec="examples/hello/hello.cas",
    ...                   plugins=["examples.hello.plugin"])     # doctest: +SKIP
    >>> machine.run()                                            # doctest: +SKIP
    Stop(kind=<StopKind.EXITED: 'exited'>, status=0)
    """

    def __init__(
        self,
        image: str | PathLike[str] | bytes | bytearray | memoryview | Image,
        *,
        spec: Spec = None,
        plugins: Sequence[object] = (),
        platform: str = "auto",
        engine: str = "auto",
        memory: int = DEFAULT_MEMORY,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        max_depth: int = DEFAULT_DEPTH,
        member: str | Member = "silver",
        extensions: Sequence[object] = (),
    ) -> None:
        if engine not in _ENGINES:
            raise ArgumentError(f"engine={engine!r} is none of {', '.join(map(repr, _ENGINES))}")
        self.max_depth = _checked_depth(max_depth)
        self.instructions = 0
        self.limits = Limits()
        self.stop_requested = False
        self.stopped = False
        self.processes: list[Process] = []
        self._vacancy = [True]
        self._owner: int | None = None
        self._entries = 0
        self._closed = False
        self.load(
            image, spec=spec, plugins=plugins, platform=platform, memory=memory, args=args,
            env=env, member=member, extensions=extensions,
        )  # fmt: skip

    def load(
        self,
        image: str | PathLike[str] | bytes | bytearray | memoryview | Image,
        *,
        spec: Spec = None,
        plugins: Sequence[object] = (),
        platform: str = "auto",
        memory: int = DEFAULT_MEMORY,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        member: str | Member = "silver",
        extensions: Sequence[object] = (),
    ) -> Process:
        """Add a program with its own memory and plugins; `run` lets all of them take turns."""
        if self._closed:
            raise StateError(_CLOSED)
        process = load_process(
            self,
            Program(
                image,
                spec,
                plugins,
                platform,
                memory,
                args,
                env,
                member,
                extensions,
            ),
        )
        self.processes.append(process)
        return process

    @property
    def _process(self) -> Process:
        if self._closed:
            raise StateError(_CLOSED)
        return self.processes[0]

    @property
    def memory(self) -> Memory:
        """The memory of the first process."""
        return self._process.memory

    @property
    def threads(self) -> tuple[Thread, ...]:
        """The threads of all processes."""
        return tuple(thread for process in self.processes for thread in process.threads)

    @property
    def exited(self) -> bool:
        """Whether every program has ended."""
        return all(process.exited is not None for process in self.processes)

    @property
    def status(self) -> int | None:
        """The exit status of the first program, None while it has not ended."""
        return self.processes[0].exited

    @property
    def cycles(self) -> int:
        """The cycles that all programs took; see `Process.cycles`."""
        return sum(process.cycles for process in self.processes)

    @property
    def budget_left(self) -> int | None:
        """Instructions left of the budget that is running; None where there is none."""
        if self.limits.instructions == Limits().instructions:
            return None
        return max(0, self.limits.instructions - self.instructions)

    # Running

    def run(self, budget: int | None = None, timeout: float | None = None) -> Stop:
        """Run, or continue, until the programs end, `stop()` is called, or a limit is reached.

        `budget` is in instructions, exact, and shared by everything nested; `timeout` is in
        seconds. After a guest fault or an exception of an outcall the program stands at the
        instruction or the call that raised it, and `run` tries it again.

        Raises StateError when the programs have ended, inside an outcall, and while a call that
        was begun is pending.
        """
        checked_limits(budget, timeout)
        process = self._process
        if self.exited:
            raise StateError(
                f"{process.name} has exited with status {process.exited}; its functions can still "
                "be called, and a new Machine runs it again"
            )
        self.claim()
        outer = self.limits
        try:
            self._check_at_rest()
            self.limits = outer.narrowed(self.instructions, budget, timeout)
            stop = self._ended(self._take_turns())
        finally:
            self.limits = outer
            self._entries -= 1  # as `release`, which a signal could keep from beginning
            if self._entries == 0:
                self.stop_requested, self._owner, self._vacancy[:] = False, None, (True,)
        self.stopped = stop.kind is StopKind.STOPPED
        return stop

    def _check_at_rest(self) -> None:
        for process in self.processes:
            if process.thread.call is not None or process.thread.outcall is not None:
                raise StateError(
                    f"run() while {process.name} is in a call; inside an outcall use call(), and "
                    "finish or cancel calls that were begun"
                )

    def _take_turns(self) -> Stop:
        while True:
            for process in self.processes:
                if process.exited is None:
                    kind = self._turn(process)
                    if kind is not None:
                        return Stop(kind)
            if self.exited:
                return Stop(StopKind.EXITED, self.status)

    def _ended(self, stop: Stop) -> Stop:
        """Let `stop(status)` end its program though that was not running."""
        if stop.kind is StopKind.STOPPED:
            for process in self.processes:
                if process.exit_request is not None and process.exited is None:
                    process.finish_exit(None)
        return Stop(StopKind.EXITED, self.status) if self.exited else stop

    def _turn(self, process: Process) -> StopKind | None:
        """Let one process run; None if the others are to go on."""
        try:
            return _STOPS[drive(process)]
        except GuestExit as error:  # of a call in an outcall, which let it pass
            process.exited = error.status
            return None

    def step(self) -> Stop:
        """Run one instruction, or one outcall."""
        return self.run(budget=1)

    def stop(self, status: int | None = None) -> None:
        """Make `run` return, from an outcall or from another Python thread.

        With a status the first program ends with it. A call that is running ends with
        StateError, or with GuestExit where there is a status.
        """
        if status is not None:
            self._process.request_exit(status)
        self.stop_requested = True

    # Who is in the machine

    def claim(self) -> None:
        """Enter the machine; StateError if another Python thread is in it."""
        if self._closed:
            raise StateError(_CLOSED)
        thread = threading.get_ident()
        if self._owner != thread:
            try:
                del self._vacancy[0]  # atomic, and no call: no signal comes in between
            except IndexError:
                raise StateError(_BUSY) from None
            self._owner = thread
        self._entries += 1

    def check_thread(self) -> None:
        """StateError if another Python thread is in the machine."""
        if self._owner not in (None, threading.get_ident()):
            raise StateError(_BUSY)

    def release(self) -> None:
        """Undo one `claim`."""
        self._entries -= 1
        if self._entries == 0:
            self.stop_requested, self._owner, self._vacancy[:] = False, None, (True,)

    def settle(self) -> None:
        """Forget a request to stop if nothing runs any more, though calls may be pending."""
        if not any(thread.in_outcall for thread in self.threads):
            self.stop_requested = False

    def close(self) -> None:
        """Give the memory back. The machine cannot be used any more."""
        if self._entries:
            raise StateError("the machine is running, or a call that was begun is pending")
        self._closed = True
        for process in self.processes:
            process.memory.close()

    def __enter__(self) -> Machine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:  # that is what the caller is to see, not that calls are pending
            for process in self.processes:
                if not process.thread.in_outcall:
                    process.discard_above(None)
        self.close()

    def __repr__(self) -> str:
        names = ", ".join(process.name for process in self.processes)
        return f"<Machine {names}: {self.instructions} instructions>"


def _checked_depth(depth: object) -> int:
    if not isinstance(depth, int) or isinstance(depth, bool) or depth < 1:
        raise ArgumentError(f"max_depth={depth!r}: give a number from 1")
    return depth


_STOPS: dict[Ending, StopKind | None] = {
    Ending.EXITED: None,
    Ending.TURN: None,
    Ending.STOPPED: StopKind.STOPPED,
    Ending.BUDGET: StopKind.BUDGET,
    Ending.TIMEOUT: StopKind.TIMEOUT,
}
