"""What every test may ask for: guests compiled on the spot, and Hypothesis settings.

    def test_adds(build_guest):
        elf = build_guest("int add(int a, int b) { return a + b; }", xlen=64)

A guest is compiled once for all tests, workers and runs: it is kept under `.pytest_cache`, by a
key made of its sources, its flags and the version of the compiler.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

# No deadlines: other processes share the cores. `HYPOTHESIS_PROFILE=quick` for a short look.
settings.register_profile("simfw", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("simfw"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "simfw"))

_TARGETS = {
    32: ("-target", "riscv32-freestanding", "-mcpu=generic_rv32+m+a+c"),
    64: ("-target", "riscv64-freestanding", "-mcpu=generic_rv64+m+a+c", "-mcmodel=medany"),
}
_ALWAYS = ("-O2", "-g", "-ffreestanding", "-fno-builtin", "-nostdlib", "-static")


class BuildGuest(Protocol):
    """The fixture's type."""

    def __call__(self, *sources: str | Path, xlen: int = 32, flags: tuple[str, ...] = ()) -> Path:
        """Compile and link: a `str` is the text of a C file, a `Path` a C or assembly file.

        The directory of each file is searched for headers. `flags` come last, so that they win.
        The result is shared: it is to be read, not changed.
        """
        ...


@pytest.fixture(scope="session")
def build_guest(pytestconfig: pytest.Config) -> BuildGuest:
    """Compile RISC-V guests from C with the `ziglang` wheel; see `BuildGuest`."""
    store = pytestconfig.cache.mkdir("guests")

    def build(*sources: str | Path, xlen: int = 32, flags: tuple[str, ...] = ()) -> Path:
        options = (*_TARGETS[xlen], *_ALWAYS, *flags)
        elf = store / f"{_key(sources, options)}.elf"
        if not elf.exists():
            _compile(sources, options, elf)
        return elf

    return build


def _key(sources: tuple[str | Path, ...], options: tuple[str, ...]) -> str:
    parts = [importlib.metadata.version("ziglang"), *options]
    for source in sources:
        parts += [source] if isinstance(source, str) else _text_of(source)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _text_of(source: Path) -> list[str]:
    """The file's text, and that of all headers beside it, which it may include."""
    return [path.read_text() for path in (source, *sorted(source.parent.glob("*.h")))]


def _compile(sources: tuple[str | Path, ...], options: tuple[str, ...], elf: Path) -> None:
    """Build beside the target and rename: two workers may do the same thing at once."""
    with tempfile.TemporaryDirectory(dir=elf.parent) as name:
        work, files = Path(name), list[str]()
        for number, source in enumerate(sources):
            if isinstance(source, str):
                (work / f"guest{number}.c").write_text(source)
                files.append(f"guest{number}.c")
            else:
                files += ["-I", str(source.parent.resolve()), str(source.resolve())]
        command = [sys.executable, "-m", "ziglang", "cc", *options, "-o", "guest.elf", *files]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"{' '.join(command)}\n{done.stderr}", pytrace=False)
        (work / "guest.elf").replace(elf)
