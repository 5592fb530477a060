"""A RISC-V program and Python call each other. Run it: python examples/hello/main.py."""

from __future__ import annotations

from pathlib import Path

import hello_host
from hello_stubs import demo

from simfw import Machine

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run the program, then call one of its functions."""
    machine = Machine(HERE / "hello.elf", spec=HERE / "hello.cas", plugins=[hello_host])
    print("Python runs hello.elf, whose main() calls the Python function say().")
    stop = machine.run()
    print(f"\nIt {stop.kind.value} with status {stop.status}; now Python calls its factorial(4).")
    result = demo.factorial(machine, 4)
    print(f"\n4! = {result}, after {machine.instructions} instructions of the guest.")


if __name__ == "__main__":
    main()
