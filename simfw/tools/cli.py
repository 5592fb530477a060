"""The command `simfw`: finds the command that is meant, runs it, and reports what goes wrong.

A command is a click command that returns its exit status, or None for 0. Whatever it raises is
shown as one block on the error output, and the status is `FAILURE`: the lower numbers are left to
the guest. Commands import what is slow when they run, so that `simfw --help` is quick.
"""

from __future__ import annotations

import errno
import os
import select
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from conasm.nearby import suggest
from simfw import __version__
from simfw.errors import SimError
from simfw.tools.commands import COMMANDS

FAILURE = 125
"""The exit status of our own errors."""
INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it: 128 + SIGINT."""
PIPE_CLOSED = 141
"""The exit status when nobody reads the output any more: 128 + SIGPIPE."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_COMPLETION = "_SIMFW_COMPLETE"


class Simfw(click.Group):
    """The group of all commands, which are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None if there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return import_module(f"simfw.tools.commands.{cmd_name}").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with near names in the error."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = suggest(args[0], COMMANDS)
            ctx.fail(f"there is no command {args[0]!r}{near or f'; take {_listed(COMMANDS)}'}")
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **keywords: Any) -> Any:
        """Run the command line and exit with its status."""
        standalone = keywords.pop("standalone_mode", True)
        if _COMPLETION in os.environ or not standalone:
            keywords = {"complete_var": _COMPLETION, "standalone_mode": standalone, **keywords}
            return super().main(*args, **keywords)
        given = args[0] if args else keywords.pop("args", None)
        name = keywords.pop("prog_name", None) or "simfw"
        sys.exit(_status_of(self, sys.argv[1:] if given is None else list(given), name, keywords))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _status_of(group: Simfw, args: list[str], name: str, extra: dict[str, Any]) -> int:
    """Run the command; its exit status, whatever happens."""
    try:
        try:
            with group.make_context(name, args, **extra) as context:
                status = group.invoke(context)
        finally:
            _flush()
    except click.exceptions.Exit as request:
        return request.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        click.echo("\n".join(["\ninterrupted", *getattr(error, "__notes__", ())]), err=True)
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return PIPE_CLOSED
        return _reported(error)
    return int(status or 0)


def _flush() -> None:
    if sys.stdout is not None:  # it is None where the shell closed it: `>&-`
        sys.stdout.flush()


def _reported(error: Exception) -> int:
    from simfw.tools import report

    if isinstance(error, OSError) and error.errno in _FULL and not error.filename:
        _silence_output()
        report.block("the output cannot be written", f"{error.strerror}: make room for it")
    elif isinstance(error, click.ClickException):
        report.usage_error(error)
    elif isinstance(error, SimError):
        report.sim_error(error)
    else:
        report.foreign_error(error)
    return FAILURE


def _nobody_reads() -> bool:
    """Whether the output is a pipe without a reader; then Python must not flush it at its end."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    if not any(events & select.POLLERR for _, events in poll.poll(0)):
        return False
    _silence_output()
    return True


def _silence_output() -> None:
    """Let what still waits for the output go nowhere: Python flushes it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=Simfw,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A first look:  simfw new sensor && cd sensor && pytest",
)
@click.version_option(__version__, prog_name="simfw", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Compiled guest code and Python call each other as if they were one program."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> NoReturn:
    """The entry point of the command line."""
    cli.main()
    raise AssertionError("main() of a click command ends the process")
