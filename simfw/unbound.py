"""Outcalls that a guest was linked for and that this machine does not declare.

The assembly file of `simfw headers` gives each outcall a body that traps, and lists their names in
a section. Where such a body is reached, the fault says what is missing, not which instruction.
"""

from __future__ import annotations

from attrs import evolve

from conasm.nodes import OutcallDeclaration, Position
from simfw.binding import BoundOutcall, make
from simfw.convention import Convention
from simfw.declarations import declared_when_built
from simfw.errors import SymbolNotFound, UnboundOutcall
from simfw.image import Image
from simfw.outcall import HostFunction, Mark
from simfw.plugin import PluginFunction
from simfw.signature import Signature

TRAP = bytes.fromhex("731000c0")
"""`unimp`, as assemblers write it: `csrrw x0, cycle, x0`."""


def unbound_outcalls(
    image: Image, convention: Convention, bound: dict[int, BoundOutcall]
) -> dict[int, BoundOutcall]:
    """An outcall that raises UnboundOutcall for each trapping body that nothing serves."""
    found: dict[int, BoundOutcall] = {}
    for name in declared_when_built(image):
        try:
            address = image.symbols.find(name).address
        except SymbolNotFound:  # stripped, or the linker dropped it
            continue
        if address not in bound and _bytes_at(image, address) == TRAP:
            found[address] = _unbound(name, convention)
    return found


def _bytes_at(image: Image, address: int) -> bytes:
    for segment in image.segments:
        offset = address - segment.address
        if 0 <= offset < len(segment.data):
            return segment.data[offset : offset + len(TRAP)]
    return b""


def _unbound(name: str, convention: Convention) -> BoundOutcall:
    declaration = OutcallDeclaration(name, 0, (), ("void",), None, "", Position(name, 1, 1))
    signature = Signature.of_outcall(declaration, convention.model)
    plugin = PluginFunction(Mark(name, None), _raising(name), optional=True, where=name)
    return evolve(make(signature, plugin, convention), is_missing=True)


def _raising(name: str) -> HostFunction:
    def call(focus: object) -> None:
        del focus
        raise UnboundOutcall(
            f"call of outcall {name}(), which nothing serves",
            advice="give the Machine the spec= that declares it and plugins= with its function",
        )

    return call
