"""`simfw headers`: write what the guest is built with, a C header and an assembly file."""

from __future__ import annotations

from pathlib import Path

import click

from simfw.tools.filenames import spec_file


@click.command(
    short_help="Write a C header and the outcalls for the guest.",
    epilog="""\b
Examples:
  simfw headers crc.cas -o src
  simfw build src/crc_main.c src/crc.S -o crc.elf

`simfw build --spec crc.cas` does both at once.
""",
)
@click.argument("files", nargs=-1, required=True, type=spec_file)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR",
    help="Directory of the two files, which bear the name of the first of FILES.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; fail if they are not up to date.")
def command(files: tuple[Path, ...], output: Path, check: bool) -> None:
    """Write a C header and an assembly file for what FILES declare.

    The header has prototypes of all functions, the assembly file defines the outcalls: compile
    and link it with the guest.
    """
    from simfw.tools.files import check_generated, write_generated
    from simfw.tools.generated import header_files

    texts = header_files(files, output)
    if not check and output.parent.is_dir():
        output.mkdir(exist_ok=True)
    if check:
        check_generated(texts, f"simfw headers {' '.join(map(str, files))} -o {output}")
        return
    for path in write_generated(texts):
        click.echo(f"wrote {path}")
