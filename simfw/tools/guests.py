"""Building a guest together with its declarations, and only when something has changed.

The declarations become a header, which the sources may include, and an assembly file that defines
the outcalls, which is linked along. Beside the ELF file `NAME.elf`, `NAME.elf.inputs` keeps a
digest of all that it was built from: sources, the files that they include, declarations, options,
compiler and start-up code. Files included by way of a macro are not seen.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve, frozen

from simfw import __version__
from simfw.tools.build import GUEST_FILES, BuildError, Platform, Xlen, build
from simfw.tools.files import write_generated
from simfw.tools.generated import header_files, stub_files

_INCLUDED = re.compile(rb"""^\s*[#.]\s*(?:include|embed|incbin)\s*["<]([^">\n]+)[">]""", re.M)

_ADVICE = {
    r"undefined symbol|undeclared function": "A function that no source defines is the host's if "
    'a declaration file says so, F("name") outcall(…); it needs a Python function of that name.',
    r"'(std(io|lib)|math|unistd|errno|time|assert|ctype)\.h' file not found": "Bare guests have "
    "no C library: the compiler's own headers (<stdint.h> and its like), <string.h> and "
    "<simfw/guest.h>.",
    r"conflicting types for": "The declaration file and the source differ in a function's types; "
    "they have to agree.",
}
"""What to do about what the compiler or the linker says, by a pattern of its words."""


@frozen
class GuestOptions:
    """How to build: the options of `simfw.tools.build.build`."""

    xlen: Xlen = 32
    platform: Platform = "bare"
    optimize: str = "-Os"
    debug: bool = False
    flags: tuple[str, ...] = ()


def build_guest(
    sources: Iterable[Path],
    output: Path,
    *,
    specs: Sequence[Path] = (),
    headers: Path | None = None,
    stubs: Path | None = None,
    options: GuestOptions | None = None,
    only_if_changed: bool = False,
    say: Callable[[str], object] | None = None,
) -> bool:
    """Build a guest with the outcalls that `specs` declare; whether there was anything to do.

    `headers` is the directory in which the header and the assembly file are left; without one
    they are gone afterwards. `stubs` is the Python module to write. Directories of results are
    made. `say` is called with the compiler's warnings, as `build` does.

    Raises BuildError, SpecError, and OutputError where a file that simfw did not write is in the
    way.
    """
    chosen, paths = options or GuestOptions(), list(sources)
    for directory in (output.parent, headers or output.parent):
        directory.mkdir(parents=True, exist_ok=True)
    if stubs is not None:
        write_generated(stub_files(specs, stubs))
    digest = _digest(paths, specs, chosen)
    record = output.with_name(f"{output.name}.inputs")
    if only_if_changed and output.is_file() and _recorded(record) == digest:
        return False
    with _headers(specs, headers) as (added, flags):
        _build([*paths, *added], output, evolve(chosen, flags=(*flags, *chosen.flags)), say)
    if only_if_changed:
        record.write_text(f"{digest}\n", encoding="ascii")
    return True


def _build(
    sources: Sequence[Path],
    output: Path,
    options: GuestOptions,
    say: Callable[[str], object] | None,
) -> None:
    try:
        build(
            sources,
            output,
            xlen=options.xlen,
            platform=options.platform,
            flags=options.flags,
            optimize=options.optimize,
            debug=options.debug,
            say=say,
        )
    except BuildError as error:
        advice = [text for said, text in _ADVICE.items() if re.search(said, str(error))]
        raise BuildError("\n".join([str(error), *advice])) from None


@contextmanager
def _headers(
    specs: Sequence[Path], directory: Path | None
) -> Generator[tuple[list[Path], list[str]]]:
    """Write what the declarations add to the build: sources, and flags."""
    if not specs:
        yield [], []
        return
    with tempfile.TemporaryDirectory(prefix="simfw-headers-") as temporary:
        place = directory or Path(temporary)
        texts = header_files(specs, place)
        write_generated(texts)
        yield [path for path in texts if path.suffix == ".S"], [f"-iquote{place}"]


def _recorded(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _digest(sources: Sequence[Path], specs: Sequence[Path], options: GuestOptions) -> str:
    """A digest of everything that the result depends on."""
    compiler = [
        f"{each.name}={each.version}" for each in importlib.metadata.distributions(name="ziglang")
    ]
    names = [str(path) for path in sources]
    digest = hashlib.sha256(repr((__version__, compiler, options, names)).encode())
    start_up = [path for path in sorted(GUEST_FILES.rglob("*")) if path.is_file()]
    directories = [Path(flag[2:]) for flag in options.flags if flag.startswith("-I")]
    generated = header_files(specs, Path()).values() if specs else ()  # of includes as well
    files = (*_with_included(sources, directories), *start_up)
    contents = (path.read_bytes() if path.is_file() else b"missing" for path in files)
    for content in (*contents, *(text.encode() for text in generated)):
        digest.update(b"\0%d\0" % len(content) + content)
    return digest.hexdigest()


def _with_included(sources: Sequence[Path], directories: Sequence[Path]) -> list[Path]:
    """The sources and the files that they include, each once; those of the system excepted."""
    found: dict[Path, None] = {}
    waiting = list(sources)
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found[path] = None
        for name in _INCLUDED.findall(path.read_bytes()):
            text = name.decode("utf-8", "surrogateescape")
            waiting += [place / text for place in (path.parent, *directories)]
    return sorted(found)
