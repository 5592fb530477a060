"""Guest call stacks: at every instruction of compiled programs, against a shadow call stack."""

from __future__ import annotations

import itertools

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from simfw.engine.interp import Interpreter
from simfw.errors import LoadError, MemoryFault
from simfw.image import Image, SymbolTable, open_image
from simfw.image.symbols import NoSymbols, Symbol, SymbolKind
from simfw.memory import Memory
from simfw.permissions import Permissions
from simfw.riscv.frontend import RiscvFrontEnd
from simfw.riscv.isa import Instruction, isa
from simfw.riscv.rv_i import I
from simfw.riscv.unwind import MAX_FRAMES, unwind

SENTINEL = 0xFFFF_FFF0
STACK, STACK_SIZE = 0x4000_0000, 0x10_0000
READ, WRITE, EXECUTE = Permissions.READ, Permissions.WRITE, Permissions.EXECUTE
RA, SP, A0 = 1, 2, 10

SOURCE = """
typedef unsigned long word;
#define APART __attribute__((noinline, used))
volatile int sink;
int main(void) { return 0; }

APART int leaf(int n) { return n * 3 + 1; }
APART int middle(int n) { int r = leaf(n + 1); sink = r; return r + leaf(n); }
APART int top(int n) { sink = n; int r = middle(n); return r + middle(r & 7) + n; }
APART int recurse(int n) { if (n <= 0) return leaf(1); int r = recurse(n - 1); return r + n; }
APART int large(int n) {
    volatile int space[3000];
    for (int i = 0; i < 3; i++) space[i * 900] = middle(i);
    return space[900] + leaf(n);
}
APART int early(int n) {  /* the frame is made late, if at all */
    if (n & 1) return n;
    sink = middle(n);
    return leaf(sink) + middle(2);
}
APART int dynamic(int n) {
    volatile char *space = __builtin_alloca(n * 16 + 16);
    space[n] = (char)leaf(n);
    return space[n] + middle(n);
}
APART int table(int n) {
    switch (n) {
    case 0: return leaf(7);
    case 1: sink = middle(1); return 5;
    case 2: return sink + recurse(2);
    case 3: sink = 9; return middle(2) * 3;
    case 4: return leaf(leaf(2));
    case 5: return early(4) - 1;
    case 6: return dynamic(2);
    }
    return leaf(n);
}
APART int tail(int n) { sink = leaf(n); return middle(n); }
static int (*volatile chosen)(int) = middle;
APART int indirect(int n) { int r = chosen(n); return r ^ chosen(n + 1); }
APART int many(int n) {  /* keeps much alive over calls */
    int a = leaf(n), b = leaf(a), c = leaf(b), d = leaf(c), e = leaf(d), f = leaf(e);
    return middle(a) + b * c - d + e * f + a * f;
}
APART __attribute__((noreturn)) void finish(int n) {
    sink = leaf(n);
    for (;;) asm volatile("ecall");
}
APART int ends(int n) { if (n) { middle(n); finish(n); } return leaf(n); }
APART int wild(int n) { return *(volatile int *)(word)n + 1; }
APART int wild_2(int n) { sink = 1; return wild(n + 4) + 1; }
APART int wild_3(int n) { sink = 2; return wild_2(n + 4) + 1; }
APART int calls_data(int n) { return ((int (*)(int))&sink)(n) + 1; }
"""

MODES = [
    (xlen, flags)
    for xlen, flags in itertools.product(
        (32, 64), (("-O0",), ("-O2",), ("-Os",), ("-O2", "-fno-omit-frame-pointer"))
    )
]


@pytest.fixture(params=MODES, ids=lambda mode: f"rv{mode[0]}{''.join(mode[1])}", scope="module")
def image(request, build_guest) -> Image:
    xlen, (optimize, *flags) = request.param
    return open_image(build_guest(SOURCE, xlen=xlen, optimize=optimize, flags=tuple(flags)))


@define
class Guest:
    image: Image
    memory: Memory
    engine: Interpreter

    def stack(self, pc: int) -> list[tuple[int, int]]:
        one = isa(self.image.xlen)
        x = self.engine.x
        return list(unwind(one, self.image.symbols, self.memory, x, pc, SENTINEL))

    def names(self, pc: int) -> list[str]:
        inside = [frame - 1 if depth else frame for depth, (frame, _) in enumerate(self.stack(pc))]
        found = [self.image.symbols.at(address) for address in inside]
        return [one[0].name if one else "?" for one in found]


