"""Belt programs: what they print, and their functions called from Python.

Run it: python examples/belt/main.py.
"""

from __future__ import annotations

from pathlib import Path

from belt_stubs import belt

from backcalls.peek import peek
from outcalls.console import Console
from simfw import Machine

HERE = Path(__file__).resolve().parent
PROGRAMS = ("fibonacci", "gcd", "reverse", "matrix", "strings")


def load(name: str) -> Machine:
    """One of the programs, with a console."""
    return Machine(HERE / f"{name}.cas", plugins=[Console()])


def main() -> None:
    """Run every program, and call a function of each."""
    machines = {name: load(name) for name in PROGRAMS}
    for name, machine in machines.items():
        print(f"{name}.cas prints:", flush=True)
        machine.run()
        print(f"after {machine.instructions} instructions, {machine.cycles} cycles\n")
    print("fibonacci(90) =", belt.fibonacci(machines["fibonacci"], 90))
    print("recursive(15) =", belt.recursive(machines["fibonacci"], 15))
    print("gcd(2340, 684) =", belt.gcd(machines["gcd"], 2340, 684))
    text = bytearray(b"stressed\0")
    belt.reverse(machines["reverse"], text)
    print("stressed, reversed:", text.decode().rstrip("\0"))
    matrix = machines["matrix"]
    print("the last element of the product:", peek.w(matrix, matrix.address_of("c") + 32))
    print("strlen(Gödel) =", belt.strlen(machines["strings"], "Gödel"))


if __name__ == "__main__":
    main()
