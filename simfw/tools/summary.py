"""What an image is and has, in lines, and what may surprise when it runs here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simfw.declarations import SECTION
from simfw.image import Image
from simfw.riscv.isa import Isa, isa_with
from simfw.tools.listing import Code, undecodable

_EXTENSION = re.compile(r"(.+?)(\d+p\d+)?")
_IMPLIED = frozenset({"i", "e", "g", "zmmul", "zaamo", "zalrsc", "zca", "zicntr", "zihpm"})
"""Parts of extensions that every machine has, and those that are no code of their own."""
_MOST_CODE = 8 << 20
"""Bytes of code that are looked through."""


def summary(image: Image) -> Iterator[str]:
    """The lines that describe an image."""
    what = "position-independent executable" if image.pie else "executable"
    kind = f"ELF, {what}" if image.kind == "riscv" else "flat binary"
    yield f"{image.name}: {kind} for rv{image.xlen}"
    yield f"  built for   {image.arch or 'not said'}, {image.float_abi}-float calling convention"
    yield f"  entry       {image.entry:#x}{_at(image)}"
    for segment in image.segments:
        span = f"{segment.address:#x} … {segment.end:#x}"
        yield f"  segment     {span:<25} {segment.permissions.text}  {segment.size:,} bytes"
    symbols = image.symbols
    yield (
        f"  symbols     {len(symbols):,}: {len(symbols.functions):,} functions, "
        f"{len(symbols.objects):,} objects"
    )
    declared = image.section(SECTION)
    if declared is not None:
        count = declared.data.count(b"\n")
        yield f"  built with  {count} declarations of simfw headers"


def _at(image: Image) -> str:
    found = image.symbols.at(image.entry)
    return "" if found is None else f"  {found[0].name}" + (f"+{found[1]:#x}" * bool(found[1]))


def remarks(image: Image) -> Iterator[str]:
    """What may surprise when a program runs here, though it can be loaded."""
    code = Code(image)
    if not any(span.start <= image.entry < span.end for span in code.spans):
        yield f"the entry {image.entry:#x} is not in its code"
    yield from _extensions(image)
    yield from _undecodable(image, code)
    if not len(image.symbols):
        yield "it has no symbols: functions can be called by address only"


def _extensions(image: Image) -> Iterator[str]:
    ours = isa_with(image.xlen, image.extensions)
    missing = missing_extensions(image.arch or "", ours)
    if missing:
        yield (
            f"it was built for {', '.join(missing)} as well, which {ours.name} lacks; where such "
            "an instruction is executed, it faults"
        )


def missing_extensions(arch: str, ours: Isa) -> list[str]:
    """The extensions in an ISA string such as `rv32i2p1_f2p2` that a machine does not have."""
    own = {extension.name.lower() for extension in ours.extensions} | _IMPLIED
    base, *others = arch.lower().split("_")
    named = [found[1] for part in others if (found := _EXTENSION.fullmatch(part))]
    letters = re.sub(r"\d+p\d+|^rv\d+", "", base)
    return [name for name in (*letters, *named) if name not in own]


def _undecodable(image: Image, code: Code) -> Iterator[str]:
    """Functions with code that no record decodes."""
    found: list[tuple[str, int]] = []
    isa, left = isa_with(image.xlen, image.extensions), _MOST_CODE
    for function in image.symbols.functions:
        span = code.of(function)
        left -= len(span.data)
        if left < 0:
            yield f"code behind {function.name} was not looked at: there is too much of it"
            break
        first = undecodable(span, isa)
        if first is not None:
            found.append((f"{function.name}+{first[0] - function.address:#x}", first[1]))
    if found:
        place, word = found[0]
        others = f", and {len(found) - 1} more functions have such" if len(found) > 1 else ""
        yield f"at {place} is no instruction of this machine: {word:#x}{others}"
