"""Taking times: samples of all peers in turn, so that a busy moment of the machine hits them all.

A *sampler* takes one sample: it runs something often enough and gives the seconds for one unit of
it (a call, a level, an instruction, a start).
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

from attrs import frozen

Sampler = Callable[[], float]


@frozen
class Sample:
    """Seconds per unit: the median of the rounds, and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, seconds: list[float]) -> Sample:
        """From one number a round."""
        if len(seconds) == 1:
            return cls(seconds[0], seconds[0], seconds[0])
        low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
        return cls(median, low, high)


def batched(run: Callable[[], object], units: int, seconds: float) -> Sampler:
    """A sampler that repeats `run`, which does `units` units, for about `seconds` a sample."""
    times = _times_for(run, seconds)
    return lambda: _seconds_of(run, times) / (times * units)


def interleaved(samplers: Mapping[str, Sampler], rounds: int) -> dict[str, Sample]:
    """One sample of each, then the next of each: `rounds` times."""
    taken: dict[str, list[float]] = {name: [] for name in samplers}
    for _ in range(rounds):
        for name, sampler in samplers.items():
            with _no_collection():
                taken[name].append(sampler())
    return {name: Sample.of(seconds) for name, seconds in taken.items()}


def once(run: Callable[[], object]) -> float:
    """The seconds of a single run."""
    return _seconds_of(run, 1)


def _times_for(run: Callable[[], object], seconds: float) -> int:
    """How often `run` fits into that time; it is warm after this."""
    times = 1
    while (taken := _seconds_of(run, times)) < seconds / 4 and times < 1 << 24:
        times *= 2
    return max(1, round(times * seconds / taken))


def _seconds_of(run: Callable[[], object], times: int) -> float:
    begin = time.perf_counter()
    for _ in range(times):
        run()
    return time.perf_counter() - begin


@contextmanager
def _no_collection() -> Generator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
