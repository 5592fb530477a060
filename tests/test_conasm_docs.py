"""The language reference: its examples parse, and each mistake it lists is answered as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import conasm

TEXT = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```cas\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
MISTAKES = re.findall(r"^\| `(.+)` \| (.+) \|$", TEXT[TEXT.index("## Mistakes") :], re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_parses(example: str) -> None:
    conasm.parse(example)


@pytest.mark.parametrize(("source", "words"), MISTAKES)
def test_a_mistake_is_answered_as_documented(source: str, words: str) -> None:
    with pytest.raises(conasm.ConasmError) as caught:
        conasm.parse(source)
    assert words in "\n".join(problem.message for problem in caught.value.problems)


def test_the_reference_has_examples_and_mistakes_to_check() -> None:
    assert (len(EXAMPLES) >= 4, len(MISTAKES) >= 55) == (True, True)
