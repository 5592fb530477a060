"""Signatures drawn at random: functions in C, their declarations, and strategies for values.

`into_N` stores what it gets to `got`; `out_N` calls the host's `host_N` with what lies in
`given`. Both widen by the type, so that a wrong extension shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from attrs import frozen
from hypothesis import strategies as st

FUNCTIONS = 40
SLOTS = 20
ANSWER = SLOTS - 1


@frozen
class Kind:
    """A type of C: how values of it are drawn, and what 64 bits of `got` and `given` stand for."""

    c: str
    receiver: type
    values: Callable[[int], st.SearchStrategy]
    to_bits: str = "(uint64_t){}"
    from_bits: str = ""

    def stored(self, slot: int, value: str) -> str:
        """C that puts a value into `got`."""
        return f"got[{slot}] = {self.to_bits.format(value)};"

    def fetched(self, slot: int) -> str:
        """C that takes a value out of `given`."""
        return (self.from_bits or f"({self.c}){{}}").format(f"given[{slot}]")


def integer(bits: int | None, signed: bool) -> Callable[[int], st.SearchStrategy[int]]:
    def values(xlen: int) -> st.SearchStrategy[int]:
        span = 1 << (bits or xlen)
        low, high = (-span // 2, span // 2 - 1) if signed else (0, span - 1)
        return st.integers(low, high) | st.sampled_from([low, high, span // 2 - 1, 0])

    return values


def floats(width: int) -> Callable[[int], st.SearchStrategy[float]]:
    return lambda xlen: st.floats(width=width)


def texts(xlen: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


KINDS = {
    "bool": Kind("bool", bool, lambda xlen: st.booleans()),
    "i8": Kind("int8_t", int, integer(8, True)),
    "u8": Kind("uint8_t", int, integer(8, False)),
    "i16": Kind("int16_t", int, integer(16, True)),
    "u16": Kind("uint16_t", int, integer(16, False)),
    "i32": Kind("int32_t", int, integer(32, True)),
    "u32": Kind("uint32_t", int, integer(32, False)),
    "i64": Kind("int64_t", int, integer(64, True)),
    "u64": Kind("uint64_t", int, integer(64, False)),
    "long": Kind("long", int, integer(None, True)),
    "size": Kind("size_t", int, integer(None, False)),
    "pointer": Kind("void*", int, integer(None, False), "(uintptr_t){}", "(void*)(uintptr_t){}"),
    "f32": Kind("float", float, floats(32), "float_bits({})", "bits_float({})"),
    "f64": Kind("double", float, floats(64), "double_bits({})", "bits_double({})"),
    "text": Kind("const char*", str, texts, "hash({})", "(const char*)(uintptr_t){}"),
}


@frozen
class Prototype:
    """A function of the guest: its number, its result, its parameters."""

    number: int
    result: str
    parameters: tuple[str, ...]

    @property
    def c(self) -> str:
        """Both functions in C."""
        types = [KINDS[name].c for name in self.parameters]
        named = ", ".join(f"{type_} p{n}" for n, type_ in enumerate(types)) or "void"
        kinds = [KINDS[name] for name in self.parameters]
        stores = [kind.stored(slot, f"p{slot}") for slot, kind in enumerate(kinds)]
        passed = ", ".join(kind.fetched(slot) for slot, kind in enumerate(kinds))
        result = KINDS[self.result]
        answer = result.fetched(ANSWER)
        return (
            f"SIMFW_EXPORT {result.c} into_{self.number}({named}) {{\n"
            f"    {' '.join(stores)}\n    return {answer};\n}}\n"
            f"REPLACED {result.c} host_{self.number}({named}) {{ return {answer}; }}\n"
            f"SIMFW_EXPORT void out_{self.number}(void) {{\n"
            f"    {result.c} answer = host_{self.number}({passed});\n"
            f"    {result.stored(ANSWER, 'answer')}\n}}\n"
        )

    @property
    def declaration(self) -> str:
        """Both in conAsm."""
        types = ", ".join(f'"{KINDS[name].c}"' for name in (self.result, *self.parameters))
        result, _, parameters = types.partition(", ")
        backcall = ", ".join(filter(None, (result, '"fw"', f'"into_{self.number}"', parameters)))
        return (
            f'L("into_{self.number}"); backcall({backcall});\n'
            f'F("host_{self.number}") outcall({len(self.parameters)}, {types});\n'
        )


def drawn() -> list[Prototype]:
    """The prototypes: the same in every run, so that the guest is compiled once."""
    dice = random.Random(20240817)
    names = list(KINDS)
    results = [name for name in names if name not in ("text", "pointer")]
    return [
        Prototype(
            number,
            dice.choice(results),
            tuple(dice.choice(names) for _ in range(dice.randrange(0, 13))),
        )
        for number in range(FUNCTIONS)
    ]


PROTOTYPES = drawn()
_PREAMBLE = """
#include <simfw/guest.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define REPLACED SIMFW_EXPORT __attribute__((weak))
volatile uint64_t given[SLOTS], got[SLOTS];
volatile char texts[4096];
union single { uint32_t u; float f; };
union twice { uint64_t u; double f; };
static float bits_float(uint64_t bits) { return (union single){ .u = (uint32_t)bits }.f; }
static double bits_double(uint64_t bits) { return (union twice){ .u = bits }.f; }
static uint64_t float_bits(float value) { return (union single){ .f = value }.u; }
static uint64_t double_bits(double value) { return (union twice){ .f = value }.u; }
static uint64_t hash(const char *text) {
    uint64_t sum = 5381;
    while (*text) sum = sum * 33 + (uint8_t)*text++;
    return sum;
}
int main(void) { return 0; }
"""

SOURCE = _PREAMBLE.replace("SLOTS", str(SLOTS)) + "".join(one.c for one in PROTOTYPES)
SPEC = "".join(one.declaration for one in PROTOTYPES)
