"""Plugins as the command line names them: `hardware`, `package.module:attribute`, `path/to.py`.

A class is instantiated, without arguments. The working directory is searched for modules, as
`python -m` does, and so is the directory of a plugin that is named by its path.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from conasm.nearby import suggest
from conasm.nodes import OutcallDeclaration
from simfw.errors import BindError, UnboundOutcall
from simfw.focus import Focus
from simfw.outcall import MARK, HostFunction, Mark, Outcalls
from simfw.plugin import ENTRY_POINTS, functions_of


def load_plugins(names: Iterable[str]) -> list[object]:
    """The plugins of these names; BindError for one that does not exist.

    What a module raises while it is imported passes through.
    """
    _search_here()
    return [_load(name) for name in names]


def load_extensions(names: Iterable[str]) -> list[object]:
    """The extensions of these names, each `module:name` or `path/to.py:name`.

    Raises BindError for one that does not exist; what a module raises passes through.
    """
    _search_here()
    return [_extension(name) for name in names]


def _extension(name: str) -> object:
    module, _, attribute = name.rpartition(":")
    if not module:
        raise BindError(f"extension {name!r}: write MODULE:NAME, with its name in the module")
    return _attribute(_module(module, "extension"), attribute, "extension")


def _search_here() -> None:
    here = str(Path.cwd())
    if "" not in sys.path and here not in sys.path:
        sys.path.insert(0, here)


def _load(name: str) -> object:
    module_name, _, attribute = name.partition(":")
    if not _is_path(module_name) and entry_points(group=ENTRY_POINTS, name=name):
        return name
    module = _module(module_name)
    found = _attribute(module, attribute) if attribute else _module_or_advice(module, name)
    return _instance(found, name) if isinstance(found, type) else found


def _is_path(name: str) -> bool:
    return name.endswith(".py") or "/" in name


def _module(name: str, what: str = "plugin") -> ModuleType:
    """A module by its name or its path; `what` is it for messages."""
    return _from_path(name, what) if _is_path(name) else _imported(name, what)


def _instance(plugin: type, name: str) -> object:
    try:
        inspect.signature(plugin).bind()
    except (TypeError, ValueError) as error:
        raise BindError(
            f"plugin {name!r} is a class that cannot be made without arguments ({error}); make an "
            "object of it in its module and name that"
        ) from None
    return plugin()


def _from_path(text: str, what: str) -> ModuleType:
    path = Path(text)
    if not path.is_file():
        near = suggest(path.name, _python_files(path.parent))
        raise BindError(f"there is no {what} file {text!r}{near}")
    spec = importlib.util.spec_from_file_location(_free_name(path.stem), path)
    if spec is None or spec.loader is None:
        raise BindError(f"{what} file {text!r} is no Python module; its name has to end in .py")
    directory = str(path.resolve().parent)
    if directory not in sys.path:
        sys.path.insert(0, directory)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _free_name(stem: str) -> str:
    """The name of a file's module: its own, unless a module of that name is loaded already."""
    return f"{stem}_plugin" if stem in sys.modules else stem


def _imported(name: str, what: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise BindError(
                f"{what} {name!r} imports {error.name!r}, which is not installed here"
            ) from error
    except (ImportError, ValueError, TypeError) as error:
        raise BindError(f"{what} {name!r} cannot be imported: {error}") from error
    stems = [Path(each).stem for each in _python_files(Path())]
    near = suggest(name, [*stems, *(point.name for point in entry_points(group=ENTRY_POINTS))])
    raise BindError(
        f"there is no {what} {name!r}: no module of that name can be imported from here, and no "
        f"installed package offers it{near or '; a file is named with its path, as in ./fakes.py'}"
    )


def _python_files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("*.py")) if directory.is_dir() else []


def _attribute(module: ModuleType, path: str, what: str = "plugin") -> object:
    found: object = module
    for name in path.split("."):
        if not hasattr(found, name):
            known = [each for each in vars(module) if not each.startswith("_")]
            raise BindError(f"{what} {module.__name__!r} has no {path!r}{suggest(name, known)}")
        found = getattr(found, name)
    return found


def _module_or_advice(module: ModuleType, name: str) -> ModuleType:
    """The module, or BindError with what to write if its outcalls are methods of a class."""
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    classes = [each.__name__ for each in own if _has_outcalls(each)]
    if classes and not _has_outcalls(module):
        choices = " or ".join(f"--plugin {name}:{each}" for each in classes)
        raise BindError(f"the outcalls of {name!r} are methods of a class; write {choices}")
    return module


def _has_outcalls(plugin: object) -> bool:
    return any(isinstance(getattr(value, MARK, None), Mark) for value in vars(plugin).values())


def unserved(declarations: Iterable[OutcallDeclaration], plugins: Iterable[object]) -> Outcalls:
    """A plugin for those of the declared outcalls that the plugins lack.

    It makes a program loadable whose host functions are not at hand; a call that reaches one of
    them ends with UnboundOutcall.
    """
    marks = [function.mark for function in functions_of(list(plugins))]
    names = {mark.name for mark in marks}
    numbers = {mark.syscall for mark in marks} - {None}
    collection = Outcalls("unserved", optional=True)
    for declaration in declarations:
        if declaration.name not in names and declaration.syscall not in numbers:
            collection.outcall(declaration.name)(_refusing(declaration.name))
    return collection


def _refusing(name: str) -> HostFunction:
    def refuse(focus: Focus, *operands: object) -> NoReturn:
        del operands
        raise UnboundOutcall(
            "call of an outcall that no host function serves",
            pc=focus.frame.pc,
            advice=f'name a plugin with --plugin that has @outcall("{name}")',
        )

    return refuse
