"""Finding the outcalls of plugins: modules, instances, `Outcalls` collections and names."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from attrs import frozen

from simfw.errors import ArgumentError, BindError
from simfw.outcall import MARK, HostFunction, Mark, Outcalls

ENTRY_POINTS = "simfw.plugins"
"""The entry-point group in which installed packages announce plugins."""


@frozen(eq=False)
class PluginFunction:
    """One outcall of a plugin: what it serves, and where its code is, for messages."""

    mark: Mark
    function: HostFunction
    optional: bool
    where: str

    def receivers(self, count: int | None = None) -> tuple[object, ...] | None:
        """The annotation of each operand's parameter, None where there is none.

        Parameters that have a default get an operand where there are so many: `count`, if known.
        None altogether if the function takes whatever it is given, as a `Mock` does. Raises
        BindError for keyword-only parameters, for a missing focus parameter, and for
        annotations that cannot be evaluated.
        """
        parameters = _parameters(self)
        if parameters is None:
            return None
        if not parameters:
            raise BindError(f"{self.where}: an outcall's first parameter is the Focus; it has none")
        needed = sum(parameter.default is parameter.empty for parameter in parameters[1:])
        wanted = needed if count is None else max(needed, count)
        return tuple(_annotation(self, parameter) for parameter in parameters[1 : 1 + wanted])

    def returned(self) -> object:
        """The annotation of the result; `inspect.Signature.empty` where there is none.

        It is only looked at, so that one which cannot be evaluated counts as none.
        """
        try:
            found = inspect.signature(self.function).return_annotation
            return _evaluated(self, found) if isinstance(found, str) else found
        except Exception:  # whatever evaluating somebody's text raises
            return inspect.Signature.empty


def _parameters(function: PluginFunction) -> list[inspect.Parameter] | None:
    """The positional parameters, focus first; None with `*args`."""
    try:
        found = inspect.signature(function.function).parameters.values()
    except (TypeError, ValueError) as error:
        raise BindError(f"{function.where}: its parameters cannot be read: {error}") from None
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in found):
        return None
    for parameter in found:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise BindError(
                f"{function.where}: parameter {parameter.name!r} can only be given by keyword; "
                "the guest passes operands by position"
            )
    wanted = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter for parameter in found if parameter.kind in wanted]


def _annotation(function: PluginFunction, parameter: inspect.Parameter) -> object:
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return None
    if not isinstance(annotation, str):
        return annotation
    try:
        return _evaluated(function, annotation)
    except Exception as error:
        raise BindError(
            f"{function.where}: the annotation {annotation!r} of parameter {parameter.name!r} "
            f"cannot be evaluated ({type(error).__name__}: {error}); import its names at run time"
        ) from error


def _evaluated(function: PluginFunction, annotation: str) -> object:
    scope: Mapping[str, object] = getattr(inspect.unwrap(function.function), "__globals__", {})
    return eval(annotation, dict(scope))


def functions_of(plugins: Iterable[object]) -> list[PluginFunction]:
    """All outcalls of the plugins, in order.

    Raises BindError for things that are no plugins, plugins without outcalls, and names that
    are neither modules nor entry points.
    """
    if isinstance(plugins, str | Outcalls | ModuleType):
        raise BindError(f"plugins= takes a sequence of plugins: write plugins=[{plugins!r}]")
    try:
        each = list(plugins)
    except TypeError:
        raise ArgumentError(f"plugins={plugins!r}: give a sequence of plugins") from None
    return [function for plugin in each for function in _functions(_resolved(plugin))]


def _resolved(plugin: object) -> object:
    """Import a plugin that is given by name: an entry point, a module, or `module:attribute`."""
    if not isinstance(plugin, str):
        return plugin
    from importlib.metadata import entry_points  # costs 20 ms, and few name plugins so

    for point in entry_points(group=ENTRY_POINTS, name=plugin):
        return point.load()
    module, _, attribute = plugin.partition(":")
    try:
        found: object = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found
    except (ImportError, AttributeError, ValueError) as error:
        raise BindError(
            f"plugin {plugin!r} is no entry point of group {ENTRY_POINTS!r} and cannot be "
            f"imported: {error}"
        ) from error


def _functions(plugin: object) -> Iterator[PluginFunction]:
    if isinstance(plugin, type):
        raise BindError(
            f"plugin {plugin.__qualname__} is a class; pass an instance, {plugin.__qualname__}()"
        )
    optional = isinstance(plugin, Outcalls) and plugin.optional
    found = False
    added = list(plugin) if isinstance(plugin, Outcalls) else []
    for function in (*added, *_members(plugin)):
        mark = getattr(function, MARK, None)
        if isinstance(mark, Mark):
            found = True
            yield PluginFunction(mark, function, optional, where(function))
    if not found and not optional:
        raise BindError(f"plugin {plugin!r} has no function that is marked with @outcall")


def _members(plugin: object) -> list[HostFunction]:
    """The marked attributes of a module or instance, each once; of a method, the overriding one.

    A method that overrides an outcall serves it too, without being marked again; None in its
    place serves nothing.
    """
    own: Mapping[str, Any] = getattr(plugin, "__dict__", {})
    found: list[HostFunction] = [value for value in own.values() if _is_marked(value)]
    if isinstance(plugin, ModuleType):
        return list({id(function): function for function in found}.values())
    for name in dir(type(plugin)):
        marks = [vars(base)[name] for base in type(plugin).__mro__ if name in vars(base)]
        marked = next((each for each in marks if _is_marked(each)), None)
        if marked is not None and name not in own:
            method = getattr(plugin, name)
            if method is None:
                continue
            found.append(method if _is_marked(method) else _remarked(method, marked))
    return found


def _is_marked(value: object) -> bool:
    # a Mock answers every getattr: only a real Mark counts
    if callable(value) and isinstance(getattr(value, MARK, None), Mark):
        return True
    wrapped: object = getattr(value, "__func__", None)
    return isinstance(value, classmethod | staticmethod) and _is_marked(wrapped)


def _remarked(method: HostFunction, like: object) -> HostFunction:
    """The overriding method with the mark of what it overrides."""
    function = getattr(method, "__func__", method)
    setattr(function, MARK, getattr(like, MARK))
    return method


def where(function: object) -> str:
    """`name (file:line)` of a host function, as far as Python knows."""
    name = getattr(function, "__qualname__", None) or repr(function)
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else str(name)
