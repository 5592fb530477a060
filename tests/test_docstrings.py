"""The examples in docstrings run, and show what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import backcalls
import conasm
import outcalls
import simfw

NOT_TO_IMPORT = ("__main__",)


def module_names() -> Iterator[str]:
    for package in (simfw, conasm, outcalls, backcalls):
        yield package.__name__
        found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        yield from (info.name for info in found)


@pytest.mark.parametrize(
    "name", [name for name in module_names() if name.rpartition(".")[2] not in NOT_TO_IMPORT]
)
def test_examples_in_docstrings(name):
    outcome = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0
