"""The project's own rules: what is shipped, what the rooms know of each other, what is imported."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import simfw

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}

LARGEST_FILE = 400
GENERATED = {"backcalls.libc", "conasm.grammar_tables", "simfw.engine.shipped.riscv"}

# What each room may know of the project besides itself. The way of data is one-way: a front end
# knows no engine, an engine no guest, the border knows guests only by their convention.
EVERYBODYS = {"simfw.errors", "simfw.permissions"}
TYPES = {"simfw.types", "simfw.signature", "simfw.convention", "conasm.ctypes"}
MAY_KNOW = {
    "conasm": set[str](),
    "simfw.errors": set[str](),
    "simfw.permissions": set[str](),
    "simfw.ir": EVERYBODYS,
    "simfw.memory": EVERYBODYS | {"conasm.ctypes", "conasm.errors"},
    "simfw.image": EVERYBODYS | {"conasm.member", "conasm.nodes"},
    "simfw.engine": EVERYBODYS | {"simfw.ir", "simfw.memory"},
    "simfw.riscv": EVERYBODYS | TYPES | {"simfw.ir", "simfw.image", "simfw.memory"}
    | {"simfw.architecture"},
    "simfw.border": EVERYBODYS | TYPES | {"simfw.operand", "simfw.values"},
}  # fmt: skip
EXCEPTIONS = {
    ("simfw.engine.generate", "simfw.riscv"),
    ("simfw.riscv.architecture", "simfw.binding"),
    ("simfw.riscv.architecture", "simfw.process"),
    ("simfw.riscv.trace", "simfw.process"),
}
"""The writer of the shipped closures brings records and engine together; nothing imports it.
An architecture is a room's face to the machine: it names the types that it is asked in."""

FOR_STUBS = "simfw.backcall"
"""What generated stubs import besides the public interface."""

SLOW_TO_IMPORT = ("click", "elftools", "hypothesis", "lark", "numpy", "pytest", "rich", "unicorn")

FOREIGN_PATH = re.compile(rb"\.\./shared\b|/(?:work|farm|root|home)/\w|/tmp/[A-Za-z]")
TEXT_AND_GUESTS = ("docs", "examples", "tests", "benchmarks", *PACKAGES)


def imports(path: Path) -> Iterator[str]:
    """The modules that a file names in import statements, wherever they stand."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module is not None, f"{path}: imports are absolute"
            yield from (_module_or_name(node.module, alias.name) for alias in node.names)


def _module_or_name(module: str, name: str) -> str:
    """`from simfw import errors` names a module, `from simfw import outcall` a public name."""
    if module == "simfw" and name in simfw.__all__:
        return module
    return f"{module}.{name}" if f"{module}.{name}" in MODULES else module


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def ours(module: str) -> bool:
    return any(within(module, package) for package in PACKAGES)


def shipped_files() -> Iterator[Path]:
    """What people see of the project: its documents, sources, guests and scripts."""
    yield from (path for path in ROOT.iterdir() if path.is_file())
    yield from (ROOT / ".ci").iterdir()
    for name in TEXT_AND_GUESTS:
        for path in sorted((ROOT / name).rglob("*")):
            if path.is_file() and not {"__pycache__", "build"} & set(path.parts):
                yield path


def test_the_version_is_the_same_everywhere():
    version = PYPROJECT["project"]["version"]
    assert simfw.__version__ == version
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_marked_as_typed(package):
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("module", sorted(MODULES.keys() - GENERATED))
def test_files_are_small(module):
    lines = len(MODULES[module].read_text().splitlines())
    assert lines <= LARGEST_FILE, f"{module} has {lines} lines: is it one concept?"


@pytest.mark.parametrize("module", sorted(GENERATED))
def test_generated_files_say_what_writes_them(module):
    beginning = MODULES[module].read_text()[:600]
    assert "Generated" in beginning and re.search(r"`(python -m [\w.]+|simfw \w+)`", beginning)


def test_every_public_name_exists_and_is_documented():
    for name in simfw.__all__:
        value = getattr(simfw, name)
        if inspect.isroutine(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"simfw.{name} has no docstring"


def test_the_errors_are_public():
    errors = {name for name, _ in inspect.getmembers(simfw.errors, inspect.isclass)}
    own = {name for name in errors if getattr(simfw.errors, name).__module__ == "simfw.errors"}
    assert own <= set(simfw.__all__)


@pytest.mark.parametrize("room", sorted(MAY_KNOW))
def test_rooms_know_only_what_lies_before_them(room):
    allowed = MAY_KNOW[room] | {room}
    for module, path in MODULES.items():
        for imported in imports(path) if within(module, room) else ():
            known = not ours(imported) or any(within(imported, other) for other in allowed)
            excepted = any(module == m and within(imported, r) for m, r in EXCEPTIONS)
            assert known or excepted, f"{module} imports {imported}"


@pytest.mark.parametrize("package", ["outcalls", "backcalls"])
def test_the_libraries_use_only_the_public_interface(package):
    for module, path in MODULES.items():
        for imported in imports(path) if within(module, package) else ():
            public = imported in ("simfw", FOR_STUBS) or within(imported, package)
            assert public or not ours(imported), f"{module} imports {imported}"


def test_importing_simfw_is_light():
    code = "import json, sys, simfw; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded.isdisjoint(SLOW_TO_IMPORT)


def test_no_file_names_a_path_of_the_machine_it_was_written_on():
    own = Path(__file__).resolve()
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in shipped_files()
        if path != own and (match := FOREIGN_PATH.search(path.read_bytes()))
    }
    assert found == {}