def start(image: Image, name: str, argument: int) -> Guest:
    memory = Memory(image.xlen)
    for segment in image.segments:
        memory.map(segment.address, segment.size, segment.permissions, "image")
        memory.initialise(segment.address, segment.data)
    memory.map(STACK, STACK_SIZE, READ | WRITE, "stack")
    engine = Interpreter(RiscvFrontEnd(isa(image.xlen), memory), memory)
    engine.x[RA], engine.x[SP], engine.x[A0] = SENTINEL, STACK + STACK_SIZE, argument
    engine.pc = image.symbols.find(name).address
    return Guest(image, memory, engine)


@define
class Shadow:
    """The call stack as the executed calls and returns make it."""

    frames: list[tuple[int, int]]

    def note(self, instruction: Instruction, x: list[int], following: int) -> None:
        values = instruction.values
        if instruction.record.name in ("jal", "jalr") and values["rd"] == RA:
            self.frames.append((following, x[SP]))
        elif instruction.record.name == "jalr" and (values["rd"], values["rs1"]) == (0, RA):
            self.frames.pop()


CALLS = [("top", 3), ("recurse", 4), ("large", 2), ("early", 1), ("early", 2), ("dynamic", 3),
         *(("table", n) for n in range(8)), ("tail", 2), ("indirect", 2), ("many", 1),
         ("ends", 0), ("ends", 1)]  # fmt: skip


def test_the_stack_is_right_at_every_instruction(image):
    for name, argument in CALLS:
        guest = start(image, name, argument)
        shadow, pc, engine = Shadow([(SENTINEL, 0)]), guest.engine.pc, guest.engine
        checked: set[tuple[int, int]] = set()
        while pc != SENTINEL:
            if (pc, len(shadow.frames)) not in checked:
                checked.add((pc, len(shadow.frames)))
                frames = [(pc, engine.x[SP]), *reversed(shadow.frames[1:])]
                assert guest.stack(pc) == frames, f"{name}({argument}) at {pc:#x}"
            instruction = engine.front.fetch(pc)
            if instruction.record.name == "ecall":
                break
            shadow.note(instruction, engine.x, pc + instruction.length)
            pc = engine.execute(pc, 1).pc


def run_to_fault(guest: Guest) -> int:
    with pytest.raises(MemoryFault):
        guest.engine.execute(guest.engine.pc, 10_000)
    return guest.engine.pc


def test_a_fault_three_calls_deep_names_the_callers(image):
    guest = start(image, "wild_3", 0)
    assert guest.names(run_to_fault(guest)) == ["wild", "wild_2", "wild_3"]


def test_a_call_of_data_names_the_caller(image):
    guest = start(image, "calls_data", 0)
    sink = image.symbols.find("sink").address
    assert run_to_fault(guest) == sink
    assert guest.names(sink) == ["sink", "calls_data"]


def test_without_symbols_only_the_innermost_caller_is_told(image):
    guest = start(image, "wild_3", 0)
    symbols = SymbolTable(NoSymbols(), "stripped")
    pc = run_to_fault(guest)
    stack = list(unwind(isa(image.xlen), symbols, guest.memory, guest.engine.x, pc, SENTINEL))
    assert [frame for frame, _ in stack] == [pc, guest.engine.x[RA]]


def test_a_damaged_symbol_table_is_not_an_error_of_the_walk(image):
    class Damaged:
        def at(self, address: int) -> None:
            raise LoadError(f"no symbol at {address:#x}: the table is truncated")

    guest = start(image, "wild_3", 0)
    pc, x = run_to_fault(guest), guest.engine.x
    stack = list(unwind(isa(image.xlen), Damaged(), guest.memory, x, pc, SENTINEL))
    assert stack[0] == (pc, x[SP])


# Stacks that no compiler made

CODE = 0x1000


@define
class OneFunction:
    """Symbols of a program that is one function."""

    start: int
    size: int

    def at(self, address: int) -> tuple[Symbol, int] | None:
        if not self.start <= address < self.start + (self.size or 1 << 20):
            return None
        symbol = Symbol("f", self.start, self.size, SymbolKind.FUNCTION, "GLOBAL")
        return symbol, address - self.start


def assembled(name: str, **fields: int) -> bytes:
    return I[name].encode(**fields).to_bytes(4, "little")


PUSH = assembled("addi", rd=SP, rs1=SP, imm12=-16) + assembled("sw", rs1=SP, rs2=RA, simm12=12)
RECURSE = assembled("jal", rd=RA, jimm20=-8)


