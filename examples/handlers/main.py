"""Call functions that a program registered. Run it: python examples/handlers/main.py."""

from __future__ import annotations

from pathlib import Path

from handlers_host import Server

from simfw import Machine

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run up to where the program waits, make requests, and let it end."""
    server = Server()
    machine = Machine(HERE / "handlers.elf", spec=HERE / "handlers.cas", plugins=[server])
    print("run:", machine.run().kind.value)
    for method, address in server.handlers.items():
        print(f"{method} is served at {address:#x}, by {machine.symbol_at(address)[0].name}()")
    for note in (b"buy milk", b"call Ada", bytes(60)):
        print("POST:", server.post(machine, "/notes", note))
    print("GET:", repr(server.get(machine, "/notes")))
    print("GET:", repr(server.get(machine, "/favicon.ico")))
    print("main() goes on and prints what it has on its stack:")
    print("run:", machine.run())


if __name__ == "__main__":
    main()
