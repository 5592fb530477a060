"""The page of all operations is what the records say now."""

from __future__ import annotations

from simfw.belt.operations import GROUPS
from simfw.belt.record import Operations, Strict, by_name
from simfw.belt.reference import PAGE, page
from simfw.ir.builder import Word


def test_the_page_is_current():
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(), "run python -m simfw.belt.reference"


def test_every_operation_has_a_row():
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    named = {row.removeprefix("| `").partition("(")[0] for row in rows if "(" in row}
    assert set(by_name(GROUPS)) <= named


def test_an_operation_of_ones_own_gets_a_row():
    own = Operations("own")

    @own.op("swaph value", latency="mul", sizes="wd")
    def swaph(s: Strict, a: Word) -> Word:
        """Exchange the halves."""
        del s
        half = a.type.bits // 2
        return a << half | a.lshr(half)

    text = page([own])
    assert "## Own\n\n| written |" in text
    assert "| `swaph(value)` | compute 3 | wd |  | Exchange the halves. |\n" in text
