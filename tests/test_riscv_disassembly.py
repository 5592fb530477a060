"""Decoding and disassembly against capstone: every word of 16 bits, and random ones of 32.

Where the two differ on purpose, a table says why and how often; nothing else may differ.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable

import capstone
import pytest

from simfw.riscv.csr_names import CSR_NAMES
from simfw.riscv.disassemble import disassemble
from simfw.riscv.isa import Isa, isa

MODES = {32: capstone.CS_MODE_RISCV32, 64: capstone.CS_MODE_RISCV64}
ENGINES = {
    xlen: capstone.Cs(capstone.CS_ARCH_RISCV, mode | capstone.CS_MODE_RISCVC)
    for xlen, mode in MODES.items()
}
both_widths = pytest.mark.parametrize("one", [isa(32), isa(64)], ids=lambda one: one.name)


def normal(text: str) -> str:
    """Numbers in decimal, single spaces."""
    numbers = re.sub(r"-?\b0x[0-9a-f]+", lambda found: str(int(found.group(), 16)), text)
    return " ".join(numbers.split())


def capstone_says(word: int, xlen: int) -> str | None:
    data = word.to_bytes(4 if word & 3 == 3 else 2, "little")
    for _, _, mnemonic, operands in ENGINES[xlen].disasm_lite(data, 0):
        return normal(f"{mnemonic} {operands}")
    return None


def we_say(word: int, one: Isa, *, aliases: bool) -> str | None:
    found = one.decode(word)
    return None if found is None else normal(disassemble(found, aliases=aliases, xlen=one.xlen))


# Words of 16 bits

FLOATS = re.compile(r"c\.f[ls][wd](sp)? ")


def reason_16(word: int, xlen: int, theirs: str | None, ours: str | None) -> str | None:
    """Why a word of 16 bits is shown differently."""
    if word == 0:
        return "the word 0 is illegal by definition, and capstone names it"
    if theirs is None and ours is not None and (word >> 7 & 31) == 0:
        return "hints, which do nothing; capstone does not know them"
    if ours is None and theirs is not None:
        if FLOATS.match(theirs):
            return "floating point, which is not here yet"
        if xlen == 32 and word >> 12 & 1 and theirs.startswith(("c.slli", "c.srli", "c.srai")):
            return "shifts by 32 and more are reserved on RV32"
        if theirs.startswith("c.lui") and theirs.endswith(", 0"):
            return "c.lui of 0 is reserved"
    return None


EXPECTED_16 = {
    32: {
        "the word 0 is illegal by definition, and capstone names it": 1,
        "hints, which do nothing; capstone does not know them": 32 + 32 + 64 + 63 + 31 + 31,
        "floating point, which is not here yet": 8 * 2048,
        "shifts by 32 and more are reserved on RV32": 31 * 32 + 2 * 8 * 32,
        "c.lui of 0 is reserved": 30,
    },
    64: {
        "the word 0 is illegal by definition, and capstone names it": 1,
        "hints, which do nothing; capstone does not know them": 64 + 32 + 64 + 63 + 31 + 31,
        "floating point, which is not here yet": 4 * 2048,
        "c.lui of 0 is reserved": 30,
    },
}


@both_widths
def test_all_words_of_16_bits(one):
    differences: Counter[str | None] = Counter()
    for word in range(1 << 16):
        if word & 3 != 3:
            theirs, ours = capstone_says(word, one.xlen), we_say(word, one, aliases=False)
            if theirs != ours:
                reason = reason_16(word, one.xlen, theirs, ours)
                assert reason is not None, f"{word:#06x}: {theirs} here is {ours}"
                differences[reason] += 1
    assert differences == EXPECTED_16[one.xlen]


# Words of 32 bits


def random_words(one: Isa, count: int) -> Iterable[int]:
    """Words of every record, often with the registers and immediates that have aliases."""
    rng = random.Random(one.xlen)
    for record in one.records:
        fixed = record.encoding.mask
        for _ in range(count):
            word = rng.getrandbits(32)
            for place in rng.choices((7, 15, 20), k=rng.randrange(3)):
                word = word & ~(31 << place) | rng.choice((0, 1, word >> 7 & 31)) << place
            if rng.random() < 0.1:
                word = word & 0x000F_FFFF | rng.choice((0, 1, 0xFFF)) << 20
            yield word & ~fixed | record.encoding.match
    for _ in range(count * len(one.records)):
        yield rng.getrandbits(32) | 3


JALR = re.compile(r"jalr (\w+), (\w+), (-?\d+)")
TO_OBJDUMP = {
    "zero": r"jr \3(\2)",
    "ra": r"jalr \3(\2)",
}


def as_objdump(text: str) -> str:
    """Capstone's words for what objdump calls otherwise; we follow objdump."""
    found = JALR.fullmatch(text)
    if found:
        return found.expand(TO_OBJDUMP.get(found.group(1), r"jalr \1, \3(\2)"))
    text = re.sub(r"^addi (\w+), zero, ", r"li \1, ", text)
    text = re.sub(r"^mv (\w+), zero$", r"li \1, 0", text)
    return "pause" if text == "fence w, unknown" else text.replace("unknown", "0")


