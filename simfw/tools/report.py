"""Errors as people see them on the command line: one block on the error output.

A heading in plain words, then the message, which has the place and the remedy. Errors of simfw
come without a Python traceback; if host functions of the user were on the way, their lines are
named. Other exceptions are a plugin's: their traceback is shown without the frames that are ours.
Texts may come from a hostile image, so control characters never reach the terminal.
"""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

import conasm
import simfw
from simfw.errors import SimError
from simfw.tools.text import printable

HEADINGS = {
    "StateError": "not possible now",
    "SpecError": "mistakes in the declarations",
    "LoadError": "this image cannot be loaded",
    "BindError": "declarations, plugins and guest do not fit together",
    "SymbolNotFound": "no such name in the guest",
    "ArgumentError": "wrong argument",
    "RangeError": "value out of range",
    "ResultError": "wrong result of a host function",
    "BudgetExhausted": "instruction budget used up",
    "WallTimeout": "time limit passed",
    "CallDepthError": "host and guest call each other too deeply",
    "GuestExit": "the guest ended itself",
    "MemoryFault": "memory fault in the guest",
    "MisalignedAccess": "misaligned access in the guest",
    "IllegalInstruction": "illegal instruction in the guest",
    "Breakpoint": "breakpoint in the guest",
    "NaRFault": "invalid operand in the guest",
    "UnboundOutcall": "no host function for an outcall",
    "UnknownSyscall": "unknown system call in the guest",
    "GuestFault": "fault in the guest",
    "BuildError": "the guest cannot be built",
    "ProjectError": "the project cannot be made",
    "StaleError": "files are not up to date",
    "OutputError": "a file cannot be written",
    "SimError": "error",
}
"""What each class of errors is in plain words; a subclass without a row has its base's."""

_OPTIONS = {"plugins": "plugin"} | {
    name: name
    for name in (
        "spec",
        "platform",
        "engine",
        "memory",
        "budget",
        "timeout",
        "result",
        "base",
        "xlen",
    )
}
_KEYWORD = re.compile(rf"\b({'|'.join(_OPTIONS)})=(?:'([^']*)')?")
"""Keyword arguments in messages, which the command line has as options."""

_FOR_PYTHON = (", or run it in portions with begin()",)
"""Advice in messages that can only be followed in Python."""

_OURS = tuple(f"{Path(str(package.__file__)).parent}/" for package in (simfw, conasm, click))
_PYTHONS = f"{sysconfig.get_paths()['stdlib']}/"


def block(heading: str, body: str) -> None:
    """Show a heading in red and a text below it."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text(f"error: {printable(heading)}", "bold red"))
    console.print(Text(printable(body)))


def usage_error(error: click.ClickException) -> None:
    """Show a mistake on the command line."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "simfw"
    lines = [_without_full_stop(error.format_message())]
    if context:
        lines.append(" ".join(context.get_usage().split()).replace("Usage:", "usage:", 1))
    lines.append(f"`{path} --help` shows the options and an example")
    block(f"wrong use of {path}", "\n".join(lines))


def _without_full_stop(message: str) -> str:
    return (message[:1].lower() + message[1:]).removesuffix(".")


def sim_error(error: SimError) -> None:
    """Show an error of simfw, and the lines of host functions that it came through."""
    lines = [str(error), *getattr(error, "__notes__", ())]
    lines += [
        f"  through {_short(frame.filename)}:{frame.lineno}, in {frame.name}"
        for frame in _foreign(traceback.extract_tb(error.__traceback__))
    ]
    block(_heading(type(error)), _as_options("\n".join(lines)))


def _as_options(text: str) -> str:
    """The text for a command line: keyword arguments are options, as in `--platform bare`."""
    for advice in _FOR_PYTHON:
        text = text.replace(advice, "")
    return _KEYWORD.sub(lambda found: f"--{_OPTIONS[found[1]]} {found[2] or ''}".rstrip(), text)


def _heading(kind: type[BaseException]) -> str:
    return next(HEADINGS[base.__name__] for base in kind.__mro__ if base.__name__ in HEADINGS)


def foreign_error(error: BaseException) -> None:
    """Show an exception that is not simfw's: a plugin's, or a mistake in simfw itself."""
    shown = traceback.TracebackException.from_exception(error)
    is_known = _foreign(shown.stack) or isinstance(error, SyntaxError)
    if not is_known:
        body = f"{_text(shown)}\nThis is a mistake in simfw; please report it with these lines."
        block("unexpected error", body)
        return
    _trim(shown)
    block(f"a plugin raised {type(error).__name__}", _text(shown))


def _text(shown: traceback.TracebackException) -> str:
    return "".join(shown.format()).rstrip("\n")


def _foreign(frames: Sequence[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """The frames that belong to the user's code: neither ours nor Python's own."""
    return [frame for frame in frames if not _is_ours(frame) and not _is_pythons(frame)]


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return frame.filename.startswith(("<", *_OURS))


def _is_pythons(frame: traceback.FrameSummary) -> bool:
    return frame.filename.startswith(_PYTHONS) and "site-packages" not in frame.filename


def _trim(shown: traceback.TracebackException) -> None:
    """Keep the user's frames and what they called, in the exception and those it came from."""
    foreign = _foreign(shown.stack)
    first = shown.stack.index(foreign[0]) if foreign else len(shown.stack)
    shown.stack[:] = [frame for frame in shown.stack[first:] if not _is_ours(frame)]
    for other in (shown.__cause__, shown.__context__, *(shown.exceptions or ())):
        if other is not None:
            _trim(other)


def _short(filename: str) -> str:
    """A path below the working directory as it is typed there."""
    path = Path(filename)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return filename
