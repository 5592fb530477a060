"""Types that the caller gives to functions which nothing declares: `signature=` and `result=`."""

from __future__ import annotations

from pathlib import Path

import pytest

from conasm.ctypes import parse_prototype
from conasm.errors import TypeSpellingError
from simfw import (
    ArgumentError,
    BindError,
    GuestFunction,
    Machine,
    RangeError,
    SymbolNotFound,
    outcall,
)

SOURCE = """
    #include <simfw/guest.h>
    #include <stddef.h>
    #include <stdint.h>

    SIMFW_EXPORT int32_t weigh(const char *unit, const uint8_t *data, size_t size) {
        int32_t sum = 0;
        while (size--) sum += *data++;
        return unit[0] == '-' ? -sum : sum;
    }
    SIMFW_EXPORT uint8_t low(int n) { return (uint8_t)n; }
    SIMFW_EXPORT int64_t wide(int64_t a, int16_t b) { return a * b; }

    static int64_t handler(int64_t a, int16_t b) { return a - b; }
    __attribute__((weak, noinline)) int subscribe(int64_t (*f)(int64_t, int16_t), void *g) {
        (void)f; (void)g; return 0;
    }
    SIMFW_EXPORT int begin(void) { return subscribe(handler, (void *)low); }
    int main(void) { return 0; }
"""


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def elf(request, build_guest) -> Path:
    return build_guest(SOURCE, xlen=request.param)


@pytest.fixture
def machine(elf) -> Machine:
    return Machine(elf)


def test_a_prototype_gives_arguments_and_result_their_types(machine):
    weigh = machine.function("weigh", "int32_t(const char*, bytes)")
    assert weigh("-", b"\x01\x02") == -3
    assert str(weigh.signature) == "int32_t weigh(const char*, bytes)"
    assert machine.function("wide", "int64_t(int64_t, int16_t)")(1 << 40, -3) == -3 << 40


def test_a_prototype_is_for_addresses_too(machine):
    low = machine.function(machine.address_of("low"), "uint8_t(int)")
    assert (low(0x1FF), low.name) == (255, "low")


def test_arguments_are_checked_by_the_prototype(machine):
    wide = machine.function("wide", "int64_t(int64_t, int16_t)")
    with pytest.raises(RangeError, match=r"argument 2 of wide\(\): int 32768 does not fit int16_t"):
        wide(1, 32768)
    with pytest.raises(ArgumentError, match="takes 2 arguments, not 1"):
        wide(1)


def test_a_function_may_be_given_the_type_of_its_result_alone(machine):
    assert machine.function("low", result="int8_t")(0x1FF) == -1
    assert machine.function("low", result="uint8_t")(0x1FF) == 255
    assert machine.function("low", result="void")(0x1FF) is None


def test_a_call_that_is_begun_may_be_given_the_type_of_its_result(machine):
    call = machine.begin("low", 0x1FF, result="int8_t")
    assert call.advance(1000) and call.result == -1


def test_a_function_is_bound_once_for_each_of_its_types(machine):
    assert machine.function("low", "int(int)") is machine.function("low", "int(int)")
    assert machine.function("low", "int(int)") is not machine.function("low")


def test_addresses_without_number_do_not_pile_up(machine):
    for address in range(0x10000, 0x10000 + 10_000, 2):
        machine.function(address)
    assert len(machine.processes[0].functions._bound) <= 4096


@pytest.mark.parametrize(
    ("prototype", "message"),
    [
        ("int", "a function has a list of parameters"),
        ("", "names no type"),
        ("int(int", "',' or '\\)' is missing"),
        ("int(int) extra", "'extra' is not expected"),
        ("int low(int)", "no such combination of words"),
        ("int(uint23_t)", "unknown type 'uint23_t'; did you mean 'uint32_t'"),
        ("int(int, void)", "void is no parameter"),
        ("x" * 5000, "more than 4000 characters"),
    ],
)
def test_what_is_no_prototype(machine, prototype, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        machine.function("low", prototype)
    assert str(caught.value).startswith("signature= of low(): ")


@pytest.mark.parametrize("prototype", ["struct point(int)", "int(struct point)", "bytes(int)"])
def test_types_that_no_guest_passes(machine, prototype):
    with pytest.raises(BindError, match=r"^low\(\): "):
        machine.function("low", prototype)


def test_types_are_text_and_given_once(machine):
    with pytest.raises(ArgumentError, match="signature=3: give a prototype"):
        machine.function("low", 3)
    with pytest.raises(ArgumentError, match="leave result= out"):
        machine.function("low", "int(int)", "int")
    with pytest.raises(ArgumentError, match="is bound; give types with its name or address"):
        machine.call(machine.function("low"), 1, result="int")
    with pytest.raises(SymbolNotFound):
        machine.function("lov", "int(int)")


def test_types_of_a_declared_function_are_the_declarations(elf, tmp_path):
    spec = tmp_path / "low.cas"
    spec.write_text('L("low"); backcall("uint8_t", "t", "low", "int");')
    machine = Machine(elf, spec=spec)
    with pytest.raises(ArgumentError, match=r"low\(\) is declared at .*low.cas:1:1; .*signature="):
        machine.function("low", "int(int)")


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("void()", ["void"]),
        ("void (void)", ["void"]),
        ("int32_t(char const *, bytes)", ["int32_t", "const char*", "bytes"]),
        ("int *(void (*)(int), long unsigned)", ["int*", "void (*)(int)", "unsigned long"]),
        ("int (*)(int16_t, bool)", ["int", "int16_t", "bool"]),
    ],
)
def test_prototypes(text, types):
    assert [type_.spelling for type_ in parse_prototype(text)] == types


def test_a_prototype_does_not_nest_without_end():
    with pytest.raises(TypeSpellingError, match="nests deeper"):
        parse_prototype("void(" + "void (*)(" * 20 + ")" * 20 + ")")


# Functions that the guest hands over


class Subscriber:
    def __init__(self) -> None:
        self.functions: list[GuestFunction] = []

    @outcall
    def subscribe(self, focus, f: GuestFunction, g: GuestFunction) -> int:
        self.functions += [f, g]
        return 1


def subscribed(elf: Path, spec: Path, parameters: str) -> tuple[GuestFunction, GuestFunction]:
    spec.write_text(f'F("subscribe") outcall(2, "int", {parameters});')
    subscriber = Subscriber()
    Machine(elf, spec=spec, plugins=[subscriber]).call("begin")
    typed, untyped = subscriber.functions
    return typed, untyped


def test_a_function_pointer_is_called_with_the_types_that_are_declared(elf, tmp_path):
    typed, untyped = subscribed(elf, tmp_path / "t.cas", '"int64_t (*)(int64_t, int16_t)", "void*"')
    assert str(typed.signature) == "int64_t handler(int64_t, int16_t)"
    assert typed(1 << 40, -1) == (1 << 40) + 1
    with pytest.raises(RangeError):
        typed(1, 1 << 15)
    assert untyped.signature is None and untyped(0x101) == 1


def test_a_function_pointer_whose_types_cannot_be_passed_is_refused_at_load(elf, tmp_path):
    with pytest.raises(BindError, match=r"argument 1 of subscribe\(\).*struct point cannot cross"):
        subscribed(elf, tmp_path / "t.cas", '"void (*)(struct point)", "void*"')
