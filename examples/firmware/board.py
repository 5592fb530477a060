"""The board in Python (a serial line, two pins, a clock), and frames as the sensor sends them."""

from __future__ import annotations

import struct
from binascii import crc_hqx
from collections import deque

from simfw import Focus, outcall

DRIVE, FAULT = 2, 13
"""Output pins: the line's driver is on; something is wrong."""


class Board:
    """What the driver calls. Each test has its own, and looks into it or changes it at will."""

    def __init__(self) -> None:
        self.line: deque[int] = deque()
        """Bytes that have arrived and were not read yet."""
        self.sent = bytearray()
        self.pins: dict[int, bool] = {}
        self.now = 0
        """Milliseconds; the test lets time pass."""

    @outcall
    def uart_read(self, focus: Focus) -> int:
        """The next byte, or -1."""
        return self.line.popleft() if self.line else -1

    @outcall
    def uart_write(self, focus: Focus, byte: int) -> None:
        """Take a byte."""
        self.sent.append(byte)

    @outcall
    def gpio_write(self, focus: Focus, pin: int, level: bool) -> None:
        """Set a pin."""
        self.pins[pin] = level

    @outcall
    def timer_ms(self, focus: Focus) -> int:
        """The time."""
        return self.now % (1 << 32)


def frame(payload: bytes) -> bytes:
    """A payload as the sensor sends it. The checksum is Python's, not the driver's."""
    body = bytes([len(payload)]) + payload
    return b"\xa5" + body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


def reading(temperature: float, humidity: float) -> bytes:
    """The frame of a reading, in degrees Celsius and percent."""
    return frame(struct.pack(">BhH", 1, round(100 * temperature), round(100 * humidity)))
