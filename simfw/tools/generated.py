"""The files that are made from declarations: their names and their texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simfw.declarations import read
from simfw.errors import ArgumentError
from simfw.tools.headers import write_assembly, write_header
from simfw.tools.stubs import write_stubs


def stub_files(specs: Sequence[Path], output: Path) -> dict[Path, str]:
    """The module with the stubs; SpecError for declarations that have none."""
    if output.suffix != ".py" or not output.stem.isidentifier():
        raise ArgumentError(
            f"{str(output)!r} cannot be imported; give the module a name such as fw_stubs.py"
        )
    return {output: write_stubs([read(specs)])}


def header_files(specs: Sequence[Path], directory: Path) -> dict[Path, str]:
    """The header and the assembly file, named as the first of the declaration files is."""
    declarations, stem = [read(specs)], specs[0].stem
    return {
        directory / f"{stem}.h": write_header(declarations, stem),
        directory / f"{stem}.S": write_assembly(declarations),
    }
