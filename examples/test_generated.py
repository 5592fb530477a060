"""What is generated from the examples' declarations, and committed, is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

import conasm
from simfw.tools.headers import write_assembly, write_header
from simfw.tools.stubs import stubs_are_current

EXAMPLES = Path(__file__).resolve().parent
SPECS = sorted(path for path in EXAMPLES.glob("*/*.cas") if path.stem == path.parent.name)
"""The declarations of each example; other `.cas` files are belt programs."""


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_headers_are_current(spec):
    unit, guest = conasm.load(spec), spec.parent / "guest"
    assert (guest / f"{spec.stem}.h").read_text() == write_header([unit], spec.stem)
    assert (guest / f"{spec.stem}.S").read_text() == write_assembly([unit])


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_stubs_are_current(spec):
    unit = conasm.load(spec)
    stubs = spec.parent / f"{spec.stem}_stubs.py"
    assert stubs.exists() == bool(unit.backcalls)
    if unit.backcalls:
        assert stubs_are_current(stubs.read_text(), [unit])
