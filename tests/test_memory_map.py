"""Guest memory: mapping, protecting, resizing, and the page table that engines look at."""

import pytest

from simfw.errors import ArgumentError, MemoryFault, RangeError, SimError, StateError
from simfw.memory import Memory, Region
from simfw.permissions import Permissions

R, W, X = Permissions.READ, Permissions.WRITE, Permissions.EXECUTE


@pytest.fixture
def memory():
    """Text at 0x1000, read-only data behind it, a stack whose end is not a page's."""
    memory = Memory(32)
    memory.map(0x1000, 0x1000, R | X, "text")
    memory.map(0x2000, 0x800, R, "rodata")
    memory.map(0x10000, 0x10010, R | W, "stack")
    return memory


def refused(call, *args, **options):
    with pytest.raises(MemoryFault) as caught:
        call(*args, **options)
    return caught.value


def test_regions_are_listed_in_order_of_addresses(memory):
    memory.map(0x8000, 0x10, R, "late")
    assert [region.name for region in memory.regions] == ["text", "rodata", "late", "stack"]
    assert memory.regions[0] == Region(0x1000, 0x1000, R | X, "text")
    assert str(memory.regions[3]) == "stack 0x10000..0x20010 rw-"


def test_new_memory_is_zero(memory):
    assert memory.read(0x10000, 0x10010) == bytes(0x10010)


def test_page_zero_is_mapped_only_when_asked(memory):
    assert "nothing is mapped there" in str(refused(memory.read, 0, 1))
    memory.map(0, 16, R, "vectors")
    assert memory.read(0, 16) == bytes(16)


def test_the_whole_32_bit_address_space_can_be_mapped():
    memory = Memory(32, limit=1 << 32)
    memory.map(0, 1 << 32, R | W, "everything")
    memory.store(0xFFFFFFFC, "u32", 0xDEADBEEF)
    assert memory.load(0xFFFFFFFF, "u8") == 0xDE
    assert refused(memory.read, 0xFFFFFFFC, 5).address == 0xFFFFFFFC


def test_a_64_bit_guest_has_its_memory_where_the_loader_puts_it():
    memory = Memory(64, base=0xFFFFFFFF_80000000, span=0x80000000)
    memory.map(0xFFFFFFFF_FFFFF000, 0x1000, R | W, "top")
    memory.store(0xFFFFFFFF_FFFFFFF8, "u64", 7)
    assert memory.u64[0x7FFFFFF8 >> 3] == 7
    with pytest.raises(RangeError, match="0xffffffff80000000"):
        memory.map(0x1000, 0x1000, R, "below the span")


@pytest.mark.parametrize("address", [0xF000, 0x1FFFE, 0x20000, (1 << 64) - 2, 0])
def test_addresses_outside_the_span_are_faults(address):
    memory = Memory(64, base=0x10000, span=0x10000)
    memory.map(0x10000, 0x10000, R | W | X, "all")
    for call in (memory.load_slow, memory.fetch):
        assert refused(call, address, 4, 0).address == address
    assert refused(memory.store_slow, address, 4, 0, 0).address == address
    assert memory.read(0x10000, 0x10000) == bytes(0x10000)


@pytest.mark.parametrize(
    ("address", "size"),
    [(0x1FFF, 1), (0x0, 0x1001), (0x1800, 8), (0x0, 0x100000), (0x2001, 0x10)],
)
def test_overlapping_regions_are_refused(memory, address, size):
    before = memory.regions
    with pytest.raises(StateError, match=r"new .* overlaps region (text|rodata)"):
        memory.map(address, size, R, "new")
    assert memory.regions == before


@pytest.mark.parametrize(
    ("address", "size"),
    [(0xFFFFFFFF, 2), (-1, 1), (0x5000, 0), (0x5000, -1), (1 << 32, 1), (0, 1 << 5000)],
)
def test_regions_that_wrap_or_are_empty_are_refused(memory, address, size):
    with pytest.raises(RangeError, match=r"is not within 0x0\.\.0x100000000"):
        memory.map(address, size, R, "new")


@pytest.mark.parametrize("permissions", [3, "rw-", None, Permissions(8)])
def test_permissions_must_be_permissions(memory, permissions):
    with pytest.raises(ArgumentError, match="permissions"):
        memory.map(0x5000, 1, permissions, "new")


def test_whole_pages_widens_as_far_as_neighbours_leave_room(memory):
    assert memory.map(0x3123, 1, R, "a", whole_pages=True) == Region(0x3000, 0x1000, R, "a")
    assert memory.map(0x2900, 0x10, R, "b", whole_pages=True) == Region(0x2800, 0x800, R, "b")
    memory.map(0x8800, 0x10, R, "c")
    assert memory.map(0x8100, 0x10, R, "d", whole_pages=True) == Region(0x8000, 0x800, R, "d")


def test_the_limit_bounds_accessible_memory():
    memory = Memory(32, limit=0x3000)
    memory.map(0x1000, 0x2000, R, "a")
    memory.map(0x10000000, 0x40000000, Permissions.NONE, "reserved")
    with pytest.raises(StateError, match=r"needs 16 KiB .* limit is 12 KiB: raise memory="):
        memory.map(0x4000, 0x2000, R, "b")
    with pytest.raises(StateError, match="raise memory="):
        memory.protect(0x10000000, 0x40000000, R)
    memory.unmap(0x1000, 0x1000)
    memory.map(0x4000, 0x2000, R, "b")
    assert [region.name for region in memory.regions] == ["a", "b", "reserved"]


def test_the_limit_counts_pages_not_bytes():
    memory = Memory(32, limit=0x2000)
    for address in (0x1000, 0x1010, 0x1FFF, 0x5000, 0x5800):
        memory.map(address, 1, R, "byte")
    with pytest.raises(StateError, match="raise memory="):
        memory.map(0x9000, 1, R, "byte")


