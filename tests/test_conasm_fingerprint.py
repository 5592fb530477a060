"""Fingerprints: what changes them and what does not."""

from __future__ import annotations

import pytest

import conasm
from conasm import fingerprint, fingerprint_all

BACKCALL = 'L("g") backcall("int", "n", "a::b", "char const*");'


def outcall_fingerprint(text: str) -> str:
    return fingerprint(conasm.parse(text).outcalls[0])


def backcall_fingerprint(text: str) -> str:
    return fingerprint(conasm.parse(text).backcalls[0])


def test_a_fingerprint_is_sixteen_hex_digits_and_the_same_for_ever() -> None:
    assert outcall_fingerprint('F("log") outcall(2, w);') == "dc6b55105d107219"
    assert backcall_fingerprint(BACKCALL) == "8e6907e426d79fb7"


@pytest.mark.parametrize(
    "text",
    [
        '// comment\n\n  F("log") outcall(1, "void", "char const *"); // more',
        'F("log"); outcall(1, "void", "const char*");',
    ],
)
def test_comments_places_and_spellings_do_not_matter(text: str) -> None:
    plain = outcall_fingerprint('F("log") outcall(1, "void", "const char*");')
    assert outcall_fingerprint(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        'F("lag") outcall(2, w);',
        'F("log") outcall(3, w);',
        'F("log") outcall(2, d);',
        'F("log") outcall(2);',
        'F("log") outcall(2, w, w);',
        'F("log"); syscall(2), outcall(2, w);',
        'F("log") outcall(2, w, "int", "int", "int");',
    ],
)
def test_every_part_of_an_outcall_matters(text: str) -> None:
    assert outcall_fingerprint(text) != outcall_fingerprint('F("log") outcall(2, w);')


@pytest.mark.parametrize(
    "text",
    [
        'L("f") backcall("int", "n", "a::b", "char const*");',
        'L("g") backcall("long", "n", "a::b", "char const*");',
        'L("g") backcall("int", "m", "a::b", "char const*");',
        'L("g") backcall("int", "n", "a::c", "char const*");',
        'L("g") backcall("int", "n", "a::b");',
        'L("g") backcall("int", "n", "a::b", "char*");',
    ],
)
def test_every_part_of_a_backcall_matters(text: str) -> None:
    assert backcall_fingerprint(text) != backcall_fingerprint(BACKCALL)


def test_a_body_does_not_matter() -> None:
    assert backcall_fingerprint(BACKCALL + " retn(b0);") == backcall_fingerprint(BACKCALL)


def test_the_order_of_declarations_does_not_matter_to_the_whole() -> None:
    first, second = conasm.parse('F("a") outcall(1); F("b") outcall(2);').outcalls
    assert fingerprint_all([first, second]) == fingerprint_all([second, first, first])
    assert fingerprint_all([first]) != fingerprint_all([second])