def capstone_csr_name(number: int) -> str:
    """As in the operands of `csrrc a0, …, a1`, which has no alias."""
    text = capstone_says(number << 20 | 0x0005_B573, 32)
    assert text is not None
    return text.split(", ")[1]


CAPSTONE_CSRS = {number: capstone_csr_name(number) for number in range(1 << 12)}
NEWER = """
    vstart vxsat vxrm vcsr vl vtype vlenb seed jvt scontext mcontext tinfo dscratch1 mtinst mtval2
    senvcfg menvcfg menvcfgh mstatush mcountinhibit mseccfg mseccfgh mconfigptr
"""
OLDER = "ustatus uie utvec uscratch uepc ucause utval uip sedeleg sideleg"
OURS_ALONE = {
    *NEWER.split(),
    *(f"pmpcfg{n}" for n in range(4, 16)),
    *(f"pmpaddr{n}" for n in range(16, 64)),
}
CAPSTONE_ALONE = set(OLDER.split())
CALLED_OTHERWISE = {
    "dscratch": "dscratch0",
    "pmpaddr13": "pmpaddr14",  # capstone has the two mixed up
    "pmpaddr14": "pmpaddr13",
}


def test_the_names_of_control_and_status_registers():
    ours = {number: CSR_NAMES.get(number, str(number)) for number in range(1 << 12)}
    differ = {n: (CAPSTONE_CSRS[n], ours[n]) for n in ours if CAPSTONE_CSRS[n] != ours[n]}
    alone = {name for n, (theirs, name) in differ.items() if theirs == str(n)}
    theirs_alone = {theirs for n, (theirs, name) in differ.items() if name == str(n)}
    otherwise = {a: b for n, (a, b) in differ.items() if a != str(n) and b != str(n)}
    assert (alone, theirs_alone, otherwise) == (OURS_ALONE, CAPSTONE_ALONE, CALLED_OTHERWISE)


def with_our_csr_name(word: int, theirs: str) -> str:
    """What capstone says, with the name of the register that the test above has settled."""
    if word & 0x7F != 0x73 or not word >> 12 & 3:
        return theirs
    number = word >> 20
    return re.sub(
        rf"\b{CAPSTONE_CSRS[number]}\b", CSR_NAMES.get(number, str(number)), theirs, count=1
    )


