"""The options that commands share: which image, with what around it, and how far it may go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
from attrs import frozen

from simfw.belt.members import DEFAULT, MEMBERS
from simfw.errors import ArgumentError
from simfw.image import Image, open_image
from simfw.platform import PLATFORMS
from simfw.tools.filenames import image_file, spec_file
from simfw.tools.quantities import address, count, seconds, size

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

DEFAULT_MEMBER = DEFAULT.name.lower()
_MEMBERS = tuple(name.lower() for name in MEMBERS)
_PLATFORM_NAMES = ("auto", *(platform.name for platform in PLATFORMS))


def combined(*decorators: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """One decorator that applies several, the first outermost."""

    def decorate(command: Any) -> Any:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


member_option = click.option(
    "--member",
    type=click.Choice(_MEMBERS, case_sensitive=False),
    help=f"Belt machine for which conAsm is assembled; {DEFAULT_MEMBER} if not said.",
)

extension_option = click.option(
    "--extension",
    "extensions",
    multiple=True,
    metavar="MODULE:NAME",
    help="Instructions of your own: an Extension or Operations in a module, or in the path of a "
    ".py file; may be given several times.",
)

image_argument = combined(
    click.argument("image", type=image_file),
    click.option(
        "--base", type=address, metavar="ADDRESS", help="Where a flat binary lies; needs --xlen."
    ),
    click.option("--xlen", type=click.Choice(["32", "64"]), help="Register width, if flat."),
    member_option,
    extension_option,
)

spec_option = click.option(
    "--spec",
    "specs",
    type=spec_file,
    metavar="FILE",
    multiple=True,
    help="Declaration file (.cas); may be given several times.",
)

plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="MODULE",
    help="Host functions: a module, MODULE:NAME for an object or class in it, or the path of a "
    ".py file; may be given several times.",
)

machine_options = combined(
    spec_option,
    plugin_option,
    click.option(
        "--platform",
        type=click.Choice(_PLATFORM_NAMES),
        default="auto",
        show_default=True,
        help="What the program finds around it.",
    ),
    click.option(
        "--engine", default="auto", show_default=True, help="What executes it: auto or interp."
    ),
    click.option(
        "--memory", type=size, metavar="SIZE", help="Most memory of the guest, such as 64MiB."
    ),
)

budget_option = click.option(
    "--budget",
    type=count,
    metavar="N",
    help="Stop after this many instructions; k, M and G are understood.",
)
trace_options = combined(
    click.option("--trace", is_flag=True, help="Show each instruction, on the error output."),
    click.option(
        "--trace-to",
        type=click.File("w"),
        metavar="FILE",
        help="Write each instruction to a file.",
    ),
)
timeout_option = click.option(
    "--timeout", type=seconds, metavar="SECONDS", help="Stop after this many seconds."
)


def read_image(
    path: Path,
    base: int | None = None,
    xlen: str | None = None,
    member: str | None = None,
    extensions: Sequence[str] = (),
) -> Image:
    """The image in a file: ELF, flat, or conAsm, which is assembled for a member."""
    from simfw.tools.plugins import load_extensions

    width: Literal[32, 64] | None = None if xlen is None else (32 if xlen == "32" else 64)
    image = open_image(
        path,
        base=base,
        xlen=width,
        member=member or DEFAULT_MEMBER,
        extensions=load_extensions(extensions),
    )
    if member is not None and image.kind != "belt":
        raise ArgumentError(f"--member is for conAsm, and {path} is no such file; leave it out")
    return image


@frozen
class MachineOptions:
    """The values of `machine_options`, as click passes them."""

    specs: tuple[Path, ...]
    plugins: tuple[str, ...]
    platform: str
    engine: str
    memory: int | None

    def keywords(self) -> dict[str, Any]:
        """What `Machine` takes of them; plugins are imported here."""
        from simfw.tools.plugins import load_plugins

        memory = {} if self.memory is None else {"memory": self.memory}
        return {
            "spec": list(self.specs) or None,
            "plugins": load_plugins(self.plugins),
            "platform": self.platform,
            "engine": self.engine,
            **memory,
        }
