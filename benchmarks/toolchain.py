"""The guests, compiled: for RV32 through `simfw build`, for WebAssembly by the same compiler.

Results stay in `benchmarks/build`, each under a name with the hash of the sources.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from simfw.tools.build import build

HERE = Path(__file__).resolve().parent
SOURCES = [HERE / "guests" / name for name in ("kernels.c", "calls.c", "straight.c")]
HOST_SOURCE = HERE / "guests" / "host.c"
SPEC = HERE / "guests" / "bench.cas"
BUILT = HERE / "build"

EXPORTED = ("fib", "sieve", "crc32", "matrix", "add", "repeat", "descend", "straight")
OPTIMIZE = "-O2"


def riscv() -> Path:
    """The ELF file for RV32IMAC."""
    return _once("bench.elf", lambda path: build([*SOURCES, HOST_SOURCE], path, optimize=OPTIMIZE))


def wasm() -> Path:
    """The WebAssembly module; it imports the host's functions from `env`."""
    exports = [f"-Wl,--export={name}" for name in EXPORTED]
    return _once("bench.wasm", lambda path: zig_cc(
        "-target", "wasm32-freestanding", OPTIMIZE, "-nostdlib", "-Wl,--no-entry", *exports,
        "-o", path, *SOURCES,
    ))  # fmt: skip


def stamp() -> str:
    """A short hash of everything that decides what is built."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in [*SOURCES, HOST_SOURCE]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def zig_cc(*arguments: object) -> None:
    """Run the compiler of the `ziglang` wheel. Raises CalledProcessError when it refuses."""
    command = [sys.executable, "-m", "ziglang", "cc", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _once(name: str, make: Callable[[Path], object]) -> Path:
    BUILT.mkdir(exist_ok=True)
    path = BUILT / f"{stamp()}-{name}"
    if not path.exists():
        make(path)
    return path
