"""Whatever is fed in, `ConasmError` is the only exception, and an answer comes soon."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

import conasm
from conasm.errors import ConasmError

VALID = """
// A file with every construct.
F("log")   outcall(2, w, "int32_t", "const char*", "uint32_t");
F("raw");  syscall(404), outcall(0, d);
L("peek"); backcall("uint32_t", "sim", "peek::w", "uint64_t");
    load(b0, 0, w, 0), retn(b0);
F("main") %n;
    con(-0x1f, w) %a, add(%n, 'x') %b, con(1.5e3, d);
    brtr(b0, "end"), br("main", %b);
L("end") %q; retn();
D("table") b(1, 2), asciz("a\\tb\\x00"), zero(8), align(16);
"""
PIECES = st.sampled_from(
    ["F", "L", "D", "include", '("a")', '"', "'", "(", ")", ",", ";", "%x", "b0", "w", "wv", "1",
     "0x", "1e5", "//", "/*", "*/", "\n", " ", "\\", "outcall", "backcall", "syscall", "retn()",
     'outcall(1, w)', 'backcall("int", "n", "a")', "br", "\0", "é", "\ud800", "\r", "\t"]
)  # fmt: skip


def parses_or_complains(text: str) -> None:
    try:
        conasm.parse(text)
    except ConasmError as error:
        assert all(problem.position.line >= 1 for problem in error.problems)
        assert ": error: " in str(error)


def test_the_valid_file_is_valid() -> None:
    assert conasm.parse(VALID).is_belt


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    parses_or_complains(text)


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=300)
def test_any_sequence_of_pieces(text: str) -> None:
    parses_or_complains(text)


@given(st.integers(0, len(VALID)), st.integers(0, 40), PIECES | st.text(max_size=5))
@settings(max_examples=300)
def test_a_valid_file_with_a_piece_replaced(start: int, length: int, piece: str) -> None:
    parses_or_complains(VALID[:start] + piece + VALID[start + length :])


@given(st.integers(0, len(VALID)))
def test_a_valid_file_cut_short(length: int) -> None:
    parses_or_complains(VALID[:length])


@given(st.binary(max_size=200))
def test_any_bytes_in_a_file(tmp_path_factory, content: bytes) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.getbasetemp() / "fuzz.cas"
    path.write_bytes(content)
    try:
        conasm.load(path)
    except ConasmError as error:
        assert str(error).startswith(str(path))
