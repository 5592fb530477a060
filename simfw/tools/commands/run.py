"""`simfw run`: run a program to its end."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simfw.tools.options import (
    MachineOptions,
    budget_option,
    image_argument,
    machine_options,
    read_image,
    timeout_option,
)

if TYPE_CHECKING:
    from simfw import Machine


@click.command(
    short_help="Run a program to its end.",
    epilog="""\b
Example:
  simfw run crc.elf --spec crc.cas --plugin crc_host --budget 10M -- verbose 3

The exit status is the guest's, modulo 256. It is 0 if a host function stopped the machine without
a status, and 125 for errors, for a fault of the guest, and when the budget or the time is used up.
""",
)
@image_argument
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@machine_options
@budget_option
@timeout_option
@click.option("--progress", is_flag=True, help="Show instructions, speed and time meanwhile.")
def command(
    image: Path,
    base: int | None,
    xlen: str | None,
    args: tuple[str, ...],
    budget: int | None,
    timeout: float | None,
    progress: bool,
    **options: Any,
) -> int:
    """Run the program IMAGE until it ends; ARGS are its arguments."""
    from simfw import Machine
    from simfw.tools.running import run_to_end

    keywords = MachineOptions(**options).keywords()
    machine = Machine(read_image(image, base, xlen), args=args, **keywords)
    with _progress(machine) if progress else nullcontext():
        return run_to_end(machine, budget, timeout) & 0xFF


def _progress(machine: Machine) -> AbstractContextManager[None]:
    from simfw.tools.progress import shown

    return shown(machine)
