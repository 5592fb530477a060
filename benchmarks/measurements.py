"""The table of what is measured, and how each is asked of a peer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from attrs import field, frozen, validators

from benchmarks import toolchain
from benchmarks.peer import BeltCode, Call, InstructionCounter, Peer, SizedCall
from benchmarks.timing import Sampler, batched, once

RATE, TIME = "million instructions/s", "time"
OPERATIONS = "million operations/s"


@frozen
class Scene:
    """What a measurement has besides the peer."""

    seconds: float
    """How long one sample should take."""

    counter: InstructionCounter
    """Who counts the instructions of RV32 that a piece of work stands for."""


@frozen
class Measurement:
    """A row of the table: `prepare` gives a sampler, or None if the peer has no such thing."""

    name: str
    unit: str = field(validator=validators.in_((RATE, OPERATIONS, TIME)))
    prepare: Callable[[Peer, Scene], Sampler | None]


class WrongResult(Exception):  # noqa: N818 - nothing is timed that does not do its work
    """A peer computed something else than it should."""


def _checked(function: SizedCall, size: int, expected: int) -> Call:
    result = function(size)
    if result != expected:
        raise WrongResult(f"{function}({size}) gave {result}, not {expected}")
    return lambda: function(size)


def _function(name: str, size: int, expected: int, units: int, peer: Peer, scene: Scene) -> Sampler:
    """A guest function that does `units` units of something."""
    return batched(_checked(peer.function(name), size, expected), units, scene.seconds)


def _kernel(name: str, size: int, expected: int, peer: Peer, scene: Scene) -> Sampler:
    """A loop; its unit is an instruction of RV32, or work that takes one there."""
    units = scene.counter.instructions(name, size)
    return _function(name, size, expected, units, peer, scene)


def _add(way: str, peer: Peer, scene: Scene) -> Sampler | None:
    """`add(2, 3)`, by one of the ways that the peer offers."""
    add: Call | None = getattr(peer, way)()
    if add is None:
        return None
    return batched(_checked(lambda _: add(), 0, 5), 1, scene.seconds)


def _load(peer: Peer, scene: Scene) -> Sampler | None:
    load = peer.load()
    return None if load is None else batched(load, 1, scene.seconds)


def _first_execution(peer: Peer, scene: Scene) -> Sampler | None:
    """What the first run of straight code costs more than the second, per instruction."""
    if peer.fresh() is None:
        return None
    units = scene.counter.instructions("straight", 7)

    def sample() -> float:
        run = peer.fresh()
        assert run is not None
        call = partial(run, 7)
        return max(once(call) - once(call), 0.0) / units

    return sample


def _belt_kernel(name: str, size: int, expected: int, peer: Peer, scene: Scene) -> Sampler | None:
    """A loop in belt code; its unit is an operation."""
    if not isinstance(peer, BeltCode):
        return None
    return _function(name, size, expected, peer.operations(name, size), peer, scene)


def _assembly(peer: Peer, scene: Scene) -> Sampler | None:
    del scene
    if not isinstance(peer, BeltCode):
        return None
    assemble = peer.assembly()
    return lambda: once(assemble)


def _import(peer: Peer, scene: Scene) -> Sampler:
    """Import in a fresh interpreter, without what that takes to start; the bytecode is there."""
    del scene
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(toolchain.BUILT / "bytecode")

    def process(code: str) -> float:
        command = [sys.executable, "-c", code]
        return once(partial(subprocess.run, command, check=True, env=environment))

    process(f"import {peer.module}")
    return lambda: max(process(f"import {peer.module}") - process("pass"), 0.0)


_repeat = partial(_function, "repeat", 1000, 499_500, 1000)
_descend = partial(_function, "descend", 20, 20, 20)

MEASUREMENTS = (
    Measurement("fib: calls and returns", RATE, partial(_kernel, "fib", 20, 6765)),
    Measurement("sieve: bytes in memory", RATE, partial(_kernel, "sieve", 20_000, 2262)),
    Measurement("crc32: arithmetic", RATE, partial(_kernel, "crc32", 20_000, 4_024_292_205)),
    Measurement("matrix: nested loops", RATE, partial(_kernel, "matrix", 48, 156_162_048)),
    Measurement("host → guest add(2, 3), bound", TIME, partial(_add, "bound_add")),
    Measurement("host → guest add(2, 3), by name", TIME, partial(_add, "named_add")),
    Measurement("host → guest add(2, 3), by stub", TIME, partial(_add, "stub_add")),
    Measurement("guest → host, two integers", TIME, _repeat),
    Measurement("host → guest → host, a level", TIME, _descend),
    Measurement("load of the guest", TIME, _load),
    Measurement("first execution, an instruction", TIME, _first_execution),
    Measurement("import", TIME, _import),
    Measurement("fib, operations of the belt", OPERATIONS, partial(_belt_kernel, "fib", 15, 610)),
    Measurement(
        "crc32, operations of the belt",
        OPERATIONS,
        partial(_belt_kernel, "crc32", 500, 3_689_797_832),
    ),
    Measurement("assembly of 10,000 operations", TIME, _assembly),
)
