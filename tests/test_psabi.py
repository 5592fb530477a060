"""Where RISC-V guests keep operands, against the psABI's text and clang 22's output.

The vectors whose tests say `as_clang_does` were read from the assembly of
`cc -target riscv32-freestanding-none -O2 -S` and its riscv64 twin (ilp32, lp64).
"""

from __future__ import annotations

import pytest

from conasm.ctypes import DataModel, parse_type
from simfw.convention import Part, Register
from simfw.errors import BindError
from simfw.riscv.psabi import IntegerConvention, SyscallConvention
from simfw.signature import Parameter, Signature
from simfw.types import Untyped

ILP32, LP64 = DataModel.ILP32, DataModel.LP64
SEVEN = ["int"] * 7
EIGHT = ["int"] * 8


def signature(model: DataModel, arguments: list[str], result: str = "void") -> Signature:
    parameters = tuple(Parameter(parse_type(spelling)) for spelling in arguments)
    results = () if result == "void" else (parse_type(result),)
    return Signature("f", parameters, results, model, "f.cas:3:1")


def name(part: Part) -> str:
    return f"a{part.index - 10}" if isinstance(part, Register) else f"sp+{part.offset}"


def places(convention, arguments: list[str]) -> list[str]:
    placement = convention.place(signature(convention.model, arguments))
    return [" ".join(map(name, parts)) for parts in placement.arguments]


RV32, RV64 = IntegerConvention(32), IntegerConvention(64)


def test_arguments_fill_a0_to_a7_in_order():
    expected = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"]
    assert places(
        RV32, ["int8_t", "uint16_t", "int", "bool", "char", "size_t", "void*", "int"]
    ) == (expected)
    assert places(RV64, ["int8_t", "int64_t", "int", "bool", "char", "size_t", "void*", "int"]) == (
        expected
    )


def test_the_first_register_is_x10():
    placement = RV32.place(signature(ILP32, ["int"], "int"))
    assert placement.arguments == ((Register(10),),)
    assert placement.results == ((Register(10),),)


def test_ninth_argument_is_at_offset_0_of_the_stack_as_clang_does():
    assert places(RV32, [*EIGHT, "int"])[8:] == ["sp+0"]
    assert places(RV64, [*EIGHT, "int"])[8:] == ["sp+0"]


def test_stack_arguments_follow_each_other_in_register_wide_slots_as_clang_does():
    more = ["uint8_t", "int8_t", "uint32_t", "bool"]
    assert places(RV32, EIGHT + more)[8:] == ["sp+0", "sp+4", "sp+8", "sp+12"]
    assert places(RV64, EIGHT + more)[8:] == ["sp+0", "sp+8", "sp+16", "sp+24"]


def test_64_bits_on_rv32_take_the_next_two_registers_even_an_odd_first_one_as_clang_does():
    assert places(RV32, ["int", "int64_t", "int"]) == ["a0", "a1 a2", "a3"]


def test_64_bits_on_rv64_take_one_register():
    assert places(RV64, ["int", "int64_t", "int"]) == ["a0", "a1", "a2"]


def test_a_pair_splits_between_a7_and_the_stack_as_clang_does():
    assert places(RV32, [*SEVEN, "int64_t", "int"])[7:] == ["a7 sp+0", "sp+4"]


def test_a_double_without_float_registers_splits_like_an_integer_as_clang_does():
    assert places(RV32, [*SEVEN, "double"])[7:] == ["a7 sp+0"]


def test_64_bits_on_the_stack_of_rv32_are_aligned_to_8_as_clang_does():
    assert places(RV32, [*EIGHT, "int", "int64_t", "int"])[8:] == ["sp+0", "sp+8 sp+12", "sp+16"]
    assert places(RV32, [*EIGHT, "char", "double"])[8:] == ["sp+0", "sp+8 sp+12"]


def test_alignment_after_four_small_stack_arguments_leaves_no_gap_as_clang_does():
    more = ["uint8_t", "int8_t", "uint32_t", "bool", "int64_t", "int"]
    assert places(RV32, EIGHT + more)[12:] == ["sp+16 sp+20", "sp+24"]
    assert places(RV64, EIGHT + more)[12:] == ["sp+32", "sp+40"]


def test_128_bits_on_rv64_take_a_pair_and_16_byte_alignment_on_the_stack():
    assert places(RV64, ["int", "__int128"]) == ["a0", "a1 a2"]
    assert places(RV64, [*SEVEN, "__int128"])[7:] == ["a7 sp+0"]
    assert places(RV64, [*EIGHT, "int", "__int128"])[8:] == ["sp+0", "sp+16 sp+24"]


