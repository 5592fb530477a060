"""New projects: the files of `templates/new`, with the project's name put in.

`NAME` in a file's name and `@NAME@` in its text stand for the name; `.in` at the end of each
file's name keeps the templates from being taken for code of simfw.
"""

from __future__ import annotations

import keyword
import re
from importlib.util import find_spec
from pathlib import Path

from simfw import __version__
from simfw.errors import SimError
from simfw.tools.files import write_generated
from simfw.tools.generated import stub_files

TEMPLATES = Path(__file__).with_name("templates") / "new"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_RENAMED = {"gitignore": ".gitignore"}


class ProjectError(SimError):
    """A directory in which no project can be made, or a name that is none."""


def new_project(directory: Path, name: str | None = None) -> list[Path]:
    """Make a project in a directory that is empty or not there; the files, in order.

    The name is that of the directory unless one is given. Raises ProjectError, having written
    nothing.
    """
    place = directory.resolve()
    chosen = _checked_name(name, place.name)
    _check_free(directory)
    texts = {place / _target(path, chosen): _filled(path, chosen) for path in _templates()}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProjectError(f"{error.filename}: {error.strerror}") from error
    stubs = write_generated(stub_files([place / f"{chosen}.cas"], place / f"{chosen}_stubs.py"))
    return [directory / path.relative_to(place) for path in (*texts, *stubs)]


def missing_packages() -> list[str]:
    """The packages that the tests of a new project need and that are not installed here."""
    wanted = {"ziglang": "simfw[cc]", "pytest": "pytest"}
    return [package for module, package in wanted.items() if find_spec(module) is None]


def _checked_name(given: str | None, directory: str) -> str:
    name = given if given is not None else directory.replace("-", "_").replace(" ", "_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        remedy = "choose another" if given is not None else "give one with --name"
        raise ProjectError(
            f"{name!r} cannot name files of C and Python: take up to 40 letters, digits and "
            f"underscores, a letter first, and no word of Python; {remedy}"
        )
    return name


def _check_free(directory: Path) -> None:
    if directory.is_dir():
        found = sorted(path.name for path in directory.iterdir())
        if found:
            raise ProjectError(
                f"{str(directory)!r} is not empty: it has {', '.join(found[:4])}"
                f"{' and more' if len(found) > 4 else ''}; name a new directory"
            )
    elif directory.exists() or directory.is_symlink():
        raise ProjectError(f"{str(directory)!r} is a file; name a new directory")


def _templates() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*.in") if path.is_file())


def _target(template: Path, name: str) -> Path:
    """Where the file made of a template goes, below the project's directory."""
    relative = template.relative_to(TEMPLATES).with_suffix("")
    file = _RENAMED.get(relative.name, relative.name).replace("NAME", name)
    return relative.with_name(file)


def _filled(template: Path, name: str) -> str:
    text = template.read_text(encoding="utf-8")
    return text.replace("@NAME@", name).replace("@VERSION@", __version__)
