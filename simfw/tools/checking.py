"""Checking declarations and programs as far as that goes without running anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from conasm import ConasmError
from conasm.ctypes import DataModel
from conasm.nodes import BackcallDeclaration, OutcallDeclaration
from conasm.problems import Problems
from simfw.belt.image import read_unit
from simfw.declarations import declared_in, read
from simfw.errors import BindError, SpecError
from simfw.image import Image
from simfw.machine import Machine
from simfw.signature import Signature
from simfw.tools.options import MachineOptions
from simfw.tools.plugins import unserved

D = TypeVar("D", OutcallDeclaration, BackcallDeclaration)


def declared_functions(path: Path) -> Iterator[str]:
    """A line for each declaration of a file.

    Raises SpecError for mistakes in the file, and BindError, with all of them, for types that
    cannot cross the border of any guest.
    """
    found = read(path)
    mistakes: list[str] = []
    for one in found.outcalls:
        number = "" if one.syscall is None else f"  system call {one.syscall}"
        yield f"  outcall     {_signature(Signature.of_outcall, one, mistakes)}{number}"
    for one in found.backcalls:
        name = f"{one.namespace}::{one.name}".replace("::", ".")
        yield f"  backcall    {_signature(Signature.of_backcall, one, mistakes)}  as {name}"
    if mistakes:
        raise BindError("\n".join(mistakes))


def has_code(path: Path) -> bool:
    """Whether a file is a belt unit. Raises SpecError for the mistakes of one that is none.

    Those of a belt unit are found, with all others, when it is loaded.
    """
    problems = Problems()
    try:
        unit = read_unit(path, str(path), problems=problems)
        if not unit.is_belt:
            problems.raise_if_any()
        return unit.is_belt
    except ConasmError as error:
        raise SpecError(str(error)) from None


def _signature(
    make: Callable[[D, DataModel], Signature], declaration: D, mistakes: list[str]
) -> str:
    try:
        return [str(make(declaration, model)) for model in DataModel][-1]
    except BindError as error:
        mistakes.append(str(error))
        return ""


def lenient_machine(image: Image, options: MachineOptions) -> Machine:
    """A machine with the image; outcalls that no plugin serves fail when they are reached."""
    keywords = options.keywords()
    plugins = keywords["plugins"]
    declared = read(keywords["spec"]).joined(declared_in(image)).outcalls
    keywords["plugins"] = [*plugins, unserved(declared, plugins)]
    return Machine(image, **keywords)


def loaded(image: Image, options: MachineOptions) -> str:
    """Load an image with all that the options name; what was found to fit, in words.

    Without plugins the outcalls need no host functions. Raises what `Machine` raises.
    """
    if options.plugins:
        machine = Machine(image, **options.keywords())
    else:
        machine = lenient_machine(image, options)
    process = machine.processes[0]
    declarations = process.declarations
    parts = [f"it can be loaded on platform {process.platform.name!r}"]
    if options.specs:
        count = len(declarations.outcalls) + len(declarations.backcalls)
        parts.append(f"has the {count} functions that are declared")
    if options.plugins:
        parts.append("and its outcalls have host functions")
    return ", ".join(parts)
