"""Blocks as text."""

from __future__ import annotations

from textwrap import dedent

import pytest

from simfw.ir.printer import text_of
from simfw.riscv.isa import isa


def record(name: str, xlen: int):
    return next(one for one in isa(xlen).records if one.name == name)


@pytest.mark.parametrize(
    ("name", "xlen", "text"),
    [
        ("addi", 32, "%0 = get x[rs1] : i32\nx[rd] = (%0 + {imm12}):i32"),
        ("lui", 64, "x[rd] = {imm20}"),
        ("jalr", 32, """\
            %0 = get x[rs1] : i32
            x[rd] = {next}
            jump ((%0 + {imm12}):i32 & 0xfffffffe):i32"""),
        ("beq", 32, """\
            %0 = get x[rs1] : i32
            %1 = get x[rs2] : i32
            branch (%0 == %1):i1 ? ({pc} + {bimm12}):i32 : {next}"""),
        ("lb", 64, """\
            %0 = get x[rs1] : i64
            %1 = load 1 for read (%0 + {imm12}):i64 : i8
            x[rd] = sext(%1):i64"""),
        ("amoadd.w", 64, """\
            %0 = get x[rs1] : i64
            check misaligned atomic access ((%0 & 3):i64 == 0):i1, %0
            %1 = load 4 for write %0 : i32
            %2 = get x[rs2] : i64
            store 4 %0, (%1 + trunc(%2):i32):i32
            x[rd] = sext(%1):i64"""),
        ("ecall", 32, "exit ecall"),
        ("fence", 32, ""),
    ],
)  # fmt: skip
def test_symbolic_traces(name, xlen, text):
    assert text_of(record(name, xlen).template(xlen)) == dedent(text)


def test_a_concrete_trace_has_its_constants_folded():
    block = record("auipc", 32).block(32, 0x1000, 4, {"rd": 10, "imm20": 0x7000})
    assert text_of(block) == "x[10] = 0x8000"


def test_the_zero_register_is_a_constant_in_a_concrete_trace():
    block = record("addi", 64).block(64, 0, 4, {"rd": 10, "rs1": 0, "imm12": -5})
    assert text_of(block) == "x[10] = 0xfffffffffffffffb"


def test_values_of_values():
    block = record("mulhu", 32).template(32)
    product = "(zext(%0):i64 * zext(%1):i64):i64"
    assert text_of(block).splitlines()[-1] == f"x[rd] = trunc(lshr({product}, 0x20):i64):i32"
