"""Registered functions are called by address while main waits, and main then goes on."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from handlers_host import Server

from simfw import BudgetExhausted, Machine, StopKind, SymbolKind
from simfw.tools.build import build

HERE = Path(__file__).resolve().parent


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def machine(server):
    machine = Machine(HERE / "handlers.elf", spec=HERE / "handlers.cas", plugins=[server])
    assert machine.run(budget=10_000).kind is StopKind.STOPPED
    assert server.is_waiting
    return machine


def test_the_handlers_are_static_functions(machine, server):
    symbol, offset = machine.symbol_at(server.handlers["POST"])
    assert (symbol.name, offset) == ("post_note", 0)
    assert (symbol.kind, symbol.binding) == (SymbolKind.FUNCTION, "LOCAL")


def test_requests_reach_the_handlers(machine, server):
    assert server.post(machine, "/notes", b"buy milk") == 201
    assert server.post(machine, "/nowhere", b"buy milk") == 404
    assert server.get(machine, "/notes") == "buy milk\n"
    assert server.get(machine, "/nowhere") == "not found"


def test_a_note_that_does_not_fit_is_refused(machine, server):
    assert server.post(machine, "/notes", bytes(62)) == 201
    assert server.post(machine, "/notes", b"") == 413


def test_main_finds_its_variables_as_the_handlers_left_them(machine, server, capfd):
    server.post(machine, "/notes", b"one")
    server.post(machine, "/notes", b"two")
    stop = machine.run()
    assert (stop.kind, stop.status) == (StopKind.EXITED, 2)
    assert capfd.readouterr().out == "one\ntwo\n"


def test_registers_and_stack_of_main_are_untouched(machine, server):
    before = dict(machine.registers)
    server.post(machine, "/notes", b"x")
    with pytest.raises(BudgetExhausted):
        machine.call(server.handlers["GET"], "/notes", budget=3)
    assert dict(machine.registers) == before


def test_no_symbols_are_needed(tmp_path, server, capfd):
    sources = [HERE / "guest" / "handlers.c", HERE / "guest" / "handlers.S"]
    elf = build(sources, tmp_path / "stripped.elf", flags=["-Wl,--strip-all"])
    machine = Machine(elf, spec=HERE / "handlers.cas", plugins=[server])
    assert len(machine.symbols) == 0
    machine.run()
    server.post(machine, "/notes", b"one")
    assert server.get(machine, "/notes") == "one\n"
    assert machine.run().status == 2


def test_the_program(capsys):
    runpy.run_path(str(HERE / "main.py"), run_name="__main__")
    assert "POST is served at 0x" in capsys.readouterr().out
