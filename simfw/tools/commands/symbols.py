"""`simfw symbols`: what a program's symbol table names."""

from __future__ import annotations

from pathlib import Path

import click

from simfw.tools.options import image_argument, read_image


@click.command(
    short_help="List a program's symbols.",
    epilog="""\b
Examples:
  simfw symbols crc.elf
  simfw symbols crc.elf --functions 'uart_*'
""",
)
@image_argument
@click.argument("pattern", required=False)
@click.option("--functions", "kind", flag_value="function", help="Functions only.")
@click.option("--objects", "kind", flag_value="object", help="Variables and constants only.")
def command(
    image: Path,
    base: int | None,
    xlen: str | None,
    member: str | None,
    extensions: tuple[str, ...],
    pattern: str | None,
    kind: str | None,
) -> None:
    """List the symbols of IMAGE by address: address, size in bytes, kind, binding, name.

    With PATTERN those whose names have it as a part, or match it if it has wildcards.
    """
    from simfw.image import SymbolKind
    from simfw.tools.lookup import matching
    from simfw.tools.text import printable

    program = read_image(image, base, xlen, member, extensions)
    width = len(f"{program.highest:x}")
    for one in matching(program, pattern, SymbolKind(kind) if kind else None):
        row = f"{one.address:0{width}x} {one.size:>7}  {one.kind.value:<12} "
        click.echo(printable(f"{row} {one.binding.lower():<6}  {one.qualified}"))
