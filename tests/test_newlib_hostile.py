"""What a guest hands over is nonsense: nothing but the typed errors, and no host damage."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcalls.semihosting import OPERATIONS
from simfw import Machine, SimError

SOURCE = Path(__file__).parent / "guests" / "newlib" / "asks.c"
NUMBERS = (
    93,
    63,
    64,
    57,
    62,
    80,
    214,
    1024,
    56,
    1038,
    1039,
    79,
    1033,
    48,
    1025,
    1026,
    153,
    169,
    403,
)

words = st.one_of(
    st.integers(0, 5),
    st.integers(0x10000, 0x18000),
    st.integers(0xFFFF_0000, 0xFFFF_FFFF),
    st.integers(0, 0xFFFF_FFFF),
)


@pytest.fixture(scope="module")
def elf(build_guest):
    return build_guest(SOURCE, xlen=32)


def harmless(machine: Machine, function: str, *operands: int) -> None:
    """The call ends with a result or a SimError, and the machine goes on."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(SimError),
    ):
        machine.call(function, *operands, budget=1000)


@given(number=st.sampled_from(NUMBERS), operands=st.lists(words, min_size=4, max_size=4))
def test_system_calls_with_any_operands(elf, number, operands):
    with pytest.MonkeyPatch.context() as patch, Machine(elf, platform="newlib") as machine:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"input")))
        harmless(machine, "ask", number, *operands)
        assert machine.call("main") == 0


@given(
    operation=st.sampled_from(sorted(OPERATIONS)),
    parameter=st.none() | words,
    fields=st.lists(words, min_size=4, max_size=4),
)
def test_semihosting_with_any_parameters(elf, operation, parameter, fields):
    with pytest.MonkeyPatch.context() as patch, Machine(elf) as machine:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"input")))
        block = machine.address_of("buffer")
        machine.memory.write(block, b"".join(field.to_bytes(4, "little") for field in fields))
        harmless(machine, "request", operation, block if parameter is None else parameter)
        assert machine.call("main") == 0
