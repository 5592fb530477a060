"""The benchmark runs, checks what it times, and names the peers that are missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WITHOUT_UNICORN = "import sys; sys.modules['unicorn'] = None\n"
RUN = "from benchmarks.__main__ import main; main(sys.argv[1:])"


@pytest.fixture(scope="module")
def run():
    def run(*arguments: str, before: str = "import sys\n") -> str:
        command = [sys.executable, "-c", before + RUN, "--quick", *arguments]
        return subprocess.check_output(command, cwd=ROOT, text=True)

    return run


def test_the_table_has_a_column_a_peer_and_the_file_the_seconds(run, tmp_path):
    numbers = tmp_path / "numbers.json"
    table = run("--only", "bound", "--peer", "unicorn", "--json", str(numbers))
    assert "simfw 0." in table and "unicorn 2." in table
    (measured,) = json.loads(numbers.read_text())["measurements"]
    assert measured["unit"] == "time"
    assert 1e-7 < measured["seconds"]["simfw"]["median"] < 1e-3
    assert measured["seconds"].keys() == {"simfw", "unicorn"}


def test_a_peer_that_cannot_be_imported_is_named_with_the_reason(run):
    arguments = ("--only", "bound", "--peer", "unicorn")
    table = run(*arguments, before=WITHOUT_UNICORN)
    assert "absent" in table and "unicorn: absent, import of unicorn halted" in table


def test_what_computes_something_else_is_not_timed():
    code = "from benchmarks.measurements import _checked; _checked(lambda size: size + 1, 5, 5)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "WrongResult" in done.stderr and "gave 6, not 5" in done.stderr
