"""The formats of images, told apart by their first bytes.

A new format is a row of `FORMATS`. The last row takes everything, so it comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from attrs import evolve

from conasm.member import Member
from simfw.errors import ArgumentError, LoadError
from simfw.image.elf import load_elf
from simfw.image.elf_header import MAGIC
from simfw.image.flat import load_flat
from simfw.image.image import Image


class Request(NamedTuple):
    """What the user said of the image; None where the format is to decide. Sizes in bytes."""

    name: str
    xlen: Literal[32, 64] | None
    base: int | None
    entry: int | None
    size: int | None
    limit: int
    path: str | None = None
    member: str | Member = "silver"
    extensions: tuple[object, ...] = ()


Loader: TypeAlias = Callable[[bytes, Request], Image]


class Format(NamedTuple):
    """A format: its name, what tells its files from others, and what loads them."""

    name: str
    recognises: Callable[[bytes, Request], bool]
    load: Loader


def load(data: bytes, request: Request) -> Image:
    """The image in `data`, in the first format that recognises it; else `LoadError`."""
    for form in FORMATS:
        if form.recognises(data, request):
            return evolve(form.load(data, request), extensions=request.extensions)
    raise AssertionError("the last format takes everything")


def checked_extensions(extensions: object) -> tuple[object, ...]:
    """A sequence of extensions as a tuple; which of them fit is for its guest to say."""
    if not isinstance(extensions, Sequence) or isinstance(extensions, str | bytes):
        raise ArgumentError(f"extensions={extensions!r:.80}: give a list of them")
    return tuple(cast("Sequence[object]", extensions))


def _is_elf(data: bytes, request: Request) -> bool:
    del request
    return data.startswith(MAGIC)


def _is_anything(data: bytes, request: Request) -> bool:
    del data, request
    return True


def _load_elf(data: bytes, request: Request) -> Image:
    if request.entry is not None or request.size is not None:
        raise LoadError(
            f"{request.name}: an ELF file has its own entry and size; omit entry and size"
        )
    image = load_elf(data, request.name, base=request.base, limit=request.limit)
    if request.xlen not in (None, image.xlen):
        raise LoadError(
            f"{request.name}: is for rv{image.xlen}, not for rv{request.xlen}; build it for "
            f"rv{request.xlen}, or omit xlen"
        )
    return image


def _load_flat(data: bytes, request: Request) -> Image:
    if request.xlen is None or request.base is None:
        raise LoadError(
            f"{request.name}: is no ELF file; if it is a flat binary, say where it goes: choose "
            "a platform that loads such files, or give xlen=32 and base="
        )
    return load_flat(
        data,
        request.name,
        xlen=request.xlen,
        base=request.base,
        entry=request.entry,
        size=request.size,
        limit=request.limit,
    )


def _load_unit(data: bytes, request: Request) -> Image:
    loader: Any = import_module(_UNIT_LOADER)  # few images are conAsm
    source = data if request.path is None else request.path
    return loader.load_unit(source, request.name, request.member, request.extensions)


_UNIT_LOADER = "simfw.belt.image"


def _is_unit(data: bytes, request: Request) -> bool:
    """Whether it is text of ours: by its name, or, given as bytes, by how it begins."""
    if request.xlen is not None or request.base is not None:
        return False
    start = data[:64].lstrip()
    return request.name.endswith(".cas") or start.startswith(_UNIT_STARTS)


_UNIT_STARTS = (b'F("', b'L("', b'D("', b"//", b"/*", b'include "')

FORMATS = (
    Format("ELF", _is_elf, _load_elf),
    Format("conAsm", _is_unit, _load_unit),
    Format("flat binary", _is_anything, _load_flat),
)
