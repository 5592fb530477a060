"""Guest memory against a naive model that keeps a permission and a value for every byte."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simfw.errors import MemoryFault, StateError
from simfw.memory import Memory
from simfw.permissions import Permissions

PAGE = 4096
PAGES = 4
SIZE = PAGES * PAGE
UNMAPPED = 255
READ, WRITE, EXECUTE = 1, 2, 4

WINDOWS = [
    (32, 0, {}),
    (32, 0x80000000, {}),
    (32, 2**32 - SIZE, {}),
    (64, 0x3FFF_F000_0000, {"base": 0x3FFF_F000_0000, "span": SIZE}),
    (64, 2**64 - SIZE, {"base": 2**64 - 2 * SIZE, "span": 2 * SIZE}),
]

near = st.sampled_from([-8, -7, -4, -2, -1, 0, 1, 2, 3, 8])
offsets = st.one_of(
    st.builds(lambda page, delta: page * PAGE + delta, st.integers(0, PAGES), near),
    st.integers(-8, SIZE + 8),
)
lengths = st.one_of(st.integers(0, 16), st.sampled_from([PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, SIZE]))
sizes = st.sampled_from([1, 2, 4, 8])
permissions = st.integers(0, 7)


class MemoryAgainstBytes(RuleBasedStateMachine):
    @initialize(window=st.sampled_from(WINDOWS))
    def start(self, window):
        xlen, self.first, options = window
        self.memory = Memory(xlen, **options)
        self.memory.on_code_write = lambda address, length: self.reports.append((address, length))
        self.rights = bytearray([UNMAPPED]) * SIZE
        self.values = bytearray(SIZE)
        self.watched = set()
        self.reports = []

    # the model

    def inside(self, offset, length):
        return offset >= 0 and offset + length <= SIZE

    def admits(self, offset, length, needed):
        if length == 0:
            return True
        return self.inside(offset, length) and all(
            right != UNMAPPED and right & needed == needed
            for right in self.rights[offset : offset + length]
        )

    def poke(self, offset, data):
        self.values[offset : offset + len(data)] = data

    def expect(self, admitted, call):
        """The result of `call`, or None where the model refuses and the memory does, too."""
        if admitted:
            return call()
        with pytest.raises(MemoryFault):
            call()
        return None

    def expect_report(self, offset, length):
        pages = {(offset + i) // PAGE for i in range(length)}
        expected = [(self.first + offset, length)] if pages & self.watched else []
        assert self.reports == expected
        self.reports.clear()

    # changes of the map

    @rule(offset=offsets, length=lengths, permission=permissions, letter=st.sampled_from("ab"))
    def map(self, offset, length, permission, letter):
        if not self.inside(offset, length) or length == 0:
            return
        free = set(self.rights[offset : offset + length]) == {UNMAPPED}
        args = self.first + offset, length, Permissions(permission), letter
        if free:
            self.memory.map(*args)
            self.rights[offset : offset + length] = bytes([permission]) * length
        else:
            with pytest.raises(StateError):
                self.memory.map(*args)

    @rule(offset=offsets, length=lengths, permission=permissions)
    def protect(self, offset, length, permission):
        if not self.inside(offset, length) or length == 0:
            return
        known = self.admits(offset, length, 0)
        address = self.first + offset
        self.expect(known, lambda: self.memory.protect(address, length, Permissions(permission)))
        if known:
            self.rights[offset : offset + length] = bytes([permission]) * length
            self.expect_report(offset, length)

    @rule(offset=offsets, length=lengths)
    def unmap(self, offset, length):
        if not self.inside(offset, length) or length == 0:
            return
        known = self.admits(offset, length, 0)
        self.expect(known, lambda: self.memory.unmap(self.first + offset, length))
        if known:
            self.rights[offset : offset + length] = bytes([UNMAPPED]) * length
            self.poke(offset, bytes(length))
            self.expect_report(offset, length)

    @rule(page=st.integers(0, PAGES - 1), on=st.booleans())
    def watch(self, page, on):
        (self.memory.watch if on else self.memory.unwatch)(self.first + page * PAGE + 5)
        (self.watched.add if on else self.watched.discard)(page)

    # accesses

    @rule(offset=offsets, size=sizes, update=st.booleans())
    def load_slow(self, offset, size, update):
        admitted = self.admits(offset, size, READ | WRITE if update else READ)
        value = self.expect(
            admitted, lambda: self.memory.load_slow(self.first + offset, size, 0, update)
        )
        if admitted:
            assert value == sum(self.values[offset + i] << 8 * i for i in range(size))

    @rule(offset=offsets, size=sizes, value=st.integers(0, 2**64 - 1))
    def store_slow(self, offset, size, value):
        admitted = self.admits(offset, size, WRITE)
        address = self.first + offset
        self.expect(admitted, lambda: self.memory.store_slow(address, size, value, 0))
        if admitted:
            self.poke(offset, bytes(value >> 8 * i & 255 for i in range(size)))
            self.expect_report(offset, size)

    @rule(offset=offsets, size=st.sampled_from([2, 4]))
    def fetch(self, offset, size):
        admitted = self.admits(offset, size, EXECUTE)
        value = self.expect(admitted, lambda: self.memory.fetch(self.first + offset, size))
        if admitted:
            assert value == sum(self.values[offset + i] << 8 * i for i in range(size))

    @rule(offset=offsets, length=lengths)
    def read(self, offset, length):
        admitted = self.admits(offset, length, READ)
        data = self.expect(admitted, lambda: self.memory.read(self.first + offset, length))
        if admitted:
            assert data == self.values[max(offset, 0) : max(offset, 0) + length]

    @rule(offset=offsets, length=lengths, value=st.integers(0, 255))
    def write(self, offset, length, value):
        admitted = self.admits(offset, length, WRITE)
        data = bytes([value]) * length
        self.expect(admitted, lambda: self.memory.write(self.first + offset, data))
        if admitted and length:
            self.poke(offset, data)
            self.expect_report(offset, length)

    @rule(offset=offsets, length=st.integers(1, 16), value=st.integers(0, 255))
    def writable_view(self, offset, length, value):
        executable = any(
            right != UNMAPPED and right & EXECUTE
            for right in self.rights[max(offset, 0) : max(offset + length, 0)]
        )
        admitted = self.admits(offset, length, READ | WRITE) and not executable
        address = self.first + offset
        view = self.expect(admitted, lambda: self.memory.view(address, length, writable=True))
        if admitted:
            view[:] = bytes([value]) * length
            self.poke(offset, bytes([value]) * length)

    @rule(offset=offsets)
    def cstr_bytes(self, offset):
        end = self.values.find(0, max(offset, 0))
        admitted = end >= 0 and self.admits(offset, end + 1 - offset, READ)
        text = self.expect(admitted, lambda: self.memory.cstr_bytes(self.first + offset))
        if admitted:
            assert text == self.values[offset:end]

    @precondition(lambda self: hasattr(self, "memory"))
    @invariant()
    def bytes_and_page_bits_agree(self):
        memory = self.memory
        start = self.first - memory.base
        assert memory.u8[start : start + SIZE] == self.values
        for page in range(PAGES):
            rights = self.rights[page * PAGE : (page + 1) * PAGE]
            shared = 0 if UNMAPPED in rights else READ | WRITE | EXECUTE
            for right in set(rights):
                shared &= right
            if page in self.watched:
                shared &= READ | EXECUTE
            assert memory.pages[(start >> 12) + page] == shared

    @precondition(lambda self: hasattr(self, "memory"))
    @invariant()
    def regions_are_sorted_and_cover_what_is_mapped(self):
        covered = bytearray([UNMAPPED]) * SIZE
        position = self.first
        for region in self.memory.regions:
            assert position <= region.address < region.end
            position, low = region.end, region.address - self.first
            covered[low : low + region.size] = bytes([region.permissions]) * region.size
        assert covered == self.rights


TestMemoryAgainstBytes = MemoryAgainstBytes.TestCase
TestMemoryAgainstBytes.settings = settings(
    max_examples=80,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
