"""`simfw new`: begin a project."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    short_help="Begin a project: firmware in C, its hardware and tests in Python.",
    epilog="""\b
Example:
  simfw new sensor
  cd sensor
  pytest
""",
)
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--name", help="What its files are called; by default as the directory.")
def command(directory: Path, name: str | None) -> None:
    """Make a project in the new directory DIR: firmware in C, its hardware and tests in Python.

    It works at once; its README.md says what to edit.
    """
    from simfw.tools.project import missing_packages, new_project

    for path in new_project(directory, name):
        click.echo(f"wrote {path}")
    packages = " ".join(f"'{package}'" for package in missing_packages())
    click.echo("\nnext:")
    if directory.resolve() != Path.cwd():
        click.echo(f"  cd {directory}")
    if packages:
        click.echo(f"  pip install {packages}")
    click.echo("  pytest\nand then README.md, which says what to edit")
