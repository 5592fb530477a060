"""`docs/mill.md` and the tests of the Mill's two pages belong together, row by row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "mill.md"

SENTENCES = {"Outcalls": 18, "Backcalls": 19, "Choices": 5}
"""How many sentences each of the two pages has, and how many choices we made beyond them."""

ROW = re.compile(r"^\| (\d+)([a-z]?) \| .+ \|(?: .+)? \| `(test_\w+)` \|$")


def rows(page: str) -> list[tuple[int, str, str]]:
    """Number, letter and test of each row of a section."""
    text = PAGE.read_text()
    section = text.split(f"\n## {page}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    matches = [(line, ROW.match(line)) for line in lines[1:]]
    assert [line for line, match in matches if match is None] == []
    return [(int(match[1]), match[2], match[3]) for _, match in matches if match]


def collected(page: str) -> list[str]:
    """The tests of a page, in order."""
    tree = ast.parse((HERE / f"test_mill_{page.lower()}.py").read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name for name in names if name.startswith("test_")]


@pytest.mark.parametrize("page", SENTENCES)
def test_every_sentence_has_a_row(page):
    numbers = [number for number, _, _ in rows(page)]
    assert sorted(set(numbers)) == list(range(1, SENTENCES[page] + 1))
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("page", SENTENCES)
def test_every_row_has_a_test_and_every_test_a_row(page):
    assert [test for _, _, test in rows(page)] == collected(page)


@pytest.mark.parametrize("page", SENTENCES)
def test_tests_bear_the_number_of_their_sentence(page):
    for number, letter, test in rows(page):
        assert test.startswith(f"test_{page.lower()}_{number:02}{letter}_")
