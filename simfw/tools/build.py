"""Building guests: C, C++, assembly and Zig sources to an ELF file that simfw runs.

The compiler is that of the `ziglang` wheel (clang and lld, for every target, nothing else to
install). A bare guest is compiled source by source and linked with the start-up code and the
linker script of `simfw/guest`; a Linux guest is linked statically with musl. What the compiler
library has to offer (64-bit division on RV32, floating point in software) takes five seconds to
build, once, so it is linked only when something is missing without it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from simfw.errors import SimError

GUEST_FILES = Path(__file__).resolve().parent.parent / "guest"

Xlen = Literal[32, 64]
Platform = Literal["bare", "linux"]

_COMPILED = frozenset({".c", ".cc", ".cpp", ".cxx", ".s", ".S"})
_CPLUSPLUS = frozenset({".cc", ".cpp", ".cxx"})
_LINKED = frozenset({".o", ".a"})
_ZIG_MODES = {"-O0": "Debug", "-Os": "ReleaseSmall", "-Oz": "ReleaseSmall"}
_LINK_FLAGS = ("-Wl,", "-l", "-L", "-T")

# The compiler's driver turns checks on at -O0 and assertions off elsewhere; neither was asked for.
_COMPILE = ("-UNDEBUG", "-fno-sanitize=undefined", "-fno-stack-protector")
# Without a host `main` would be a function like any other: no return of 0, and mangled in C++.
_COMPILE_BARE = ("-fhosted", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables")
_CPLUSPLUS_BARE = (
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
    "-fno-c++-static-destructors",
)


class BuildError(SimError):
    """A guest that cannot be built; the message holds what the compiler or linker said."""


class BuildWarning(UserWarning):
    """What the compiler or the linker said about a guest that it built."""


class _Target(NamedTuple):
    """What is built for: the compiler's options, where its intermediate files and words go."""

    platform: Platform
    machine: tuple[str, ...]
    optimize: str
    debug: bool
    cplusplus: bool
    directory: Path
    say: Callable[[str], object]


def build(
    sources: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    xlen: Xlen = 32,
    platform: Platform = "bare",
    flags: Sequence[str] = (),
    optimize: str = "-Os",
    debug: bool = False,
    say: Callable[[str], object] | None = None,
) -> Path:
    """Compile and link `sources` (`.c .cc .cpp .cxx .s .S .zig .o .a`) to the ELF file `output`.

    Bare guests are for RV32IMAC or RV64IMAC without floating-point registers, have no C library
    but `<simfw/guest.h>` and a small `<string.h>`, and lie at 0x10000: code, constants and data
    in pages of their own, the symbols kept. Linux guests are for RV32GC or RV64GC, with musl.
    `flags` go to the compiler, those for the linker (`-Wl,…`, `-l…`, `-L…`, `-T…`) to the linker;
    a linker script given so replaces ours. `debug` adds debug information. `say` is called with
    the compiler's warnings; without it they are Python warnings, of the class `BuildWarning`.

    Returns the path of `output`. Raises `BuildError` with the compiler's words, if a source has
    another suffix, or if the compiler is not installed.

    >>> build(["guest.c"], "guest.elf", xlen=64)  # doctest: +SKIP
    PosixPath('guest.elf')
    """
    paths = [Path(source) for source in sources]
    _check(paths, Path(output), platform, xlen)
    with tempfile.TemporaryDirectory(prefix="simfw-guest-") as name:
        cplusplus = any(path.suffix in _CPLUSPLUS for path in paths)
        machine = _machine(platform, xlen)
        said: list[str] = []
        target = _Target(
            platform, machine, optimize, debug, cplusplus, Path(name), say or said.append
        )
        compile_flags = [flag for flag in flags if not flag.startswith(_LINK_FLAGS)]
        link_flags = [flag for flag in flags if flag.startswith(_LINK_FLAGS)]
        objects = [_object(target, path, index, compile_flags) for index, path in enumerate(paths)]
        link = _link_bare if platform == "bare" else _link_linux
        linked = link(target, objects, link_flags)
        for text in said:
            warnings.warn(text, BuildWarning, stacklevel=2)
        return Path(shutil.copyfile(linked, output))


def _check(paths: Sequence[Path], output: Path, platform: str, xlen: int) -> None:
    if importlib.util.find_spec("ziglang") is None:
        raise BuildError("the compiler is not installed; run: pip install simfw[cc]")
    if platform not in ("bare", "linux") or xlen not in (32, 64):
        raise BuildError(
            f"cannot build for platform {platform!r}, xlen {xlen}; choose bare or linux, 32 or 64"
        )
    if not paths:
        raise BuildError("there is nothing to build; name at least one source file")
    for path in paths:
        if path.suffix not in _COMPILED | _LINKED | {".zig"}:
            known = " ".join(sorted(_COMPILED | _LINKED | {".zig"}))
            raise BuildError(f"{path}: unknown kind of source; give files ending in {known}")
        if not path.is_file():
            raise BuildError(f"{path}: no such file; check the path")
    if not output.parent.is_dir():
        raise BuildError(f"{output}: its directory does not exist; create it first")


