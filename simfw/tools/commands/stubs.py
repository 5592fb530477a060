"""`simfw stubs`: write the Python module through which tests call the guest."""

from __future__ import annotations

from pathlib import Path

import click

from simfw.tools.filenames import spec_file


@click.command(
    short_help="Write the Python functions that call the guest.",
    epilog="""\b
Examples:
  simfw stubs crc.cas -o crc_stubs.py
  simfw stubs crc.cas -o crc_stubs.py --check

and in Python, with the namespace that the declaration names:

\b
  from crc_stubs import fw
  fw.crc16(machine, b"123456789")
""",
)
@click.argument("files", nargs=-1, required=True, type=spec_file)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="OUT.py")
@click.option("--check", is_flag=True, help="Write nothing; fail if OUT.py is not up to date.")
def command(files: tuple[Path, ...], output: Path, check: bool) -> None:
    """Write a typed Python function for each backcall that FILES declare."""
    from simfw.tools.files import check_generated, write_generated
    from simfw.tools.generated import stub_files

    texts = stub_files(files, output)
    if check:
        check_generated(texts, f"simfw stubs {' '.join(map(str, files))} -o {output}")
        return
    for path in write_generated(texts):
        click.echo(f"wrote {path}")
