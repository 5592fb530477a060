"""Python names of backcalls, and the classes that they are members of.

A namespace becomes a class, each part of a qualified name but the last a class within it, the
last a static method. A name that Python keeps for itself or that the stub module uses gets a
trailing underscore, and so does a namespace's that would hide a builtin. A member of a class
hides nothing but what stands in annotations beside it.
"""

from __future__ import annotations

import builtins
import keyword

from attrs import define, field, frozen

from conasm.nodes import BackcallDeclaration
from simfw.declarations import Declarations
from simfw.tools.declared import Complaints

STUB_PREFIX = "_stub_"
"""What the module's own constants begin with."""

_MODULE_NAMES = frozenset({"BackcallStub", "Focus", "Machine", "Process", "TYPE_CHECKING"})
_OF_OTHER_VERSIONS = frozenset({"PythonFinalizationError"})
_OF_SITE = frozenset({"copyright", "credits", "exit", "help", "license", "quit"})
_HIDDEN = (
    frozenset(dir(builtins)) - {"_"} | _OF_OTHER_VERSIONS | _OF_SITE | frozenset(keyword.kwlist)
) | _MODULE_NAMES
_HIDDEN_BY_MEMBERS = frozenset(keyword.kwlist) | {
    "Focus", "Machine", "Process", "bool", "bytearray", "bytes", "float", "int", "memoryview",
    "object", "staticmethod", "str",
}  # fmt: skip


@frozen
class Function:
    """A static method: what it is called in Python, and the backcall that it stands for."""

    name: str
    declaration: BackcallDeclaration


@define
class Scope:
    """A class that stands for a namespace or a C++ class; `source` is what that is called."""

    name: str
    source: str
    members: dict[str, Scope | Function] = field(factory=dict)


def python_name(name: str, *, is_member: bool) -> str:
    """Return the name that a namespace, or a part of a qualified name, has in Python.

    >>> python_name("peek", is_member=False), python_name("print", is_member=False)
    ('peek', 'print_')
    >>> python_name("print", is_member=True), python_name("lambda", is_member=True)
    ('print', 'lambda_')
    """
    hidden = _HIDDEN_BY_MEMBERS if is_member else _HIDDEN
    return name + "_" if name in hidden or name.startswith(STUB_PREFIX) else name


def scopes(declarations: Declarations) -> dict[str, Scope]:
    """Return the namespaces by Python name; SpecError for names that collide or cannot be."""
    complaints = Complaints()
    root = Scope("", "")
    for declaration in declarations.backcalls:
        _insert(root, declaration, complaints)
    complaints.raise_if_any()
    return {name: found for name, found in root.members.items() if isinstance(found, Scope)}


def _insert(root: Scope, declaration: BackcallDeclaration, complaints: Complaints) -> None:
    *outer, last = [declaration.namespace, *declaration.name.split("::")]
    for part in (*outer, last):
        if part.startswith("__"):
            why = f"{part!r} cannot be a Python name here: it begins with two underscores"
            complaints.add(declaration.position, why)
            return
    scope = root
    for part in outer:
        name = python_name(part, is_member=scope is not root)
        found = scope.members.setdefault(name, Scope(name, part))
        if isinstance(found, Function) or found.source != part:
            complaints.add(declaration.position, _collision(part, found))
            return
        scope = found
    name = python_name(last, is_member=True)
    taken = scope.members.setdefault(name, Function(name, declaration))
    if isinstance(taken, Scope) or taken.declaration is not declaration:
        complaints.add(declaration.position, _collision(last, taken))


def _collision(part: str, other: Scope | Function) -> str:
    if isinstance(other, Scope):
        what = f"the class for {other.source!r}"
    else:
        what = f"the function of {other.declaration.position}"
    return f"{part!r} and {what} would both be {other.name!r} in Python; rename one"
