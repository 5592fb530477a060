"""The language reference: its examples parse, and each mistake it lists is answered as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import conasm
from conasm.assembler import assemble
from simfw.belt.members import SILVER
from simfw.belt.operations import GROUPS
from simfw.belt.record import specs

TEXT = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```cas\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
MISTAKES = re.findall(r"^\| `(.+)` \| (.+) \|$", TEXT[TEXT.index("## Mistakes") :], re.MULTILINE)


def assembled(source: str) -> None:
    """Go as far as the guest that a source is for: belt code is assembled, for Silver."""
    unit = conasm.parse(source)
    if unit.is_belt:
        assemble(unit, specs(GROUPS), SILVER)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_accepted(example: str) -> None:
    assembled(example)


@pytest.mark.parametrize(("source", "words"), MISTAKES)
def test_a_mistake_is_answered_as_documented(source: str, words: str) -> None:
    with pytest.raises(conasm.ConasmError) as caught:
        assembled(source)
    assert words in "\n".join(problem.message for problem in caught.value.problems)


def test_the_reference_has_examples_and_mistakes_to_check() -> None:
    assert (len(EXAMPLES) >= 6, len(MISTAKES) >= 95) == (True, True)
