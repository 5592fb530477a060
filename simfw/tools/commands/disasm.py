"""`simfw disasm`: a program's code as assembly."""

from __future__ import annotations

from pathlib import Path

import click

from simfw.tools.options import image_argument, read_image


@click.command(
    short_help="List a program's code.",
    epilog="""\b
Examples:
  simfw disasm crc.elf
  simfw disasm crc.elf crc16
  simfw disasm crc.elf crc16 --ir
""",
)
@image_argument
@click.argument("function", required=False)
@click.option("--ir", is_flag=True, help="Show what each instruction does, too.")
def command(
    image: Path, base: int | None, xlen: str | None, function: str | None, ir: bool
) -> None:
    """List the code of IMAGE, or of one FUNCTION of it, given by its name or an address in it."""
    from simfw.tools.listing import Code, Listing
    from simfw.tools.lookup import function_named
    from simfw.tools.text import printable

    program = read_image(image, base, xlen)
    listing = Listing(program, with_ir=ir)
    code = Code(program)
    wanted = function and [code.of(function_named(program, function))]
    for span in wanted or code.spans:
        for line in listing.lines(span):
            click.echo(printable(line))
