"""Host memory under a guest: given back, never pulled away under a view, refused in words."""

import gc
import pathlib
import subprocess
import sys

import pytest

from simfw.errors import StateError
from simfw.memory import Memory
from simfw.memory.arena import Arena, wipe
from simfw.permissions import Permissions

RW = Permissions.READ | Permissions.WRITE

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc of Linux")


def _filled():
    memory = Memory(32)
    memory.map(0x1000, 0x1000, RW, "ram")
    memory.write(0x1000, b"still here")
    return memory


def _status(field):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise AssertionError(field)


def test_a_view_outlives_the_memory():
    view = _filled().view(0x1000, 10)
    gc.collect()
    assert bytes(view) == b"still here"


def test_a_view_outlives_close():
    memory = _filled()
    view, engine = memory.view(0x1000, 10), memory.u32
    memory.close()
    memory.close()
    assert bytes(view) == b"still here"
    assert engine[0x1000 >> 2] == int.from_bytes(b"stil", "little")


def test_everything_on_a_closed_memory_says_that_it_is_closed():
    memory = _filled()
    memory.close()
    assert memory.closed
    assert memory.regions == ()
    for call in (
        lambda: memory.read(0x1000, 1),
        lambda: memory.write(0x1000, b"x"),
        lambda: memory.cstr(0x1000),
        lambda: memory.load_slow(0x1000, 4, 0),
        lambda: memory.store_slow(0x1000, 4, 0, 0),
        lambda: memory.fetch(0x1000, 4),
        lambda: memory.map(0x1000, 1, RW, "ram"),
        lambda: memory.protect(0x1000, 1, RW),
        lambda: memory.watch(0x1000),
    ):
        with pytest.raises(StateError, match="closed"):
            call()


def test_a_finaliser_in_a_dead_cycle_may_still_read_a_view():
    seen = []

    class Keeper:
        def __del__(self):
            seen.append(bytes(self.view))

    keeper, memory = Keeper(), _filled()
    keeper.view, keeper.itself = memory.view(0x1000, 10), keeper
    memory.on_code_write = keeper.__class__.__del__.__get__(keeper)
    keeper.memory = memory
    del keeper, memory
    gc.collect()
    assert seen == [b"still here"]


@linux
def test_memories_that_are_dropped_cost_nothing():
    def count():
        gc.collect()
        return len(list(pathlib.Path("/proc/self/fd").iterdir())), _status("VmSize:")

    _filled()
    descriptors, kilobytes = count()
    for _ in range(2000):
        _filled()
    after = count()
    assert after[0] == descriptors
    assert after[1] < kilobytes + 4096


@linux
def test_a_living_memory_holds_no_descriptor():
    before = len(list(pathlib.Path("/proc/self/fd").iterdir()))
    memories = [_filled() for _ in range(100)]
    assert len(list(pathlib.Path("/proc/self/fd").iterdir())) == before
    assert memories[99].read(0x1000, 5) == b"still"


@linux
def test_reading_untouched_memory_costs_no_pages():
    memory = Memory(32)
    memory.map(0x10000000, 64 << 20, RW, "ram")
    before = _status("VmRSS:")
    assert sum(memory.u8[0x10000000:0x14000000:0x1000]) == 0
    assert _status("VmRSS:") < before + 1024


@linux
def test_unmapping_gives_pages_back():
    program = """
import pathlib
from simfw.memory import Memory
from simfw.permissions import Permissions

def resident():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])

memory = Memory(32)
memory.map(0x10000000, 16 << 20, Permissions.READ | Permissions.WRITE, "ram")
content = b"x" * (16 << 20)
before = resident()
memory.write(0x10000000, content)
full = resident()
memory.unmap(0x10000000, 16 << 20)
print(full - before, resident() - before)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    taken, left = map(int, result.stdout.split())
    assert taken > 15 << 10
    assert left < 2 << 10


@linux
def test_a_host_that_has_no_room_is_named_as_the_cause():
    program = """
import resource
from simfw.errors import StateError
from simfw.memory import Memory
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
try:
    Memory(32)
except StateError as error:
    print(error)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "the host refused 0x100100000 bytes of address space" in result.stdout
    assert "ulimit -v" in result.stdout


@linux
def test_machines_that_nobody_holds_make_room_for_new_ones():
    program = """
import gc, resource
from simfw.memory import Memory
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
gc.disable()
for _ in range(4):
    memory = Memory(32)
    memory.itself = memory
    del memory
print("all")
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "all\n"


def test_clearing_a_part_of_a_page_leaves_the_rest():
    arena = Arena(0x4000)
    for start, end in ((0x10, 0x20), (0xFFF, 0x3001), (0x1000, 0x2000), (0x800, 0x1800)):
        arena.data[:] = b"\xff" * 0x4000
        arena.clear(start, end)
        assert bytes(arena.data[start:end]) == bytes(end - start)
        assert bytes(arena.data).count(0) == end - start


def test_wiping_reaches_every_byte():
    data = bytearray(b"\xff" * 300_000)
    wipe(memoryview(data))
    assert data == bytes(300_000)
