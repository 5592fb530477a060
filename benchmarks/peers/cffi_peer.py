"""cffi in API mode: the same C, compiled for the host itself; host functions as extern "Python"."""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from subprocess import CalledProcessError
from types import ModuleType
from unittest import mock

import cffi

from benchmarks import toolchain
from benchmarks.peer import Absent, Call, SizedCall

_DECLARATIONS = """
uint32_t fib(uint32_t), sieve(uint32_t), crc32(uint32_t), matrix(uint32_t), straight(uint32_t);
int32_t add(int32_t, int32_t), repeat(int32_t), descend(int32_t);
"""
_HOST = 'extern "Python+C" { int32_t host_add(int32_t, int32_t); int32_t host_descend(int32_t); }'


def _module() -> ModuleType:
    """Build the extension module, unless it is there, and import it."""
    name = f"_bench_{toolchain.stamp()}"
    directory = toolchain.BUILT / f"native-{sys.implementation.cache_tag}"
    path = directory / (name + importlib.machinery.EXTENSION_SUFFIXES[0])
    if not path.exists():
        _compile(name, directory)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _compile(name: str, directory: Path) -> None:
    ffi = cffi.FFI()
    ffi.cdef(_DECLARATIONS + _HOST)
    sources = [str(path) for path in toolchain.SOURCES]
    flags = [toolchain.OPTIMIZE]
    ffi.set_source(name, _DECLARATIONS, sources=sources, extra_compile_args=flags)
    compiler = f"{sys.executable} -m ziglang cc"
    environment = {"CC": compiler, "LDSHARED": f"{compiler} -shared"}
    try:
        with mock.patch.dict(os.environ, environment), redirect_stdout(sys.stderr):
            ffi.compile(tmpdir=str(directory))
    except (cffi.VerificationError, CalledProcessError) as error:
        raise Absent(f"the extension module does not build: {error}") from error


class CffiPeer:
    """See `benchmarks.peer.Peer`."""

    module = "cffi"

    def __init__(self) -> None:
        module = _module()
        self._lib = lib = module.lib
        module.ffi.def_extern(name="host_add")(lambda a, b: a + b)
        module.ffi.def_extern(name="host_descend")(lambda depth: lib.descend(depth))

    def version(self) -> str:
        return importlib.metadata.version("cffi")

    def function(self, name: str) -> SizedCall:
        return getattr(self._lib, name)

    def bound_add(self) -> Call:
        add = self._lib.add
        return lambda: add(2, 3)

    def named_add(self) -> Call:
        lib = self._lib
        return lambda: lib.add(2, 3)

    def stub_add(self) -> None:
        return None

    def load(self) -> None:
        return None

    def fresh(self) -> None:
        return None