def test_floats_without_float_registers_go_where_integers_go_as_clang_does():
    assert places(RV32, ["float", "float"]) == ["a0", "a1"]
    assert places(RV32, [*EIGHT, "float", "float", "int"])[8:] == ["sp+0", "sp+4", "sp+8"]
    assert places(RV64, [*EIGHT, "float", "float", "int"])[8:] == ["sp+0", "sp+8", "sp+16"]


def test_bytes_is_a_pointer_and_a_length():
    assert places(RV32, ["int", "bytes", "int"]) == ["a0", "a1", "a2", "a3"]
    assert places(RV32, [*SEVEN, "bytes"])[7:] == ["a7", "sp+0"]


def test_stack_size_counts_the_slots_without_final_padding():
    assert RV32.place(signature(ILP32, EIGHT)).stack_size == 0
    assert RV32.place(signature(ILP32, [*EIGHT, "int"])).stack_size == 4
    assert RV32.place(signature(ILP32, [*EIGHT, "int", "int64_t"])).stack_size == 16
    assert RV64.place(signature(LP64, [*EIGHT, "int", "int"])).stack_size == 16


@pytest.mark.parametrize(
    ("convention", "result", "expected"),
    [
        (RV32, "int8_t", "a0"),
        (RV32, "const char*", "a0"),
        (RV32, "int64_t", "a0 a1"),
        (RV32, "double", "a0 a1"),
        (RV64, "uint64_t", "a0"),
        (RV64, "double", "a0"),
        (RV64, "__int128", "a0 a1"),
    ],
)
def test_results_go_where_a_first_argument_would(convention, result, expected):
    (parts,) = convention.place(signature(convention.model, ["int"], result)).results
    assert " ".join(map(name, parts)) == expected


def test_void_has_no_place():
    assert RV32.place(signature(ILP32, [])).results == ()


def test_128_bits_on_rv32_would_pass_by_reference_and_are_refused():
    with pytest.raises(BindError, match=r"f.cas:3:1: f\(\): __int128 is wider than two registers"):
        RV32.place(signature(ILP32, ["__int128"]))
    with pytest.raises(BindError, match="unsigned __int128 is wider"):
        RV32.place(signature(ILP32, [], "unsigned __int128"))


@pytest.mark.parametrize(
    ("float_bits", "refused", "allowed"),
    [(32, ["float"], ["double"]), (64, ["float", "double"], []), (0, [], ["float", "double"])],
)
def test_only_types_that_the_abi_keeps_in_float_registers_are_refused(float_bits, refused, allowed):
    convention = IntegerConvention(32, float_bits)
    for type_ in refused:
        with pytest.raises(BindError, match=rf"{type_} in floating-point registers.*-mabi=ilp32"):
            convention.place(signature(ILP32, ["int", type_]))
        with pytest.raises(BindError, match="floating-point registers"):
            convention.place(signature(ILP32, [], type_))
    for type_ in allowed:
        convention.place(signature(ILP32, [type_], type_))


def test_hard_float_images_keep_their_integer_functions():
    assert places(IntegerConvention(64, 64), ["int", "float*"]) == ["a0", "a1"]


def test_several_results_are_for_belt_guests():
    several = Signature("divmod", (), (Untyped(4), Untyped(4)), ILP32)
    with pytest.raises(BindError, match=r"divmod\(\): 2 results are for belt guests"):
        RV32.place(several)


def test_a_signature_sized_for_another_guest_is_refused():
    with pytest.raises(BindError, match="sized for LP64, but registers have 32 bits"):
        RV32.place(signature(LP64, ["long"]))


def test_system_calls_have_seven_registers_and_no_stack():
    assert places(SyscallConvention(64), ["int"] * 7) == ["a0", "a1", "a2", "a3", "a4", "a5", "a6"]
    with pytest.raises(BindError, match=r"7 registers for arguments \(a0…a6\), and these need 8"):
        SyscallConvention(64).place(signature(LP64, ["int"] * 8))


def test_a_pair_in_a_system_call_may_not_split():
    assert places(SyscallConvention(32), ["int", "int64_t"]) == ["a0", "a1 a2"]
    with pytest.raises(BindError, match="these need 8"):
        SyscallConvention(32).place(signature(ILP32, ["int"] * 6 + ["int64_t"]))


def test_results_of_system_calls_are_in_a0():
    placement = SyscallConvention(32).place(signature(ILP32, ["int"], "int64_t"))
    assert placement.results == ((Register(10), Register(11)),)
