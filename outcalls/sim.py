"""The simulation as an instrument of the program in it: tracing, stopping, counting.

The functions are those of `sim.cas`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from simfw import Focus, Outcalls, outcall

SPEC = Path(__file__).with_suffix(".cas")


class Sim(Outcalls):
    """Lets a guest switch tracing, end or pause itself, and ask where it is and how far.

    `trace_to` is where traces go, standard error if None. One object may serve several machines.

    >>> from simfw import Machine
    >>> from outcalls.sim import Sim
    >>> Machine("guest.elf", spec="guest.cas", plugins=[Sim()])     # doctest: +SKIP
    """

    def __init__(self, trace_to: TextIO | None = None) -> None:
        super().__init__("sim", optional=True, spec=SPEC)
        self._trace_to = trace_to

    @outcall("sim_trace")
    def trace(self, focus: Focus, on: bool) -> None:
        """Begin or end a trace of the guest's instructions."""
        focus.trace(on, self._trace_to)

    @outcall("sim_stop")
    def stop(self, focus: Focus, status: int) -> None:
        """End the program."""
        focus.stop(status)

    @outcall("sim_pause")
    def pause(self, focus: Focus) -> None:
        """Pause the machine behind the call."""
        focus.stop()

    @outcall("sim_instructions")
    def instructions(self, focus: Focus) -> int:
        """The instructions of the guest's process."""
        return focus.process.instructions

    @outcall("sim_cycles")
    def cycles(self, focus: Focus) -> int:
        """The cycles of the guest's process."""
        return focus.process.cycles

    @outcall("sim_function")
    def function(self, focus: Focus, buffer: int, size: int) -> int:
        """Store the name of the caller; the length of the whole name, as `snprintf` has it."""
        name = focus.frame.caller.name.encode()
        if size:
            focus.memory.write(buffer, name[: size - 1] + b"\0")
        return len(name)
