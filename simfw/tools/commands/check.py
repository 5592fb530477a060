"""`simfw check`: look for mistakes in declaration files and programs, without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from simfw.errors import SimError
from simfw.tools.filenames import input_file
from simfw.tools.options import MachineOptions, machine_options, member_option


@click.command(
    short_help="Look for mistakes in declarations and programs.",
    epilog="""\b
Examples:
  simfw check crc.cas
  simfw check crc.elf --spec crc.cas
  simfw check crc.elf --spec crc.cas --plugin crc_host
  simfw check gcd.cas --member tin

Of a program it says what it is and what would keep it from running. With --spec each declared
function has to be there; with --plugin each outcall needs its host function.

The exit status is 0, or 125 if any of the files has a mistake.
""",
)
@click.argument("files", nargs=-1, required=True, type=input_file)
@member_option
@machine_options
def command(files: tuple[Path, ...], member: str | None, **options: Any) -> int:
    """Check FILES: declaration files and belt programs (.cas), and programs (ELF)."""
    from simfw.tools import report
    from simfw.tools.cli import FAILURE
    from simfw.tools.text import printable

    failed = False
    chosen = MachineOptions(**options)
    for path in files:
        check = _check_conasm if path.suffix == ".cas" else _check_image
        try:
            for line in check(path, chosen, member):
                click.echo(printable(line))
        except SimError as error:
            failed = True
            report.sim_error(error)
    return FAILURE if failed else 0


def _check_conasm(path: Path, options: MachineOptions, member: str | None) -> Iterator[str]:
    """The lines on declarations, and on code if there is any.

    Raises SpecError or BindError for mistakes, and what loading code raises.
    """
    from simfw.tools.checking import declared_functions, has_code

    code = list(_check_unit(path, options, member)) if has_code(path) else []
    lines = list(declared_functions(path))
    yield from code or [f"{path}: no mistakes, {len(lines)} declared"]
    yield from lines


def _check_unit(path: Path, options: MachineOptions, member: str | None) -> Iterator[str]:
    from simfw.tools.assembling import code_of, unit_summary
    from simfw.tools.checking import loaded
    from simfw.tools.options import read_image

    image = read_image(path, member=member)
    unit = code_of(image)
    assert unit is not None
    yield f"{path}: no mistakes, {loaded(image, options)}"
    yield f"  code        {unit_summary(unit)}"
    yield from (f"  remark      {warning}" for warning in unit.warnings)


def _check_image(path: Path, options: MachineOptions, member: str | None) -> Iterator[str]:
    """The lines on a program; what loading it raises."""
    from simfw.tools.checking import loaded
    from simfw.tools.options import read_image
    from simfw.tools.summary import remarks, summary

    image = read_image(path, member=member)
    yield from summary(image)
    yield from (f"  remark      {remark}" for remark in remarks(image))
    yield f"  no mistakes: {loaded(image, options)}"
