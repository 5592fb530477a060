"""The driver, a board in Python, and a bad line. Run it: python examples/firmware/main.py."""

from __future__ import annotations

import struct
from pathlib import Path

from board import FAULT, Board, reading
from firmware_stubs import sensor

from simfw import Machine

HERE = Path(__file__).resolve().parent
COUNTERS = ("readings", "ignored", "crc_errors", "skipped", "overruns", "timeouts")

CLEAN = reading(21.5, 40.25)
TRANSMISSIONS = {
    "a reading": CLEAN,
    "a reading with a bit flipped": CLEAN[:4] + bytes([CLEAN[4] ^ 1]) + CLEAN[5:],
    "noise, then a reading": b"\x00\xff\xa5\x00" + reading(-7.25, 81),
}


def main() -> None:
    """Show what the driver makes of each transmission."""
    board = Board()
    with Machine(HERE / "firmware.elf", spec=HERE / "firmware.cas", plugins=[board]) as machine:
        sensor.init(machine)
        for what, transmission in TRANSMISSIONS.items():
            board.line.extend(transmission)
            sensor.uart_irq(machine)
            count = sensor.poll(machine)
            print(f"{what}: {count} taken in, fault pin {'on' if board.pins[FAULT] else 'off'}")
            if count:
                address = sensor.latest(machine)
                _, celsius, percent = struct.unpack("<IhH", machine.memory.read(address, 8))
                print(f"    {celsius / 100} degrees, {percent / 100} percent")
        counts = struct.unpack("<6I", machine.memory.read(sensor.counters(machine), 24))
        print(", ".join(f"{name} {n}" for name, n in zip(COUNTERS, counts, strict=True)))
        print(f"{machine.instructions} instructions")


if __name__ == "__main__":
    main()
