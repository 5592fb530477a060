"""Files named on the command line: whether they are there, and what may have been meant.

Each function is a type of click's: it gives the path, or raises BadParameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from conasm.nearby import suggest

_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".s", ".S", ".zig")
_NO_IMAGE = {
    **dict.fromkeys(_SOURCES, "is source text; build it first: simfw build {path} -o {stem}.elf"),
    ".o": "is an object file; link it first: simfw build {path} -o {stem}.elf",
    ".a": "is a library; link it first: simfw build main.c {path} -o guest.elf",
    ".py": "is Python; give it with --plugin, and an ELF file as IMAGE",
}
_NO_SPEC = {
    **dict.fromkeys((*_SOURCES, ".h", ".hpp"), "is source text; declarations are in a .cas file"),
    **dict.fromkeys((".elf", ".o", ".a"), "is compiled code; declarations are in a .cas file"),
    ".py": "is Python; declarations are in a .cas file",
}
_NO_UNIT = {
    **_NO_SPEC,
    **dict.fromkeys((*_SOURCES, ".h", ".hpp"), "is source text of another language"),
    **dict.fromkeys((".elf", ".o", ".a"), "is compiled code; `simfw disasm` lists it"),
    ".py": "is Python",
}
"""What to say of files that are something else than what is wanted, by suffix."""


def input_file(text: str) -> Path:
    """A file that is to be read."""
    path = Path(text)
    try:
        if path.is_dir():
            raise click.BadParameter(f"{text!r} is a directory; name a file in it")
        if not path.exists():
            raise click.BadParameter(f"there is no file {text!r}{_near(path)}")
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{text!r} is no path of a file: {error}") from None
    return path


def image_file(text: str) -> Path:
    """A guest program, not its source nor what else belongs to it."""
    return _no_other(text, _NO_IMAGE)


def spec_file(text: str) -> Path:
    """A declaration file, not a source nor an image."""
    return _no_other(text, _NO_SPEC)


def unit_file(text: str) -> Path:
    """A file with conAsm."""
    return _no_other(text, _NO_UNIT)


def _no_other(text: str, others: Mapping[str, str]) -> Path:
    path = input_file(text)
    advice = others.get(path.suffix)
    if advice is not None:
        raise click.BadParameter(f"{text} {advice.format(path=text, stem=path.stem)}")
    return path


def _near(path: Path) -> str:
    directory = path.parent
    if not directory.is_dir():
        return f"; there is no directory {str(directory)!r}"
    return suggest(path.name, sorted(each.name for each in directory.iterdir()))
