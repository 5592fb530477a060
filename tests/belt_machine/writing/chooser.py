"""Where decisions come from: Hypothesis, which shrinks what fails, or a seed, which is faster."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Draw(Protocol):
    """Hypothesis's `draw`."""

    def __call__(self, strategy: st.SearchStrategy[T]) -> T: ...


class Chooser:
    """Small decisions made of one: a number below another, where 0 is the simplest."""

    def below(self, count: int) -> int:
        raise NotImplementedError

    def choose(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def between(self, least: int, most: int) -> int:
        return least + self.below(most - least + 1)

    def chance(self, percent: int) -> bool:
        """True that often; False is the simplest."""
        return self.below(100) >= 100 - percent


class Drawn(Chooser):
    """Decisions of Hypothesis."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def below(self, count: int) -> int:
        return self._draw(st.integers(0, count - 1)) if count > 1 else 0


class Seeded(Chooser):
    """Decisions of a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, count: int) -> int:
        return self._random.randrange(count)
