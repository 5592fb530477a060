"""`simfw asm`: assemble conAsm and show what the assembler made of it."""

from __future__ import annotations

from pathlib import Path

import click

from simfw.tools.filenames import unit_file
from simfw.tools.options import DEFAULT_MEMBER, member_option


@click.command(
    short_help="Assemble belt code and list it.",
    epilog="""\b
Examples:
  simfw asm gcd.cas
  simfw asm gcd.cas --function gcd --member tin

Below each instruction stands the belt before and after it, from b0 on, and which results are still
on their way. What is legal but hardly meant is warned of on the error output.

The exit status is 0, or 125 if there is a mistake; all mistakes are shown.
""",
)
@click.argument("files", nargs=-1, required=True, type=unit_file)
@click.option("--function", metavar="NAME", help="List one function.")
@member_option
def command(files: tuple[Path, ...], function: str | None, member: str | None) -> None:
    """Assemble FILES (.cas), linked together, and list them with the belt at each instruction."""
    from conasm.listing import listing
    from simfw.tools.assembling import assembled, only
    from simfw.tools.text import printable

    unit = assembled(files, member or DEFAULT_MEMBER)
    for warning in unit.warnings:
        click.echo(printable(str(warning)), err=True)
    click.echo(printable(listing(only(unit, function) if function else unit)), nl=False)
