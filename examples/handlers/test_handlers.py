"""Registered functions are called by address while main waits, and main then goes on."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from handlers_host import Server

from simfw import BudgetExhausted, Machine, StopKind
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
    symbol, offset = machine.symbol_at(server.handlers["POST"].address)
    assert (symbol.name, symbol.binding, offset) == ("post_note", "LOCAL", 0)


def test_requests_reach_the_handlers(machine, server):
    assert server.post("/notes", b"buy milk") == 201
    assert server.post("/nowhere", b"buy milk") == 404
    assert server.get("/notes") == "buy milk\n"
    assert server.get("/nowhere") == "not found"


def test_a_note_that_does_not_fit_is_refused(machine, server):
    assert server.post("/notes", bytes(62)) == 201
    assert server.post("/notes", b"") == 413


def test_an_address_is_all_that_a_call_needs(machine, server):
    address = server.handlers["POST"].address
    assert machine.call(address, "/notes", b"by address", 10, result="int") == 201


def test_main_finds_its_variables_as_the_handlers_left_them(machine, server, capfd):
    server.post("/notes", b"one")
    server.post("/notes", b"two")
    stop = machine.run()
    assert (stop.kind, stop.status) == (StopKind.EXITED, 2)
    assert capfd.readouterr().out == "one\ntwo\n"


def test_registers_of_main_are_untouched(machine, server):
    before = dict(machine.registers)
    server.post("/notes", b"x")
    with pytest.raises(BudgetExhausted):
        machine.call(server.handlers["GET"].address, "/notes", budget=3)
    assert dict(machine.registers) == before


def test_no_symbols_are_needed(tmp_path, server):
    sources = [HERE / "guest" / "handlers.c", HERE / "guest" / "handlers.S"]
    elf = build(sources, tmp_path / "stripped.elf", flags=["-Wl,--strip-all"])
    machine = Machine(elf, spec=HERE / "handlers.cas", plugins=[server])
    assert len(machine.symbols) == 0
    machine.run()
    server.post("/notes", b"one")
    assert server.get("/notes") == "one\n"
    assert machine.run().status == 2


def test_the_program(capsys):
    runpy.run_path(str(HERE / "main.py"), run_name="__main__")
    assert "POST is served by post_note(), at 0x" in capsys.readouterr().out
