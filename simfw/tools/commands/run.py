"""`simfw run`: run a program to its end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from simfw.tools.options import (
    MachineOptions,
    budget_option,
    image_argument,
    machine_options,
    read_image,
    timeout_option,
    trace_options,
)

if TYPE_CHECKING:
    from simfw import Machine


@click.command(
    short_help="Run a program to its end.",
    epilog="""\b
Examples:
  simfw run crc.elf --spec crc.cas --plugin crc_host --budget 10M -- verbose 3
  simfw run gcd.cas --member tin --trace

An instruction takes a cycle. An outcall counts as an instruction, as in budgets, but takes no
cycle of a conAsm program; the return of its main is an outcall.

The exit status is the guest's, modulo 256. It is 0 if a host function stopped the machine without
a status, and 125 for errors, for a fault of the guest, and when the budget or the time is used up.
""",
)
@image_argument
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@machine_options
@budget_option
@timeout_option
@trace_options
@click.option("--progress", is_flag=True, help="Show instructions, speed and time meanwhile.")
@click.option("--stats", is_flag=True, help="Show instructions and cycles at the end.")
def command(
    image: Path,
    base: int | None,
    xlen: str | None,
    member: str | None,
    extensions: tuple[str, ...],
    args: tuple[str, ...],
    budget: int | None,
    timeout: float | None,
    trace: bool,
    trace_to: TextIO | None,
    progress: bool,
    stats: bool,
    **options: Any,
) -> int:
    """Run the program IMAGE (ELF or conAsm) until it ends; ARGS are its arguments."""
    from simfw import Machine
    from simfw.tools.running import run_to_end

    keywords = MachineOptions(**options).keywords()
    machine = Machine(read_image(image, base, xlen, member, extensions), args=args, **keywords)
    if trace or trace_to is not None:
        machine.trace(to=trace_to)
    with _progress(machine) if progress else nullcontext(), _stats(machine, stats):
        return run_to_end(machine, budget, timeout) & 0xFF


@contextmanager
def _stats(machine: Machine, wanted: bool) -> Generator[None]:
    """Show, when the block ends, what the machine has done in it."""
    from simfw.tools.statistics import statistics

    try:
        yield
    finally:
        for line in statistics(machine) if wanted else ():
            click.echo(line, err=True)


def _progress(machine: Machine) -> AbstractContextManager[None]:
    from simfw.tools.progress import shown

    return shown(machine)
