"""`simfw call`: call one function of a program."""

from __future__ import annotations

import re
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

_NEGATIVE = re.compile(r"-(\.?[0-9]|inf|nan).*")
_SHIELD = "\0"


class NumbersAreArguments(click.Command):
    """A command whose arguments may be negative numbers, without `--` before them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, with negative numbers shielded from being taken for options."""
        return super().parse_args(
            ctx, [_SHIELD + arg if _NEGATIVE.fullmatch(arg) else arg for arg in args]
        )


@click.command(
    cls=NumbersAreArguments,
    short_help="Call one function of a program.",
    epilog="""\b
Examples:
  simfw call crc.elf crc16 123456789 --spec crc.cas
  simfw call crc.elf add -2 0x10 --result int8_t
  simfw call crc.elf checksum file:image.bin 4096 --after-main
  simfw call gcd.cas gcd 12 18 --trace

With a declaration the arguments are read as its types ask. Without one 42, -7 and 0x2a are
integers (of 4 bytes in conAsm), 1.5 is a double, and anything else is text. In both cases
hex:00ff and file:PATH are bytes, &name is an address, and text:42 is text.

Outcalls that no --plugin serves are an error when they are reached. The result goes to the
output in decimal and in hexadecimal; the exit status is 0, or 125 for errors.
""",
)
@image_argument
@click.argument("function")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--result", metavar="TYPE", help="C type of the result, if nothing declares it.")
@click.option("--after-main", is_flag=True, help="Run the program to its end first.")
@machine_options
@budget_option
@timeout_option
@trace_options
def command(
    image: Path,
    base: int | None,
    xlen: str | None,
    member: str | None,
    extensions: tuple[str, ...],
    function: str,
    args: tuple[str, ...],
    result: str | None,
    after_main: bool,
    budget: int | None,
    timeout: float | None,
    trace: bool,
    trace_to: TextIO | None,
    **options: Any,
) -> None:
    """Call FUNCTION of the program IMAGE with ARGS and print its result."""
    from simfw.tools.arguments import parse_arguments
    from simfw.tools.checking import lenient_machine
    from simfw.tools.lookup import name_or_address
    from simfw.tools.results import text_of_result

    machine = lenient_machine(
        read_image(image, base, xlen, member, extensions), MachineOptions(**options)
    )
    if after_main:
        _run_main(machine, budget, timeout)
    name = name_or_address(function)
    signature = machine.function(name).signature
    values = parse_arguments([arg.removeprefix(_SHIELD) for arg in args], signature, machine)
    if trace or trace_to is not None:
        machine.trace(to=trace_to)
    value = machine.call(name, *values, budget=budget, timeout=timeout, result=result)
    text = text_of_result(machine, value, signature, result)
    if text:
        click.echo(text)


def _run_main(machine: Machine, budget: int | None, timeout: float | None) -> None:
    from simfw.tools.running import run_to_end

    status = run_to_end(machine, budget, timeout)
    if status:
        click.echo(f"note: main ended with status {status}", err=True)
