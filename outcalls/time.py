"""Time for guests: the host's, or one that a test decides.

The functions are those of `time.cas`. Where the time comes from is a `Clock`:

    HostClock       the host's time
    SetClock        stands still until the host's code moves it
    CountingClock   advances with the cycles that the guest takes: every run sees the same
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from simfw import ArgumentError, Focus, Outcalls, outcall

SPEC = Path(__file__).with_suffix(".cas")


class Clock(Protocol):
    """Where time comes from, in nanoseconds."""

    def monotonic(self, focus: Focus) -> int:
        """Time that never goes back."""
        ...

    def wall(self, focus: Focus) -> int:
        """Time since 1970-01-01 00:00 UTC."""
        ...


class HostClock:
    """The host's time; the monotonic one begins when the clock is made."""

    def __init__(self) -> None:
        self._start = time.monotonic_ns()

    def monotonic(self, focus: Focus) -> int:
        """The time since the clock was made."""
        return time.monotonic_ns() - self._start

    def wall(self, focus: Focus) -> int:
        """The host's time of day."""
        return time.time_ns()


class SetClock:
    """A clock that the host's code moves.

    >>> clock = SetClock(wall=1_000_000_000)
    >>> clock.advance(5)
    """

    def __init__(self, wall: int = 0) -> None:
        self._start, self._elapsed = wall, 0

    def advance(self, nanoseconds: int) -> None:
        """Let time pass. Raises ArgumentError for a negative time."""
        if nanoseconds < 0:
            raise ArgumentError(f"a clock cannot go back by {-nanoseconds} ns")
        self._elapsed += nanoseconds

    def monotonic(self, focus: Focus) -> int:
        """The time by which it was moved."""
        return self._elapsed

    def wall(self, focus: Focus) -> int:
        """The time with which it began, moved."""
        return self._start + self._elapsed


class CountingClock:
    """A clock that runs with the guest: each cycle takes the given time."""

    def __init__(self, nanoseconds_per_cycle: int = 10, wall: int = 0) -> None:
        if nanoseconds_per_cycle < 1:
            raise ArgumentError(f"a cycle of {nanoseconds_per_cycle} ns: give a number from 1")
        self._cycle, self._start = nanoseconds_per_cycle, wall

    def monotonic(self, focus: Focus) -> int:
        """The time that the guest's cycles took."""
        return focus.process.cycles * self._cycle

    def wall(self, focus: Focus) -> int:
        """The time with which it began, and that of the guest's cycles."""
        return self._start + self.monotonic(focus)


class Time(Outcalls):
    """Clocks for a guest; without a clock the host's time.

    >>> from outcalls.time import CountingClock, Time
    >>> time = Time(CountingClock(nanoseconds_per_cycle=1))     # 1 GHz
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__("time", optional=True, spec=SPEC)
        self._clock = clock or HostClock()

    @outcall("time_monotonic_ns")
    def monotonic(self, focus: Focus) -> int:
        """Time that never goes back."""
        return self._clock.monotonic(focus)

    @outcall("time_wall_ns")
    def wall(self, focus: Focus) -> int:
        """Time of day."""
        return self._clock.wall(focus)