def raw_memory(code: bytes) -> Memory:
    memory = Memory(32)
    memory.map(CODE, 0x1000, READ | EXECUTE, "code")
    memory.map(STACK, STACK_SIZE, READ | WRITE, "stack")
    memory.initialise(CODE, code)
    return memory


def test_recursion_is_told_to_a_bounded_depth():
    memory = raw_memory(PUSH + RECURSE)
    engine = Interpreter(RiscvFrontEnd(isa(32), memory), memory)
    engine.x[SP] = STACK + STACK_SIZE
    engine.execute(CODE, 3 * 1000 + 2)
    stack = list(unwind(isa(32), OneFunction(CODE, 12), memory, engine.x, CODE + 8, SENTINEL))
    assert len(stack) == MAX_FRAMES
    assert stack[0] == (CODE + 8, STACK + STACK_SIZE - 1001 * 16)
    assert stack[-1] == (CODE + 12, STACK + STACK_SIZE - (1001 - 255) * 16)


def test_a_stack_that_goes_round_in_a_circle_ends():
    """The function takes no frame, so the same caller would come for ever."""
    code = assembled("sw", rs1=SP, rs2=RA, simm12=0) + assembled("jal", rd=RA, jimm20=-4)
    memory = raw_memory(code)
    memory.store(STACK, "u32", CODE + 8)
    x = [0] * 34
    x[SP] = STACK
    stack = list(unwind(isa(32), OneFunction(CODE, 8), memory, x, CODE + 4, SENTINEL))
    assert stack == [(CODE + 4, STACK), (CODE + 8, STACK)]


def test_a_shared_prologue_is_followed():
    """As gcc's -msave-restore has it: the prologue is called with the link in t0."""
    shared = PUSH + assembled("jalr", rd=0, rs1=5, imm12=0)
    function = assembled("jal", rd=5, jimm20=-12) + assembled("jal", rd=RA, jimm20=64)
    memory = raw_memory(shared + function)
    x = [0] * 34
    x[SP] = STACK
    memory.store(STACK + 12, "u32", SENTINEL)
    symbols = OneFunction(CODE + 12, 8)
    assert list(unwind(isa(32), symbols, memory, x, CODE + 16, SENTINEL)) == [(CODE + 16, STACK)]
    memory.store(STACK + 12, "u32", CODE + 20)
    assert len(list(unwind(isa(32), symbols, memory, x, CODE + 16, SENTINEL))) > 1


WORDS = st.lists(
    st.one_of(
        st.integers(0, 2**32 - 1),
        st.sampled_from([int.from_bytes(PUSH[i : i + 4], "little") for i in (0, 4)]),
        st.sampled_from([0x00008067, 0x00C12083, 0x01010113, 0xFF9FF0EF, 0x0000006F, 0x00078067]),
    ),
    min_size=1,
    max_size=60,
)


@given(WORDS, st.data())
def test_nothing_that_a_guest_can_arrange_breaks_the_walk(words, data):
    memory = raw_memory(b"".join(word.to_bytes(4, "little") for word in words))
    places = st.one_of(st.integers(CODE, CODE + 256), st.integers(0, 2**32 - 1))
    stacks = st.one_of(st.integers(STACK, STACK + 256), st.integers(0, 2**32 - 1))
    for offset in range(0, 128, 4):
        memory.store(STACK + offset, "u32", data.draw(st.one_of(places, stacks)))
    x = [0, data.draw(places), data.draw(stacks), *(data.draw(stacks) for _ in range(31))]
    symbols = OneFunction(data.draw(st.integers(CODE, CODE + 64)), data.draw(st.integers(0, 256)))
    stack = list(unwind(isa(32), symbols, memory, x, data.draw(places), SENTINEL))
    assert 1 <= len(stack) <= MAX_FRAMES
    pointers = [sp for _, sp in stack]
    assert pointers == sorted(pointers)


def test_a_huge_function_of_branches_ends_soon():
    branch = assembled("beq", rs1=0, rs2=0, bimm12=8)
    memory = Memory(32)
    memory.map(CODE, 1 << 20, READ | EXECUTE, "code")
    memory.initialise(CODE, branch * (1 << 18))
    x = [0] * 34
    x[SP] = STACK
    last = CODE + (1 << 20) - 4
    assert len(list(unwind(isa(32), OneFunction(CODE, 1 << 20), memory, x, last, SENTINEL))) == 1
