"""The platforms' declarations, which are shipped parsed so that a plain run needs no parser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simfw import SpecError
from simfw.declarations import read, read_shipped
from simfw.shipped_declarations import SHIPPED
from simfw.tools import ship_declarations

ROOT = Path(__file__).resolve().parent.parent


def test_they_are_what_the_files_say():
    """When this fails: `python -m simfw.tools.ship_declarations`."""
    assert ship_declarations.TARGET.read_text(encoding="utf-8") == ship_declarations.text()


@pytest.mark.parametrize("path", ship_declarations.sources(), ids=lambda path: path.name)
def test_they_equal_what_is_parsed(path):
    assert path.read_text(encoding="utf-8") in SHIPPED
    shipped, parsed = read_shipped(path), read(path)
    assert (shipped.outcalls, shipped.backcalls) == (parsed.outcalls, parsed.backcalls)
    assert str(shipped.outcalls[0].position).startswith(f"{path}:")


def test_a_file_that_was_edited_is_parsed(tmp_path):
    edited = tmp_path / "bare.cas"
    (bare, *_) = ship_declarations.sources()
    edited.write_text(bare.read_text().replace("syscall(93)", "syscall(94)"))
    assert read_shipped(edited).outcalls[0].syscall == 94
    edited.write_text("F(")
    with pytest.raises(SpecError, match=r"bare\.cas:1:"):
        read_shipped(edited)


def test_a_run_without_a_spec_imports_no_parser():
    code = (
        "import json, sys, simfw\n"
        "simfw.Machine('examples/hello/hello.elf')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "outcalls.bare" in loaded
    assert loaded.isdisjoint({"lark", "conasm.checker", "difflib", "hashlib", "elftools", "click"})
