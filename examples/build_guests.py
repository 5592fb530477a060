"""Build the guests of the examples again: `make guests`, or `python examples/build_guests.py NAME`.

An example is a directory `NAME` with sources in `guest/`. Its ELF file `NAME.elf` is committed, so
that nobody needs a compiler to run it; so are the files made from its declarations `NAME.cas`.
The commands are those that a user types; they are printed as they run. A line in
`guest/build.txt` has further arguments for `simfw build`.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import conasm

EXAMPLES = Path(__file__).resolve().parent
SUFFIXES = {".c", ".cc", ".cpp", ".s", ".S", ".zig"}


def simfw(example: Path, *arguments: str) -> None:
    """Run one `simfw` command in the directory of an example."""
    print(f"{example.name}$ simfw {shlex.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", "simfw", *arguments], cwd=example, check=True)


def build(example: Path) -> None:
    """Write the headers and the stubs of the declarations, if there are any, and the ELF file."""
    name = example.name
    if (example / f"{name}.cas").exists():
        simfw(example, "headers", f"{name}.cas", "-o", "guest")
        if conasm.load(example / f"{name}.cas").backcalls:
            simfw(example, "stubs", f"{name}.cas", "-o", f"{name}_stubs.py")
    found = sorted(path for path in (example / "guest").iterdir() if path.suffix in SUFFIXES)
    sources = [str(path.relative_to(example)) for path in found]
    further = example / "guest" / "build.txt"
    options = shlex.split(further.read_text()) if further.exists() else []
    simfw(example, "build", *sources, "-o", f"{name}.elf", *options)


def main() -> None:
    """Build the examples named as arguments, or all of them."""
    names = sys.argv[1:] or sorted(path.parent.name for path in EXAMPLES.glob("*/guest"))
    for name in names:
        build(EXAMPLES / name)


if __name__ == "__main__":
    main()
