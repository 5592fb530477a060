"""`simfw build`: compile a guest."""

from __future__ import annotations

from pathlib import Path

import click

from simfw.tools.filenames import input_file
from simfw.tools.options import spec_option

_FLAGS = "simfw.flags"
_LEVELS = ("0", "1", "2", "3", "s", "z", "g")


class WithFlags(click.Command):
    """A command that leaves what follows `--` to the compiler."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, for the arguments before `--`."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[_FLAGS] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])


@click.command(
    cls=WithFlags,
    options_metavar="[OPTIONS]",
    short_help="Compile a guest.",
    epilog="""\b
Examples:
  simfw build crc.c -o crc.elf
  simfw build src/crc.c src/main.c --spec crc.cas -o crc.elf --target riscv64 -O2 -g
  simfw build crc.c -o crc.elf -- -Wall -Werror -Wl,--defsym=limit=64

What follows -- goes to the compiler, and -Wl,… -l… -L… -T… to the linker. The compiler comes with
`pip install simfw[cc]`.
""",
)
@click.argument("sources", nargs=-1, required=True, type=input_file)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The ELF file to write; "
              "by default the first source's name with .elf.")  # fmt: skip
@click.option(
    "--target",
    type=click.Choice(["riscv32", "riscv64"]),
    default="riscv32",
    show_default=True,
    help="Register width.",
)
@click.option(
    "--platform",
    type=click.Choice(["bare", "linux"]),
    default="bare",
    show_default=True,
    help="bare: no C library but <simfw/guest.h> and <string.h>; linux: static, with musl.",
)
@click.option("-O", "level", type=click.Choice(_LEVELS), default="s", show_default=True,
              help="Optimisation.")  # fmt: skip
@click.option("-g", "debug", is_flag=True, help="Add debug information.")
@click.option("-I", "include", multiple=True, metavar="DIR", help="Look for headers there, too.")
@click.option("-D", "define", multiple=True, metavar="NAME[=VALUE]", help="Define a macro.")
@spec_option
@click.option("--headers", type=click.Path(path_type=Path, file_okay=False, exists=True),
              help="Leave the header and the assembly file made from --spec there.")  # fmt: skip
@click.option("--stubs", type=click.Path(path_type=Path), metavar="OUT.py",
              help="Write the Python functions for --spec, too.")  # fmt: skip
@click.option("--if-changed", is_flag=True, help="Do nothing if OUT was built from the same.")
@click.pass_context
def command(
    context: click.Context,
    sources: tuple[Path, ...],
    output: Path | None,
    target: str,
    platform: str,
    level: str,
    debug: bool,
    include: tuple[str, ...],
    define: tuple[str, ...],
    specs: tuple[Path, ...],
    headers: Path | None,
    stubs: Path | None,
    if_changed: bool,
) -> None:
    """Compile and link SOURCES (.c .cc .cpp .cxx .s .S .zig .o .a) to an ELF file.

    With --spec the outcalls that it declares are linked along, and sources may include a header
    with all that it declares: crc.h for crc.cas.
    """
    from simfw.tools.guests import GuestOptions, build_guest

    flags = [*(f"-I{each}" for each in include), *(f"-D{each}" for each in define)]
    options = GuestOptions(
        xlen=32 if target == "riscv32" else 64,
        platform="bare" if platform == "bare" else "linux",
        optimize=f"-O{level}",
        debug=debug,
        flags=(*flags, *context.meta[_FLAGS]),
    )
    result = output or Path(f"{sources[0].stem}.elf")
    built = build_guest(
        sources,
        result,
        specs=specs,
        headers=headers,
        stubs=stubs,
        options=options,
        only_if_changed=if_changed,
        say=lambda text: click.echo(text, err=True),
    )
    click.echo(f"{'wrote' if built else 'nothing changed:'} {result}")