def reason_32(word: int, theirs: str | None, ours: str | None) -> str | None:
    """Why a word of 32 bits is shown differently."""
    if theirs is None and ours is not None and ours.split()[0] in ("fence", "fence.tso", "fence.i"):
        return "fences with bits that are to be ignored"
    if theirs is not None and ours is None:
        if theirs.startswith("f"):
            return "floating point, which is not here yet"
        if word & 0x707F == 0x73:
            return "privileged instructions, which user-mode programs do not have"
        if theirs.startswith(("slli", "srli", "srai")) and word >> 25 & 1:
            return "shifts by 32 and more are reserved on RV32"
    return None


KNOWN_32 = {
    "privileged instructions, which user-mode programs do not have",
    "fences with bits that are to be ignored",
    "floating point, which is not here yet",
    "shifts by 32 and more are reserved on RV32",
}


def check_words(one: Isa, count: int) -> Counter[str | None]:
    differences: Counter[str | None] = Counter()
    for word in random_words(one, count):
        theirs, ours = capstone_says(word, one.xlen), we_say(word, one, aliases=True)
        theirs = None if theirs is None else with_our_csr_name(word, as_objdump(theirs))
        if theirs != ours:
            reason = reason_32(word, theirs, ours)
            assert reason is not None, f"{word:#010x}: {theirs} here is {ours}"
            differences[reason] += 1
    return differences


@both_widths
def test_words_of_32_bits(one):
    assert set(check_words(one, 60)) <= KNOWN_32


@pytest.mark.slow
@both_widths
def test_words_of_32_bits_at_length(one):
    assert set(check_words(one, 3000)) <= KNOWN_32


# What users see


@pytest.mark.parametrize(
    ("word", "aliased", "plain"),
    [
        (0x0050_0513, "li a0, 5", "addi a0, zero, 5"),
        (0x8082, "ret", "c.jr ra"),
        (0x0000_8067, "ret", "jalr zero, 0(ra)"),
        (0x1141, "addi sp, sp, -16", "c.addi sp, -16"),
        (0x852E, "mv a0, a1", "c.mv a0, a1"),
        (0x00B0_0533, "add a0, zero, a1", "add a0, zero, a1"),
        (0xC0C2, "sw a6, 64(sp)", "c.swsp a6, 64(sp)"),
        (0x1234_5537, "lui a0, 0x12345", "lui a0, 0x12345"),
        (0x757D, "lui a0, 0xfffff", "c.lui a0, 0xfffff"),
        (0x0FF0_000F, "fence", "fence iorw, iorw"),
        (0x0330_000F, "fence rw, rw", "fence rw, rw"),
        (0x8330_000F, "fence.tso", "fence.tso"),
        (0x0100_000F, "pause", "pause"),
        (0x3000_2573, "csrr a0, mstatus", "csrrs a0, mstatus, zero"),
        (0x7C05_1073, "csrw 0x7c0, a0", "csrrw zero, 0x7c0, a0"),
        (0xC020_2573, "rdinstret a0", "csrrs a0, instret, zero"),
        (0xC000_1073, "unimp", "csrrw zero, cycle, zero"),
        (0x06B6_252F, "amoadd.w.aqrl a0, a1, (a2)", "amoadd.w.aqrl a0, a1, (a2)"),
        (0x1405_A52F, "lr.w.aq a0, (a1)", "lr.w.aq a0, (a1)"),
    ],
)  # fmt: skip
def test_what_is_shown(word, aliased, plain):
    found = isa(32).decode(word)
    assert found is not None
    assert disassemble(found) == aliased
    assert disassemble(found, aliases=False) == plain


def test_targets_are_addresses_where_the_pc_is_known():
    branch, jump = isa(32).decode(0xFE05_12E3), isa(32).decode(0xA021)
    assert branch is not None and jump is not None
    assert disassemble(branch) == "bnez a0, -28"
    assert disassemble(branch, 0x1_0020) == "bnez a0, 0x10004"
    assert disassemble(jump, 0xFFFF_FFFC, xlen=32) == "j 0x4"
    assert disassemble(branch, 0) == "bnez a0, 0xffffffffffffffe4"