def _machine(platform: Platform, xlen: Xlen) -> tuple[str, ...]:
    if platform == "linux":
        return ("-target", f"riscv{xlen}-linux-musl")
    return ("-target", f"riscv{xlen}-freestanding-none", f"-mcpu=generic_rv{xlen}+m+a+c")


def _object(target: _Target, source: Path, index: int, flags: Sequence[str]) -> Path:
    """The object file of a source; archives stay where they are, as only parts are wanted."""
    if source.suffix == ".a":
        return source
    result = target.directory / f"{index}-{source.stem}.o"
    if source.suffix == ".o":
        shutil.copyfile(source, result)
    elif source.suffix == ".zig":
        mode = _ZIG_MODES.get(target.optimize, "ReleaseFast")
        strip = () if target.debug else ("-fstrip",)
        options = [*target.machine, "-O", mode, *strip, f"-femit-bin={result}"]
        _zig(["build-obj", *options, _argument(source)], target)
    else:
        _compile(target, source, result, flags)
    return result


def _compile(target: _Target, source: Path, result: Path, flags: Sequence[str]) -> None:
    options = [target.optimize, *_COMPILE, "-g" if target.debug else "-g0"]
    if target.platform == "bare":
        options += [*_COMPILE_BARE, "-isystem", str(GUEST_FILES / "include")]
        options += _CPLUSPLUS_BARE if source.suffix in _CPLUSPLUS else ()
    if source.suffix == ".s":  # not preprocessed: several of our options mean nothing there
        options.append("-Wno-unused-command-line-argument")
    _zig(
        ["cc", "-c", *target.machine, *options, *flags, _argument(source), "-o", str(result)],
        target,
    )


def _link_bare(target: _Target, objects: Sequence[Path], flags: Sequence[str]) -> Path:
    runtime = [target.directory / "crt0.o", target.directory / "string.o"]
    _compile(target._replace(debug=False), GUEST_FILES / "crt0.S", runtime[0], ())
    _compile(target._replace(debug=False), GUEST_FILES / "string.c", runtime[1], ("-fno-builtin",))
    result = target.directory / "guest.elf"
    options = [part for flag in flags for part in flag.removeprefix("-Wl,").split(",")]
    if not any(option.startswith(("-T", "--script")) for option in options):
        options += ["-T", str(GUEST_FILES / "bare.ld")]
    inputs = [_argument(path) for path in [*objects, *runtime]]
    command = ["ld.lld", "--gc-sections", *inputs, *options, "-o", str(result)]
    try:
        _zig(command, target)
    except BuildError as error:
        if "undefined symbol" not in str(error):
            raise
        with tempfile.TemporaryDirectory() as directory:
            _zig([*command, str(_compiler_library(target, Path(directory)))], target)
    return result


def _compiler_library(target: _Target, directory: Path) -> Path:
    """The functions that compilers call for what the machine cannot do, from Zig's cache.

    Not in the directory of the guest's own objects: of those the linker keeps everything.
    """
    empty = directory / "empty.zig"
    empty.touch()
    result = directory / "libcompiler_rt.a"
    options = [*target.machine, "-O", "ReleaseSmall", "-fstrip", "-fcompiler-rt"]
    _zig(["build-lib", str(empty), *options, f"-femit-bin={result}"], target)
    return result


def _link_linux(target: _Target, objects: Sequence[Path], flags: Sequence[str]) -> Path:
    """Link with musl. Without `-g` this driver would strip the symbols along."""
    result = target.directory / "guest.elf"
    inputs = [_argument(path) for path in objects]
    options = [*target.machine, target.optimize, "-static", "-g", *flags]
    _zig(["c++" if target.cplusplus else "cc", *options, *inputs, "-o", str(result)], target)
    return result


def _argument(path: Path) -> str:
    """The path as an argument that cannot be taken for an option."""
    text = str(path)
    return f"./{text}" if text.startswith("-") else text


def _zig(arguments: Sequence[str], target: _Target) -> None:
    """Run one of the compiler's programs; what it says is the error, or a warning."""
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": str(target.directory / "zig")}
    done = subprocess.run(
        [sys.executable, "-m", "ziglang", *arguments],
        capture_output=True,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode:
        raise BuildError(said or f"{arguments[0]} ended with status {done.returncode}")
    if said:
        target.say(said)
