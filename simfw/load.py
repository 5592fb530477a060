"""Loading: from an image, declarations and plugins to a process that is ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from os import PathLike
from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from conasm.member import Member
from conasm.nodes import OutcallDeclaration, Position
from simfw.architecture import Architecture
from simfw.binding import BoundOutcall, Group, bind, make
from simfw.convention import Convention
from simfw.declarations import Declarations, Path, check_built_for, declared_in, read, read_shipped
from simfw.errors import ArgumentError, LoadError, MemoryFault
from simfw.image import Image, open_image
from simfw.image.formats import checked_extensions
from simfw.outcall import Mark
from simfw.placement import place
from simfw.platform import PlatformPlugin, SemihostingPlugin, argument_block, choose
from simfw.plugin import PluginFunction, functions_of, where
from simfw.process import Process
from simfw.riscv.architecture import RiscvArchitecture
from simfw.riscv.isa import isa_with
from simfw.signature import Signature
from simfw.unbound import unbound_outcalls

if TYPE_CHECKING:
    from simfw.machine import Machine

Source = str | PathLike[str] | bytes | bytearray | memoryview | Image


@frozen(eq=False)
class Program:
    """What the user gives for one program; see `Machine`."""

    image: Source
    spec: Path | Sequence[Path] | None
    plugins: Sequence[object]
    platform: str
    memory: int
    args: Sequence[str]
    env: Mapping[str, str] | None
    member: str | Member
    extensions: Sequence[object]


def load_process(machine: Machine, program: Program) -> Process:
    """Check everything, place the program in memory, bind its outcalls."""
    args, env = _checked_args(program.args), _checked_env(program.env)
    image = _opened(program)
    _check_member(image, program.member)
    declarations = read(program.spec).joined(declared_in(image))
    check_built_for(image, declarations)
    platform = choose(program.platform, image)
    architecture = _architecture(image)
    convention, syscalls = architecture.convention, architecture.syscall_convention
    plugins = platform.make_plugins()
    groups = [Group(declarations, functions_of(program.plugins)), *map(_platform_group, plugins)]
    bindings = bind(groups, image, convention, syscalls)
    bindings.functions.update(unbound_outcalls(image, convention, bindings.functions))
    process = Process(
        machine,
        image,
        architecture,
        platform,
        place(image, platform, _checked_limit(program.memory)),
        declarations,
        bindings,
        _semihosting(plugins, convention),
    )
    process.functions.check_declared()
    _begin(process, args, env)
    return process


def _opened(program: Program) -> Image:
    if isinstance(program.image, Image):
        return _extended(program.image, checked_extensions(program.extensions))
    return open_image(program.image, member=program.member, extensions=program.extensions)


def _extended(image: Image, extensions: tuple[object, ...]) -> Image:
    """An image that is open already, with more instructions than it was opened with."""
    more = tuple(one for one in extensions if all(one is not had for had in image.extensions))
    if more and image.kind == "belt":
        raise ArgumentError(
            f"{image.name} is assembled; give its extensions to open_image(), which does that"
        )
    return evolve(image, extensions=(*image.extensions, *more)) if more else image


def _architecture(image: Image) -> Architecture:
    """The kind of guest that an image is for, with instructions of the user's own."""
    if image.kind == "belt":
        from simfw.belt.architecture import BeltArchitecture

        return BeltArchitecture(image)
    return RiscvArchitecture(image, isa_with(image.xlen, image.extensions))


def _check_member(image: Image, member: str | Member) -> None:
    """A member is for belts: one that is not the default has no meaning for other images."""
    if image.kind != "belt" and member != "silver":
        raise ArgumentError(f"member={member!r} is for conAsm; {image.name} has no belt")


def _platform_group(plugin: PlatformPlugin) -> Group:
    return Group(_platform_declarations(plugin.spec), functions_of([plugin]))


@cache
def _platform_declarations(spec: Path) -> Declarations:
    return read_shipped(spec)


def _semihosting(plugins: Sequence[PlatformPlugin], convention: Convention) -> BoundOutcall | None:
    for plugin in plugins:
        if isinstance(plugin, SemihostingPlugin):
            here = Position(where(plugin.semihosting), 1, 1)
            types = ("long", "int", "void*")
            declaration = OutcallDeclaration("semihosting", 2, (), types, None, "", here)
            signature = Signature.of_outcall(declaration, convention.model)
            mark = Mark("semihosting", None)
            function = PluginFunction(mark, plugin.semihosting, optional=True, where=here.file)
            return make(signature, function, convention)
    return None


def _checked_limit(memory: object) -> int:
    if not isinstance(memory, int) or isinstance(memory, bool) or memory <= 0:
        raise ArgumentError(f"memory={memory!r}: give a number of bytes")
    return memory


def _checked_args(args: object) -> list[str]:
    if isinstance(args, Sequence) and not isinstance(args, str | bytes | bytearray | memoryview):
        words = list(cast(Sequence[object], args))
        if all(isinstance(word, str) for word in words):
            return cast(list[str], words)
    raise ArgumentError(f"args={args!r:.80}: give a sequence of strings")


def _checked_env(env: object) -> list[str]:
    if env is None:
        return []
    if not isinstance(env, Mapping):
        raise ArgumentError(f"env={env!r:.80}: give a mapping of names to values")
    return [_variable(*item) for item in cast(Mapping[object, object], env).items()]


def _variable(name: object, value: object) -> str:
    if not isinstance(name, str) or not isinstance(value, str) or not name or "=" in name:
        raise ArgumentError(f"env={{{name!r}: {value!r}}}: names and values are strings")
    return f"{name}={value}"


def _begin(process: Process, args: Sequence[str], env: Sequence[str]) -> None:
    """The state in which the program starts: stack, arguments, global pointer."""
    names = [process.image.name, *args]
    slot = process.architecture.xlen // 8
    sp, block = argument_block(names, env, process.stack_top, slot)
    try:
        process.memory.write(sp, block)
    except MemoryFault:
        raise LoadError(
            f"the arguments and the environment of {process.name} take {len(block)} bytes, more "
            "than its stack"
        ) from None
    process.architecture.start(process.image, process.engine.x, sp, len(names))
    process.stack_top = sp
    process.args = tuple(names)
