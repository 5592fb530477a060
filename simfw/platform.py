"""Platforms: where a program's stack lies, what it finds there, and what `ecall` means.

A platform is a row of `PLATFORMS`: a name, the collections of outcalls that come with it, and
whether it is right for an image when the user does not say. `auto` takes the first that is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import accumulate
from typing import Any

from attrs import frozen

from simfw.errors import ArgumentError, LoadError
from simfw.image import Image
from simfw.outcall import HostFunction, Outcalls

PAGE = 4096
STACK_SIZE = 1 << 20
GUARD_SIZE = 16 * PAGE
"""Unmapped addresses below the stack: running off it is a fault, not an overwritten variable."""


@frozen(eq=False)
class Platform:
    """What a program finds around it.

    `collections` are `module:attribute` names, imported when the platform is used. `heap_size`
    bytes between image and stack are kept free for `brk`. `semihosting` names the outcall that
    serves semihosting requests, of an operation and the address of its parameters.
    """

    name: str
    collections: tuple[str, ...]
    suits: Callable[[Image], bool]
    heap_size: int = 0
    semihosting: str | None = None

    def outcalls(self) -> list[Outcalls]:
        """The collections of outcalls that come with it."""
        return [_imported(name) for name in self.collections]

    def semihosting_outcall(self) -> HostFunction | None:
        """The function that serves semihosting requests, if the platform has them."""
        return None if self.semihosting is None else _imported(self.semihosting)


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


PLATFORMS = (
    Platform("bare", ("outcalls.bare:bare",), suits=lambda image: not image.is_linux),
    Platform(
        "newlib",
        ("outcalls.newlib:newlib",),
        suits=lambda image: False,
        heap_size=64 << 20,
        semihosting="outcalls.newlib:semihosting",
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
    Raises ArgumentError for text that C cannot hold.
    """
    strings = [_c_string(text) for text in (*args, *env)]
    slots = 1 + len(strings) + 2  # argc, the pointers, and a NULL behind argv and behind envp
    start = sp - slots * slot - sum(map(len, strings)) & -16
    addresses = accumulate(map(len, strings[:-1]), initial=start + slots * slot)
    pointers = list(addresses)[: len(strings)]
    words = [len(args), *pointers[: len(args)], 0, *pointers[len(args) :], 0]
    return start, b"".join([*(word.to_bytes(slot, "little") for word in words), *strings])


def _c_string(text: str) -> bytes:
    data = text.encode()
    if b"\0" in data:
        raise ArgumentError(f"{text!r}, for the program's arguments or environment, has a NUL")
    return data + b"\0"
