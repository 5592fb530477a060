"""wasmtime-py: the same C, compiled to WebAssembly; host functions as imports."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from typing import Any

import wasmtime
from wasmtime import FuncType, ValType

from benchmarks import toolchain
from benchmarks.peer import Call, SizedCall


class Guest:
    """An instance of the module, its imports answered by Python."""

    def __init__(self, module: bytes) -> None:
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        linker = wasmtime.Linker(engine)
        i32 = ValType.i32()
        linker.define_func("env", "host_add", FuncType([i32, i32], [i32]), lambda a, b: a + b)
        linker.define_func("env", "host_descend", FuncType([i32], [i32]), self._host_descend)
        self._instance = linker.instantiate(self.store, wasmtime.Module(engine, module))
        self._descend = self.function("descend")

    def function(self, name: str) -> Any:
        return self._instance.exports(self.store)[name]

    def _host_descend(self, depth: int) -> int:
        return self._descend(self.store, depth)


class WasmtimePeer:
    """See `benchmarks.peer.Peer`."""

    module = "wasmtime"

    def __init__(self) -> None:
        self._module = toolchain.wasm().read_bytes()
        self._guest = Guest(self._module)

    def version(self) -> str:
        return importlib.metadata.version("wasmtime")

    def function(self, name: str) -> SizedCall:
        function, store = self._guest.function(name), self._guest.store
        return lambda size: function(store, size) & 0xFFFFFFFF

    def bound_add(self) -> Call:
        add, store = self._guest.function("add"), self._guest.store
        return lambda: add(store, 2, 3)

    def named_add(self) -> Call:
        guest = self._guest
        return lambda: guest.function("add")(guest.store, 2, 3)

    def stub_add(self) -> None:
        return None

    def load(self) -> Callable[[], object]:
        return lambda: Guest(self._module)

    def fresh(self) -> None:
        return None
