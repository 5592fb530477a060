"""Platforms: where a program's stack lies, what it finds there, and what `ecall` means.

A platform is a row of `PLATFORMS`: a name, the plugins that come with it, and whether it is right
for an image when the user does not say. `auto` takes the first that is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import accumulate
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from attrs import frozen

from simfw.errors import ArgumentError, LoadError
from simfw.image import Image
from simfw.riscv.semihosting import makes_requests

if TYPE_CHECKING:
    from simfw.focus import Focus

PAGE = 4096
STACK_SIZE = 1 << 20
GUARD_SIZE = 16 * PAGE
"""Unmapped addresses below the stack: running off it is a fault, not an overwritten variable."""


class PlatformPlugin(Protocol):
    """A plugin that comes with a platform: an object of its own for each program.

    Its outcalls are methods, as in any plugin, so what it remembers belongs to one program.
    """

    @property
    def spec(self) -> str | PathLike[str]:
        """The declaration file of its outcalls."""
        ...


@runtime_checkable
class SemihostingPlugin(Protocol):
    """A platform's plugin that serves semihosting requests, too."""

    def semihosting(self, focus: Focus, operation: int, parameter: int, /) -> int:
        """Perform an operation of the semihosting specification; returns its result."""
        ...


@frozen(eq=False)
class Platform:
    """What a program finds around it.

    `plugins` are the `module:Class` names of what comes with it, imported when it is used.
    `heap_size` is how many bytes of memory lie behind the program's variables, for its heap.
    `hint` is for who made a system call that is unknown here.
    """

    name: str
    plugins: tuple[str, ...]
    suits: Callable[[Image], bool]
    heap_size: int = 0
    hint: str = ""

    def make_plugins(self) -> list[PlatformPlugin]:
        """New plugins, for one program."""
        return [_imported(name)() for name in self.plugins]


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


PLATFORMS = (
    Platform("newlib", ("outcalls.newlib:Newlib",), suits=makes_requests, heap_size=64 << 20),
    Platform(
        "bare",
        ("outcalls.bare:Bare",),
        suits=lambda image: not image.is_linux,
        hint="programs with newlib or picolibc need platform='newlib'",
    ),
)


def choose(name: str, image: Image) -> Platform:
    """The platform of that name, or with `auto` the one that suits the image.

    Raises ArgumentError for an unknown name, LoadError when none suits.
    """
    for platform in PLATFORMS:
        if platform.name == name or (name == "auto" and platform.suits(image)):
            return platform
    if name == "auto":
        raise LoadError(
            f"{image.name} looks like a Linux program, which no platform here runs yet; for a "
            "program that makes no Linux system calls, say platform='bare'"
        )
    known = ", ".join(repr(platform.name) for platform in PLATFORMS)
    raise ArgumentError(f"platform={name!r} is none of 'auto', {known}")


def argument_block(
    args: Sequence[str], env: Sequence[str], sp: int, slot: int
) -> tuple[int, bytes]:
    """The stack that a program starts with: argc, argv, envp, and the strings they point to.

    Gives the new stack pointer, 16-byte aligned and below `sp`, and the bytes from there on.
    Raises ArgumentError for text that C cannot hold, and LoadError for more than there are
    addresses.
    """
    strings = [_c_string(text) for text in (*args, *env)]
    slots = 1 + len(strings) + 2  # argc, the pointers, and a NULL behind argv and behind envp
    start = sp - slots * slot - sum(map(len, strings)) & -16
    if start < 0:
        raise LoadError(f"the arguments and the environment take more than {sp:#x} bytes")
    addresses = accumulate(map(len, strings[:-1]), initial=start + slots * slot)
    pointers = list(addresses)[: len(strings)]
    words = [len(args), *pointers[: len(args)], 0, *pointers[len(args) :], 0]
    return start, b"".join([*(word.to_bytes(slot, "little") for word in words), *strings])


def _c_string(text: str) -> bytes:
    try:
        data = text.encode("utf-8", "surrogateescape")  # bytes that the shell gave are kept
    except UnicodeEncodeError:
        raise ArgumentError(f"{text!r}, for the program's arguments, is no Unicode text") from None
    if b"\0" in data:
        raise ArgumentError(f"{text!r}, for the program's arguments or environment, has a NUL")
    return data + b"\0"
