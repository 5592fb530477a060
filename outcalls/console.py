"""A console for guests: output that is exact to the byte, and input by lines.

The functions are those of `console.cas`.
"""

from __future__ import annotations

from pathlib import Path

from outcalls.streams import LARGEST_READ, Input, Output, Readable, Stream
from simfw import Focus, MemoryFault, OutcallArg, Outcalls, StateError, outcall

SPEC = Path(__file__).with_suffix(".cas")
LETTERS = {1: "b", 2: "h", 4: "w", 8: "d", 16: "q"}
"""The letters of widths, in bytes."""


class Console(Outcalls):
    """Text, bytes and numbers to a stream of the host, and lines from one.

    Args:
        output: where output goes, binary or text; None is the host's standard output.
        source: where input comes from; None is the host's standard input.

    Raises StateError, in the call, where the host has no standard output.

    >>> import io
    >>> from outcalls.console import Console
    >>> console = Console(output=io.BytesIO())
    """

    def __init__(self, output: Stream | None = None, source: Stream | None = None) -> None:
        super().__init__("console", optional=True, spec=SPEC)
        self._output = Output("stdout" if output is None else output)
        self._input = Input("stdin" if source is None else source)

    def _write(self, data: bytes) -> None:
        if not self._output.write(data):
            raise StateError("the host has no standard output; give Console() an output=")

    @outcall("console_text")
    def text(self, focus: Focus, text: bytes) -> None:
        """Write a NUL-terminated text; its bytes need not be UTF-8."""
        self._write(text)

    @outcall("console_bytes")
    def bytes_(self, focus: Focus, data: bytes) -> None:
        """Write bytes."""
        self._write(data)

    @outcall("console_char")
    def char(self, focus: Focus, byte: int) -> None:
        """Write one byte."""
        self._write(bytes([byte]))

    @outcall("console_newline")
    def newline(self, focus: Focus) -> None:
        """Write a line break."""
        self._write(b"\n")

    @outcall("console_signed")
    def signed(self, focus: Focus, number: int) -> None:
        """Write a number in decimal."""
        self._write(b"%d" % number)

    @outcall("console_unsigned")
    def unsigned(self, focus: Focus, number: int) -> None:
        """Write a number in decimal."""
        self._write(b"%d" % number)

    @outcall("console_hex")
    def hexadecimal(self, focus: Focus, number: int) -> None:
        """Write a number in hexadecimal."""
        self._write(b"%#x" % number)

    @outcall("console_float")
    def float_(self, focus: Focus, number: float) -> None:
        """Write a floating-point number."""
        self._write(repr(number).encode())

    @outcall("console_operand")
    def operand(self, focus: Focus, operand: OutcallArg) -> None:
        """Write an operand as it is, unsigned, with its width; None and NaR too."""
        self._write(f"{_described(operand)}:{LETTERS[operand.width]}".encode())

    @outcall("console_read_line")
    def read_line(self, focus: Focus, buffer: int, size: int) -> int:
        """Read a line, as `fgets` does; the number of its bytes, 0 at the end of the input."""
        if not size:
            return 0
        line = _line(self._input, min(size - 1, LARGEST_READ))
        try:
            focus.memory.write(buffer, line + b"\0")
        except MemoryFault:
            self._input.unread(line)
            raise
        return len(line)


def _described(operand: OutcallArg) -> str:
    if operand.is_none:
        return "None"
    return str(operand.kind) if operand.is_nar else str(operand.unsigned)


def _line(source: Readable, most: int) -> bytes:
    """The bytes up to and with the next line break, or as many as may be, or what is left."""
    line = b""
    while len(line) < most and not line.endswith(b"\n"):
        data = source.read(most - len(line))
        if not data:
            break
        end = data.find(b"\n") + 1 or len(data)
        source.unread(data[end:])
        line += data[:end]
    return line
