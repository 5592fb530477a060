"""Whatever is fed in: no exception outside `SimError`, and no hang.

Images of random bytes and damaged ELF files are loaded, run and looked at; random instructions
run from random states; declaration files are damaged; calls get arguments of every sort.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simfw import (
    ArgumentError,
    BudgetExhausted,
    GuestFault,
    Machine,
    MemoryFault,
    RangeError,
    ResultError,
    SimError,
    open_image,
)
from tests.guests.core import HERE, SOURCE, SPEC, Host, core

BUDGET = 20_000
LONGEST = 10.0
"""Seconds that one example may take at the most: a hang, not a slow machine."""

few, many = settings(max_examples=60), settings(max_examples=3000)


@contextlib.contextmanager
def only_our_errors() -> Iterator[None]:
    """Let errors of ours pass, and nothing else; and let nothing last."""
    began = time.monotonic()
    with contextlib.suppress(SimError):
        yield
    assert time.monotonic() - began < LONGEST


def explore(image: object, **options: object) -> None:
    """Load, run, and ask everything there is to ask."""
    with only_our_errors():
        machine = Machine(image, **options)
        with only_our_errors():
            machine.run(budget=BUDGET)
        for frame in machine.backtrace():
            str(frame)
        repr(machine.registers), repr(machine)
        pc = machine.registers["pc"]
        for ask in (
            lambda: [*machine.symbols][:100],
            lambda: machine.symbol_at(pc),
            lambda: machine.address_of("main"),
            lambda: machine.call(pc & -2, 1, "text", budget=500),
            lambda: machine.call("add", 2, 3, budget=500),
            lambda: machine.call("main", budget=500),
            lambda: machine.memory.cstr(machine.registers["sp"]),
        ):
            with only_our_errors():
                ask()
        machine.close()


# Images


@pytest.fixture(scope="module")
def images(build_guest) -> list[bytes]:
    """ELF files to damage: of both widths, of two programs, one of them stripped."""
    sources = [SOURCE, HERE / "tricks.c"]
    whole = [build_guest(source, xlen=xlen) for source in sources for xlen in (32, 64)]
    stripped = build_guest(SOURCE, xlen=32, flags=("-Wl,--strip-all",))
    return [path.read_bytes() for path in (*whole, stripped)]


@st.composite
def damages(draw) -> list[tuple[float, bytes]]:
    """Where, as a part of the whole, and what is put there; more often in the headers."""
    place = st.floats(0.02, 1) | st.floats(0.85, 1) | st.floats(0.02, 0.1) | st.floats(0, 0.02)
    content = st.binary(min_size=1, max_size=8) | st.sampled_from(
        [b"\0" * 4, b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\0\0\0\x80", b"\1\0\0\0"]
    )
    return draw(st.lists(st.tuples(place, content), min_size=1, max_size=4))


def damaged(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    content = bytearray(data)
    for place, new in changes:
        start = int(place * (len(content) - 1))
        content[start : start + len(new)] = new
    return bytes(content)


@few
@given(data=st.binary(max_size=300))
@example(data=b"")
@example(data=b"\x7fELF")
def test_images_of_random_bytes(data):
    explore(data)


@few
@given(which=st.integers(0, 4), changes=damages())
def test_damaged_images(images, which, changes):
    explore(damaged(images[which], changes))


@few
@given(which=st.integers(0, 4), part=st.floats(0, 1))
def test_images_that_are_cut_short(images, which, part):
    explore(images[which][: int(part * len(images[which]))])


@pytest.mark.slow
@many
@given(which=st.integers(0, 4), changes=damages())
def test_many_damaged_images(images, which, changes):
    explore(damaged(images[which], changes))


# Instructions

REGISTER = st.integers(0, 31)
NEAR = st.integers(-24, 24).map(lambda number: 2 * number)
ARBITRARY = st.integers(0, 2**32 - 1).map(lambda word: word | 3) | st.integers(0, 2**16 - 1)


def word(opcode: int, funct3: st.SearchStrategy[int], top: st.SearchStrategy[int]):
    """Words of an opcode with any registers; `top` is what stands in their upper 12 bits."""
    fields = st.tuples(REGISTER, funct3, REGISTER, top)
    return fields.map(
        lambda each: opcode | each[0] << 7 | each[1] << 12 | each[2] << 15 | (each[3] & 0xFFF) << 20
    )


def choice(*values: int) -> st.SearchStrategy[int]:
    return st.sampled_from(values)


def branch(offset: int) -> int:
    return (
        (offset >> 12 & 1) << 31
        | (offset >> 5 & 63) << 25
        | (offset >> 1 & 15) << 8
        | (offset >> 11 & 1) << 7
    )


def jump(offset: int) -> int:
    return (
        (offset >> 20 & 1) << 31
        | (offset >> 1 & 0x3FF) << 21
        | (offset >> 11 & 1) << 20
        | (offset >> 12 & 0xFF) << 12
    )


ANY12 = st.integers(0, 4095)
LIKELY = st.one_of(
    word(0x13, choice(0, 2, 3, 4, 6, 7), ANY12),
    word(0x13, choice(1, 5), st.integers(0, 31)),
    word(0x33, st.integers(0, 7), REGISTER.map(lambda rs2: rs2) | REGISTER.map(lambda r: r | 32)),
    word(0x37, st.integers(0, 7), ANY12),
    word(0x17, choice(0), choice(0)),
    word(0x03, choice(0, 1, 2, 4, 5), st.integers(-8, 40)),
    word(0x23, choice(0, 1, 2), REGISTER),
    word(0x2F, choice(2), st.tuples(choice(0, 1, 2, 3, 4, 8, 12, 16, 28), REGISTER).map(
        lambda pair: pair[0] << 7 | pair[1] * (pair[0] != 2))),
    st.tuples(choice(0, 1, 4, 5, 6, 7), REGISTER, REGISTER, NEAR).map(
        lambda each: 0x63 | each[0] << 12 | each[1] << 15 | each[2] << 20 | branch(each[3])),
    st.tuples(REGISTER, NEAR).map(lambda pair: 0x6F | pair[0] << 7 | jump(pair[1])),
    choice(0x0000100F, 0x0FF0000F),
    choice(0x0505, 0x157D, 0x8D2D, 0x4501, 0x0001, 0x8082, 0xC11C, 0x4110),
)  # fmt: skip
"""Instructions that mostly do something: they stay near, in code and in memory."""

BASES = st.sampled_from([0, 0x1000, 0x8000_0000, 0x7FFF_F000])


@st.composite
def programs(draw) -> tuple[int, int, bytes, list[int]]:
    """Width, base, code and registers."""
    xlen, base = draw(st.sampled_from([32, 64])), draw(BASES)
    words = draw(st.lists(LIKELY, min_size=20, max_size=40))
    if draw(st.booleans()):
        words.insert(draw(st.integers(0, len(words))), draw(ARBITRARY))
    code = b"".join(one.to_bytes(4 if one & 3 == 3 else 2, "little") for one in words)
    code += (0x6F | jump(-len(code))).to_bytes(4, "little")  # and so on
    near = st.integers(0, 2048).map(lambda offset: base + 4 * offset)
    values = near | near | st.integers(0, (1 << xlen) - 1) | st.integers(base, base + len(code))
    return xlen, base, code, draw(st.lists(values, min_size=31, max_size=31))


def machine_of(program: tuple[int, int, bytes, list[int]]) -> Machine:
    xlen, base, code, registers = program
    machine = Machine(open_image(code, xlen=xlen, base=base, size=8192), platform="bare")
    machine.processes[0].engine.x[1:32] = registers
    return machine


def outcome(machine: Machine, portions: list[int]) -> tuple[object, ...]:
    """How a run in portions ends: what is raised and where, and the state."""
    raised: object = None
    try:
        for portion in portions:
            machine.run(budget=portion)
    except SimError as error:
        raised = type(error), getattr(error, "pc", None), getattr(error, "address", None)
    return raised, dict(machine.registers), machine.instructions


@settings(max_examples=150)
@given(program=programs())
def test_random_instructions_from_random_states(program):
    with only_our_errors():
        machine_of(program).run(budget=2000)


@settings(max_examples=100)
@given(
    program=programs().filter(lambda program: all(code & 0x7F != 0x73 for code in program[2][::2])),
    portions=st.lists(st.integers(1, 40), min_size=1, max_size=12),
)
def test_random_instructions_end_alike_however_the_run_is_split(program, portions):
    whole, split = machine_of(program), machine_of(program)
    assert outcome(split, portions) == outcome(whole, [sum(portions)])
    text = program[1], 8192
    assert split.memory.read(*text) == whole.memory.read(*text)


@settings(max_examples=60)
@given(program=programs(), spent=st.integers(0, 60))
def test_calls_leave_a_random_program_as_it_was(program, spent):
    """Wherever it stands, whatever its registers are."""
    machine = machine_of(program)
    with only_our_errors():
        machine.run(budget=spent)
    before = dict(machine.registers)
    target = machine.memory.regions[0].address
    with only_our_errors():
        machine.call(target, 1, 2, budget=100)
    with only_our_errors():
        machine.call(target, b"pushed", "text", budget=100)
    assert dict(machine.registers) == before
    machine.close()


@pytest.mark.slow
@many
@given(program=programs(), portions=st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_many_random_programs(program, portions):
    with only_our_errors():
        machine = machine_of(program)
        for portion in portions:
            machine.run(budget=portion)


# Declaration files

PIECES = st.sampled_from(
    ["F", "L", '("host")', '"', "(", ")", ",", ";", "1", "-1", "99999999999999999999", "w", "q",
     "outcall", "backcall", "syscall(93)", '"void"', '"bytes"', '"const char*"', '"struct x*"',
     '"double"', "\0", "é", "//", "/*", "\n", " ", "0x7fffffff", 'F("exit") outcall(1);']
)  # fmt: skip


@settings(max_examples=100)
@given(
    start=st.integers(0, 400),
    length=st.integers(0, 30),
    piece=PIECES | st.text(max_size=6) | st.binary(max_size=6),
)
def test_damaged_declaration_files(elf, tmp_path_factory, start, length, piece):
    path = tmp_path_factory.getbasetemp() / "damaged.cas"
    text = SPEC.read_bytes()
    new = piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogatepass")
    path.write_bytes(text[:start] + new + text[start + length :])
    with only_our_errors():
        Machine(elf, spec=path, plugins=[Host(lambda focus, n: n)]).run(budget=BUDGET)


@few
@given(content=st.binary(max_size=100))
def test_declarations_that_an_image_claims_to_be_built_with(elf_with_section, content):
    data, start, size = elf_with_section
    explore(data[:start] + content.ljust(size, b"\0")[:size] + data[start + size :], spec=SPEC,
            plugins=[Host(lambda focus, n: n)])  # fmt: skip


@pytest.fixture(scope="module")
def elf(build_guest) -> Path:
    return build_guest(SOURCE)


@pytest.fixture(scope="module")
def elf_with_section(build_guest, tmp_path_factory) -> tuple[bytes, int, int]:
    """An ELF file with a section of declarations, and where its content is."""
    path = tmp_path_factory.mktemp("section") / "declarations.S"
    mark, size = b"<content of the section>", 100
    path.write_text(
        f'.section .simfw.declarations, "", @progbits\n.ascii "{mark.decode()}"\n'
        f".zero {size - len(mark)}\n"
    )
    data = build_guest(SOURCE, path).read_bytes()
    return data, data.index(mark), size


# Values

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.text(max_size=10)
    | st.binary(max_size=10)
    | st.binary(max_size=10).map(bytearray)
    | st.binary(max_size=10).map(memoryview)
    | st.complex_numbers()
    | st.decimals()
    | st.fractions()
    | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=2) | st.tuples(inner) | st.dictionaries(st.text(), inner)
    ),
    max_leaves=3,
)


@settings(max_examples=150)
@given(
    function=VALUES | st.sampled_from(["add", "identity", "checksum"]),
    args=st.lists(VALUES, max_size=10),
)
def test_calls_with_values_of_every_sort(calls, function, args):
    before = dict(calls.registers)
    try:
        calls.call(function, *args, budget=1000)
    except (ArgumentError, RangeError, BudgetExhausted, GuestFault, LookupError) as error:
        assert isinstance(error, SimError)
    assert dict(calls.registers) == before


@pytest.fixture(scope="module")
def calls(elf) -> Machine:
    return core(elf)


@settings(max_examples=150)
@given(value=VALUES)
def test_outcalls_that_return_values_of_every_sort(answering, value):
    machine, answers = answering
    answers.append(value)
    before = dict(machine.registers)
    try:
        assert machine.call("ask", 1) == int(value) + 1
    except ResultError as error:
        assert "the result of host()" in str(error)
    assert dict(machine.registers) == before


@pytest.fixture(scope="module")
def answering(elf) -> tuple[Machine, list[object]]:
    answers: list[object] = []
    return core(elf, lambda focus, n: answers.pop()), answers


@settings(max_examples=100)
@given(address=st.integers(-(2**65), 2**65), length=st.integers(-(2**65), 2**65))
def test_memory_with_numbers_of_every_size(calls, address, length):
    memory = calls.memory
    for use in (
        lambda: memory.read(address, length),
        lambda: memory.view(address, length),
        lambda: memory.cstr(address, length),
        lambda: memory.load(address, "u64"),
        lambda: memory.write(address, b"" if 0x20000 <= address < 0x200000 else b"x"),
    ):
        with contextlib.suppress(MemoryFault, RangeError, ArgumentError):
            use()