def test_the_number_of_regions_is_bounded(monkeypatch):
    monkeypatch.setattr("simfw.memory.space.MAX_REGIONS", 3)
    memory = Memory(32)
    memory.map(0x1000, 0x1000, R, "split")
    memory.protect(0x1800, 1, W)
    with pytest.raises(StateError, match="more than 3 regions"):
        memory.protect(0x1900, 1, W)
    memory.unmap(0x1000, 0x800)


def test_protect_splits_and_joins(memory):
    memory.protect(0x11000, 0x1000, R)
    assert [str(region) for region in memory.regions[2:]] == [
        "stack 0x10000..0x11000 rw-",
        "stack 0x11000..0x12000 r--",
        "stack 0x12000..0x20010 rw-",
    ]
    memory.protect(0x11000, 0x1000, R | W)
    assert [str(region) for region in memory.regions[2:]] == ["stack 0x10000..0x20010 rw-"]


def test_unmapped_memory_is_zero_when_it_is_mapped_again(memory):
    memory.write(0x10000, b"\xff" * 0x10010)
    memory.unmap(0x10800, 0x8000)
    memory.map(0x10800, 0x8000, R, "again")
    assert memory.read(0x107FF, 0x8002) == b"\xff" + bytes(0x8000) + b"\xff"


@pytest.mark.parametrize("change", ["protect", "unmap"])
def test_changes_need_a_range_that_is_mapped_throughout(memory, change):
    rest = (R,) if change == "protect" else ()
    fault = refused(getattr(memory, change), 0x2000, 0x801, *rest)
    assert "change of 2049 bytes at 0x2000 leaves region rodata" in str(fault)
    assert len(memory.regions) == 3


def test_resize_grows_with_zeros_and_shrinks_with_loss(memory):
    memory.map(0x40000000, 0x10, R | W, "heap")
    memory.resize(0x40000000, 0x2000)
    memory.write(0x40001FFF, b"x")
    memory.resize(0x40000000, 0x1FFF)
    memory.resize(0x40000000, 0x3000)
    assert memory.regions[-1] == Region(0x40000000, 0x3000, R | W, "heap")
    assert memory.read(0x40000000, 0x3000) == bytes(0x3000)


def test_resize_works_on_a_heap_that_protect_has_split(memory):
    memory.map(0x40000000, 0x3000, R | W, "heap")
    memory.protect(0x40001000, 0x1000, R)
    memory.resize(0x40000000, 0x4000)
    assert [region.size for region in memory.regions[3:]] == [0x1000, 0x1000, 0x2000]
    memory.resize(0x40000000, 0x800)
    assert [region.size for region in memory.regions[3:]] == [0x800]


def test_resize_stops_at_a_neighbour_and_needs_a_beginning(memory):
    with pytest.raises(StateError, match="overlaps region stack"):
        memory.resize(0x2000, 0x10000)
    with pytest.raises(StateError, match="no region begins at 0x2004"):
        memory.resize(0x2004, 0x10)


# The page table


def test_a_page_has_the_bits_that_all_its_bytes_share(memory):
    assert list(memory.pages[:4]) == [0, 5, 0, 0]
    memory.map(0x2800, 0x800, R | W, "data")
    assert list(memory.pages[:4]) == [0, 5, 1, 0]
    assert bytes(memory.pages[0x10:0x22]) == bytes([3] * 16 + [0, 0])


def test_typed_views_share_the_bytes(memory):
    memory.write(0x10008, bytes(range(1, 9)))
    assert memory.u8[0x10009] == 2
    assert memory.u16[0x10008 >> 1] == 0x0201
    assert memory.u32[0x10008 >> 2] == 0x04030201
    assert memory.u64[0x10008 >> 3] == 0x0807060504030201


def test_a_watched_page_takes_the_slow_path_and_reports_every_write(memory):
    reports = []
    memory.on_code_write = lambda address, length: reports.append((address, length))
    memory.watch(0x11234)
    assert memory.pages[0x11] == 1
    memory.store_slow(0x10FFE, 4, 0, pc=0)
    memory.store_slow(0x10FFC, 4, 0, pc=0)
    memory.write(0x11FFF, b"ab")
    memory.store(0x11FF0, "u8", 1)
    memory.initialise(0x10000, bytes(0x10000))
    memory.protect(0x11000, 4, R)
    assert reports == [
        (0x10FFE, 4), (0x11FFF, 2), (0x11FF0, 1), (0x10000, 0x10000), (0x11000, 4),
    ]  # fmt: skip


def test_a_watched_page_stays_slow_until_it_is_no_longer_watched(memory):
    memory.watch(0x11000)
    memory.protect(0x10000, 0x10010, R)
    memory.protect(0x10000, 0x10010, R | W)
    assert list(memory.pages[0x10:0x13]) == [3, 1, 3]
    memory.unwatch(0x11FFF)
    memory.unwatch(0x13000)
    assert list(memory.pages[0x10:0x13]) == [3, 3, 3]


# Making


@pytest.mark.parametrize(
    ("xlen", "options"),
    [
        (16, {}),
        (32, {"base": 0x1000}),
        (32, {"span": 0x1000}),
        (64, {"base": 0x1001}),
        (64, {"base": -0x1000}),
        (64, {"span": 0}),
        (64, {"span": 0x1800}),
        (64, {"base": (1 << 64) - 0x1000, "span": 0x2000}),
        (64, {"span": 1 << 62}),
        (64, {"base": 1.5}),
        (32, {"limit": "256 MiB"}),
    ],
)
def test_impossible_memories_are_refused(xlen, options):
    with pytest.raises(SimError):
        Memory(xlen, **options)
