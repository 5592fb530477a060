"""Images that write over their own code, and those that need more memory than there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from simfw import (
    IllegalInstruction,
    LoadError,
    Machine,
    MemoryFault,
    Stop,
    StopKind,
    open_image,
)
from tests.guests.core import HERE


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(HERE / "hostile.c", xlen=xlen)


# Images that write themselves


BASE = 0x2_0000
ADDI_1, ADDI_2 = 0x0015_0513, 0x0025_0513  # addi a0, a0, 1 and 2
STORE = 0x00B6_2023  # sw a1, 0(a2)
RETURN = 0x0000_8067
FENCE_I = 0x0000_100F


def flat(xlen: int, *words: int, **options: object) -> Machine:
    data = b"".join(word.to_bytes(4, "little") for word in words)
    return Machine(open_image(data, xlen=xlen, base=BASE), platform="bare", **options)


@pytest.mark.parametrize("between", [(), (FENCE_I,)], ids=["at once", "fence.i"])
def test_code_that_is_written_over_is_seen(xlen, between):
    machine = flat(xlen, ADDI_1, STORE, *between, ADDI_1, RETURN)
    target = BASE + 8 + 4 * len(between)
    for place, expected in ((BASE, 2), (target, 3), (target, 3)):
        assert machine.call(BASE, 0, ADDI_2, place) == expected
        if place == BASE:  # it has changed what runs next time
            machine.memory.write(BASE, ADDI_1.to_bytes(4, "little"))
    assert machine.memory.load(target, "u32") == ADDI_2


def test_code_that_is_written_over_in_a_loop_is_seen(xlen):
    machine = flat(xlen, ADDI_1, STORE, RETURN)
    words = (ADDI_2, ADDI_1, ADDI_2)
    assert [machine.call(BASE, 0, word, BASE) for word in words] == [1, 2, 1]


def test_code_that_writes_over_itself_can_become_nonsense(xlen):
    machine = flat(xlen, STORE, ADDI_1, RETURN)
    with pytest.raises(IllegalInstruction) as caught:
        machine.call(BASE, 0, 0, BASE + 4)
    assert caught.value.pc == BASE + 4


def test_code_that_the_host_writes_is_seen(xlen):
    machine = flat(xlen, ADDI_1, RETURN)
    assert machine.call(BASE, 0) == 1
    machine.memory.write(BASE, ADDI_2.to_bytes(4, "little"))
    assert machine.call(BASE, 0) == 2


def test_a_flat_image_that_runs_off_its_end(xlen):
    machine = flat(xlen, *[ADDI_1] * 1024)
    with pytest.raises(MemoryFault) as caught:
        machine.run()
    assert caught.value.pc == BASE + 4096
    assert machine.instructions == 1024


# Limits of memory


def test_memory_beyond_the_limit_is_refused(elf, xlen):
    with pytest.raises(LoadError, match="raise memory="):
        Machine(elf, memory=1 << 16)
    image = open_image(b"\x13\0\0\0", xlen=xlen, base=0x1000, size=1 << 29)
    with pytest.raises(LoadError, match="raise memory="):
        Machine(image, platform="bare")


def test_a_flat_image_may_fill_what_is_left_of_the_addresses(xlen):
    image = open_image(bytes(64), xlen=xlen, base=(1 << xlen) - 64)
    with pytest.raises(LoadError):
        Machine(image, platform="bare")
    image = open_image(bytes(64), xlen=xlen, base=(1 << xlen) - 4096 - 64)
    with pytest.raises(IllegalInstruction):
        Machine(image, platform="bare").run()


def test_an_image_at_address_zero_runs(xlen):
    image = open_image(
        b"".join(w.to_bytes(4, "little") for w in (ADDI_1, RETURN)), xlen=xlen, base=0
    )
    machine = Machine(image, platform="bare")
    assert machine.call(0, 4) == 5
    assert machine.run(budget=1) == Stop(StopKind.BUDGET)
