"""`simfw disasm`: a program's code as assembly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simfw.errors import ArgumentError
from simfw.tools.options import image_argument, read_image

if TYPE_CHECKING:
    from conasm.assembly import AssembledUnit
    from simfw.image import Image


@click.command(
    short_help="List a program's code.",
    epilog="""\b
Examples:
  simfw disasm crc.elf
  simfw disasm crc.elf crc16
  simfw disasm crc.elf crc16 --ir
  simfw disasm gcd.cas --member tin

Of conAsm it prints code that assembles to the same. `simfw asm` shows the belt along with it.
""",
)
@image_argument
@click.argument("function", required=False)
@click.option("--ir", is_flag=True, help="Show what each instruction does, too.")
def command(
    image: Path,
    base: int | None,
    xlen: str | None,
    member: str | None,
    extensions: tuple[str, ...],
    function: str | None,
    ir: bool,
) -> None:
    """List the code of IMAGE, or of one FUNCTION of it, given by its name or an address in it."""
    from simfw.tools.assembling import code_of
    from simfw.tools.listing import Code, Listing
    from simfw.tools.lookup import function_named
    from simfw.tools.text import printable

    program = read_image(image, base, xlen, member, extensions)
    unit = code_of(program)
    if unit is not None:
        click.echo(printable(_conasm(unit, program, function, ir)), nl=False)
        return
    listing = Listing(program, with_ir=ir)
    code = Code(program)
    wanted = function and [code.of(function_named(program, function))]
    for span in wanted or code.spans:
        for line in listing.lines(span):
            click.echo(printable(line))


def _conasm(unit: AssembledUnit, program: Image, function: str | None, ir: bool) -> str:
    from conasm.disassembler import disassemble
    from conasm.printer import print_unit
    from simfw.tools.assembling import only
    from simfw.tools.lookup import function_named

    if ir:
        raise ArgumentError("--ir is for machine code; belt operations have no such listing")
    chosen = only(unit, function_named(program, function).name) if function else unit
    return print_unit(disassemble(chosen))
