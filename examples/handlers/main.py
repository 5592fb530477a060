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
    for method, handler in server.handlers.items():
        print(f"{method} is served by {handler.name}(), at {handler.address:#x}")
    for note in (b"buy milk", b"call Ada", bytes(60)):
        print("POST:", server.post("/notes", note))
    print("GET:", repr(server.get("/notes")))
    print("GET:", repr(server.get("/favicon.ico")))
    print("main() goes on and prints what it has on its stack:")
    stop = machine.run()
    print(f"run: {stop.kind.value} with status {stop.status}, the number of requests")


if __name__ == "__main__":
    main()
