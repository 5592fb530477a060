"""The program runs as its README says, and its functions can be called from a test."""

from __future__ import annotations

import runpy
from pathlib import Path

import hello_host
import pytest
from hello_stubs import demo

from simfw import Machine, StopKind

HERE = Path(__file__).resolve().parent

NESTED = """\
  ask(3): Python calls factorial(3) in the guest
    ask(2): Python calls factorial(2) in the guest
      ask(1): Python calls factorial(1) in the guest
"""


@pytest.fixture
def machine():
    return Machine(HERE / "hello.elf", spec=HERE / "hello.cas", plugins=[hello_host])


def test_main_calls_python(machine, capsys):
    assert machine.run().kind is StopKind.EXITED
    assert capsys.readouterr().out == "  main() says: Hello from RISC-V\n"


def test_python_calls_the_guest_before_main_ran_and_after(machine):
    assert demo.factorial(machine, 5) == 120
    machine.run()
    assert demo.factorial(machine, 5) == 120


def test_say_can_be_watched(machine):
    with machine.spy("say") as say:
        machine.run()
    say.assert_called_once_with("Hello from RISC-V")


def test_ask_can_be_answered_by_something_else(machine):
    with machine.replace("ask", lambda focus, n: 1000):
        assert demo.factorial(machine, 7) == 7000


def test_the_program(capsys):
    runpy.run_path(str(HERE / "main.py"), run_name="__main__")
    shown = capsys.readouterr().out
    assert NESTED in shown
    assert "\n  outcall ask\n  factorial+" in shown
    assert shown.count("\n  backcall factorial\n") == 3
    assert "\n4! = 24, after " in shown
