"""What every test may ask for: guests compiled on the spot, and Hypothesis settings.

    def test_adds(build_guest):
        elf = build_guest("int add(int a, int b) { return a + b; }", xlen=64)

A guest is compiled once for all tests, workers and runs: it is kept under `.pytest_cache`, by a
key made of its sources, its options, the compiler's version and the start-up code.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from simfw.tools import build as builder

# No deadlines: other processes share the cores. `HYPOTHESIS_PROFILE=quick` for a short look.
settings.register_profile("simfw", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("simfw"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "simfw"))


_OBJECT = re.compile(r"<.* at 0x[0-9a-f]{6,}>")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse tests whose names differ from process to process: workers could not share them.

    Among workers pytest-xdist finds that out itself, later.
    """
    for item in items:
        if _OBJECT.search(item.nodeid) and not hasattr(config, "workerinput"):
            raise pytest.UsageError(
                f"{item.nodeid} has an address in its name; give the parameter an id, such as "
                'ids=lambda one: getattr(one, "__name__", str(one))'
            )


class BuildGuest(Protocol):
    """The fixture's type."""

    def __call__(
        self,
        *sources: str | Path,
        xlen: builder.Xlen = 32,
        platform: builder.Platform = "bare",
        flags: tuple[str, ...] = (),
        optimize: str = "-O2",
        debug: bool = False,
    ) -> Path:
        """Build an ELF file: a `str` is the text of a C file, a `Path` a file of any kind.

        The rest is as in `simfw.tools.build.build`. The result is shared: read it, leave it as
        it is.
        """
        ...


@pytest.fixture(scope="session")
def build_guest(pytestconfig: pytest.Config) -> BuildGuest:
    """Compile RISC-V guests with the `ziglang` wheel; see `BuildGuest`."""
    store = pytestconfig.cache.mkdir("guests")

    def build(*sources: str | Path, **options: object) -> Path:
        options = {"optimize": "-O2", **options}
        elf = store / f"{_key(sources, options)}.elf"
        if not elf.exists():
            _build(sources, options, elf)
        return elf

    return build


def _key(sources: tuple[str | Path, ...], options: dict[str, object]) -> str:
    digest = hashlib.sha256(importlib.metadata.version("ziglang").encode())
    digest.update(repr(sorted(options.items())).encode())
    for source in sources:
        for part in [source.encode()] if isinstance(source, str) else _file_and_headers(source):
            digest.update(b"\0" + part)
    for part in _start_up_code():
        digest.update(b"\0" + part)
    return digest.hexdigest()[:32]


def _file_and_headers(source: Path) -> Iterator[bytes]:
    """The file, and all headers beside it, which it may include."""
    for path in (source, *sorted(source.parent.glob("*.h"))):
        yield path.read_bytes()


def _start_up_code() -> Iterator[bytes]:
    """What the builder adds to each guest, and how."""
    yield Path(builder.__file__).read_bytes()
    for path in sorted(builder.GUEST_FILES.rglob("*")):
        if path.is_file():
            yield path.read_bytes()


def _build(sources: tuple[str | Path, ...], options: dict[str, object], elf: Path) -> None:
    """Build beside the target and rename: two workers may do the same thing at once."""
    with tempfile.TemporaryDirectory(dir=elf.parent) as name:
        work, files = Path(name), list[Path]()
        for number, source in enumerate(sources):
            if isinstance(source, str):
                files.append(work / f"guest{number}.c")
                files[-1].write_text(source)
            else:
                files.append(source)
        builder.build(files, work / "guest.elf", **options)
        (work / "guest.elf").replace(elf)
