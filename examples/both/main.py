"""One plugin and one declaration file, two guests. Run it: python examples/both/main.py."""

from __future__ import annotations

from pathlib import Path

from both_host import Words
from both_stubs import words

from simfw import Machine

HERE = Path(__file__).resolve().parent
GUESTS = {"RISC-V, from C": "both.elf", "belt, from conAsm": "both_belt.cas"}
WORDS = ("stone", "paper", "scissors")


def main() -> None:
    """Run both programs and call a function of each."""
    for kind, image in GUESTS.items():
        print(f"{image} ({kind}):")
        machine = Machine(HERE / image, spec=HERE / "both.cas", plugins=[Words(WORDS)])
        stop = machine.run()
        print(f"{stop.kind.value} with status {stop.status}")
        print(f"Python asks for a hash: {words.hash(machine, b'lizard'):08x}\n")


if __name__ == "__main__":
    main()
