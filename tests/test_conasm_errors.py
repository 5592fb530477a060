"""Each mistake of a source, with the exact place and the words of its message."""

from __future__ import annotations

import pytest

import conasm
from conasm.errors import ConasmError, Problem
from conasm.nodes import Position


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConasmError) as caught:
        conasm.parse(text, "x.cas")
    return caught.value.problems


def check(text: str, place: str, words: str) -> None:
    """Expect one problem, at `line:column`, whose message has the words in it."""
    (problem,) = problems(text)
    found = f"{problem.position.line}:{problem.position.column}"
    assert (found, words in problem.message) == (place, True), problem.message


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('F("a") outcall(1 w);', "1:18", "expected ',' or ')' before 'w'"),
        ('F("a") outcall(1, w)\nF("b") outcall(1);', "1:21", "expected ';' or ',' before 'F'"),
        ('F("a") outcall(1, w)', "1:21", "expected ';' or ',' before the file's end"),
        ("F(a) outcall(1);", "1:3", "expected a string before 'a'"),
        ('F("a") outcall(1,);', "1:18", "expected an argument before ')'"),
        ('F("a") outcall 1;', "1:16", "expected '(' before '1'"),
        ('F("a") outcall(1);;', "1:19", "nothing stands before this ';'"),
        ('F("a") @outcall(1);', "1:8", "'@' has no meaning here"),
        ('F("a") %;', "1:8", "'%' has no meaning here"),
        ('F("a") outcall(1); /* open', "1:20", "*/ is missing"),
        ('F("a) outcall(1);', "1:3", "this string is not closed on its line"),
        ('F("a") con(\'x, w), retn();', "1:12", "this character is not closed on its line"),
        ('F("a") con(12ab, w), retn();', "1:12", "'12ab' is no number"),
        ('F("a") con(0x, w), retn();', "1:12", "'0x' is no number"),
        ('F("a") con(1.2.3, w), retn();', "1:12", "'1.2.3' is no number"),
        ('F("a") con(.5, w), retn();', "1:12", "'.5' is no number"),
        ('F("a") con(017, w), retn();', "1:12", "octal is written 0o17"),
        ('F("a") con(1e999, d), retn();', "1:12", "beyond the range of a double"),
        ("F(\"a\") con('ab', b), retn();", "1:12", "not one ASCII character"),
        ("F(\"a\") con('', b), retn();", "1:12", "not one ASCII character"),
        ("F(\"a\") con('é', b), retn();", "1:12", "not one ASCII character"),
        ('F("a") add(b32, 1), retn();', "1:12", "they are b0 to b31"),
        ('D("t") asciz("ab\\q");', "1:17", "unknown escape '\\q'"),
        ('D("t") asciz("\\x4");', "1:15", "unknown escape '\\x'"),
        ('D("t") asciz("\\400");', "1:15", "more than a byte"),
        ('D("t") asciz("\\ud800");', "1:15", "is no character"),
    ],
)
def test_syntax(text: str, place: str, words: str) -> None:
    check(text, place, words)


@pytest.mark.parametrize("digits", ["1" * 40, "9" * 5000, "0x1" + "0" * 32])
def test_an_integer_beyond_128_bits(digits: str) -> None:
    check(f'F("a") con({digits}, q), retn();', "1:12", "does not fit into 128 bits")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('F("a") outcall();', "1:8", "takes the count of its arguments first"),
        ('F("a") outcall("int");', "1:16", "takes the count of its arguments first"),
        ('F("a") outcall(-1);', "1:16", "0 to 127"),
        ('F("a") outcall(128);', "1:16", "0 to 127"),
        ('F("a") outcall(1, x);', "1:19", "unknown width 'x'; a width is b, h, w, d or q"),
        ('F("a") outcall(1, int);', "1:19", "a C type stands in double quotes"),
        ('F("a") outcall(1, wv);', "1:19", "vector widths such as 'wv' are reserved"),
        ('F("a") outcall(1, "int", w);', "1:26", "then widths of results, then"),
        ('F("a") outcall(1, w, 2);', "1:22", "then widths of results, then"),
        ('F("a") outcall(2, "void", "int");', "1:16", "the types make 1 guest arguments"),
        ('F("a") outcall(1, "void", "bytes");', "1:16", "'bytes' makes two"),
        ('F("a") outcall(1, w, "int64_t", "int");', "1:19", "width w is 4 bytes"),
        ('F("a") outcall(1, w, "void", "int");', "1:19", "which 'void' has not"),
        ('F("a") outcall(1, d, d, "int", "int");', "1:22", "types name one result"),
        ('F("a") outcall(0, "bytes");', "1:19", "'bytes' cannot be the result of an outcall"),
        ('F("a") outcall(0, "struct p");', "1:19", "allowed: void, bool, an integer type"),
        ('F("a") outcall(1, "int", "void");', "1:26", "'void' is no parameter's type"),
        ('F("a") outcall(1, "int", "uin32_t");', "1:26", "did you mean 'uint32_t'"),
        ('F("a") outcall(1, "int", "int&");', "1:26", "use a pointer"),
        ('F("a b") outcall(1);', "1:3", "'a b' cannot name a function"),
        ('F("") outcall(1);', "1:3", "'' cannot name a function"),
        ('F("naïve") outcall(1);', "1:3", "cannot name a function"),
        ('F("a") %n outcall(1);', "1:8", "leave out '%n'"),
        ('F("a") outcall(1) %r;', "1:19", "leave out '%r'"),
        ('F("a"); syscall(-1), outcall(0);', "1:9", "one number, 0 to 2147483647"),
        ('F("a"); syscall(2147483648), outcall(0);', "1:9", "one number, 0 to 2147483647"),
        ('F("a"); syscall("x"), outcall(0);', "1:9", "one number"),
        ('F("a"); syscall(1, 2), outcall(0);', "1:9", "one number"),
        ('F("a"); syscall(404);', "1:9", "outcall is missing"),
        ('F("a"); outcall(1), outcall(1);', "1:21", "a second outcall"),
        ('F("a"); outcall(1), nop();', "1:21", "outcall stands alone, or with syscall"),
        ('F("a"); outcall(1); nop();', "1:21", 'nothing may follow the outcall of F("a")'),
        ('F("a"); nop(); outcall(1);', "1:16", "outcall must be the whole body"),
        ('F("a"); nop(); syscall(1);', "1:16", "syscall goes with outcall"),
        ("outcall(1);", "1:1", 'this is in no function; F("name") begins one'),
        ('F("a") outcal(1, w);', "1:8", "unknown operation 'outcal'; did you mean 'outcall'?"),
        ('F("a"); F("b") outcall(0);', "1:1", 'F("a") has no body'),
    ],
)
def test_outcalls(text: str, place: str, words: str) -> None:
    check(text, place, words)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('L("a") backcall();', "1:8", "takes result type, namespace and name"),
        ('L("a") backcall("int", "n");', "1:8", "takes result type, namespace and name"),
        ('L("a") backcall("int", "n", "a", w);', "1:34", "takes strings only"),
        ('L("a") backcall("bytes", "n", "a");', "1:17", "'bytes' cannot be the result"),
        ('L("a") backcall("enum e", "n", "a");', "1:17", "allowed: void, bool, an integer type"),
        ('L("a") backcall("dobule", "n", "a");', "1:17", "did you mean 'double'"),
        ('L("a") backcall("int", "n", "a", "void");', "1:34", "'void' is no parameter's type"),
        ('L("a") backcall("int", "n m", "a");', "1:24", "'n m' cannot name a namespace"),
        ('L("a") backcall("int", "n::m", "a");', "1:24", "'n::m' cannot name a namespace"),
        ('L("a") backcall("int", "n", "a::");', "1:29", "'a::' cannot name a host function"),
        ('L("a") backcall("int", "n", "a::b-c");', "1:29", "cannot name a host function"),
        ('L("a") backcall("int", "n", "a::b::c::d::e::f::g::h::i");', "1:29", "more than 8 parts"),
        ('L("a-b") backcall("int", "n", "a");', "1:3", "'a-b' cannot name a function"),
        ('L("a") backcall("int", "n", "a") %r;', "1:34", "leave out '%r'"),
        ('L("a") backcall("int", "n", "a"), nop();', "1:35", "end it with ';'"),
        ('L("a"); nop(), backcall("int", "n", "a");', "1:9", 'must come first under L("a")'),
        ('F("f"); nop(); backcall("int", "n", "a");', "1:16", "must come first under its label"),
        ('F("f"); backcall("int", "n", "a");', "1:9", "must come first under its label"),
        ('L("a");', "1:1", 'L("a") is in no function'),
        ('F("f") outcall(0); L("a");', "1:20", "a backcall's before backcall(…)"),
        ('L("a") backcall("int", "n", "a"); F("f") retn();', "1:1", "'a' has no body"),
    ],
)
def test_backcalls(text: str, place: str, words: str) -> None:
    check(text, place, words)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('F("a") outcall(1);\nF("a") outcall(2);', "2:1", "the first is in x.cas:1"),
        ('F("a") outcall(1);\nF("a"); syscall(1), outcall(1);', "2:1", "declared twice"),
        ('L("a") backcall("int","n","a");\nL("a") backcall("int","n","b");', "2:1", "differently"),
        ('L("a") backcall("int","n","x");\nL("b") backcall("int","n","x");', "2:1", "'n::x' calls"),
        (
            'F("a"); syscall(9), outcall(0);\nF("b"); syscall(9), outcall(0);',
            "2:1",
            "is 'a' already",
        ),
        (
            'F("a") retn();\nF("a") retn();',
            "2:1",
            "as a function in x.cas:1, and",
        ),
        ('F("a") outcall(0);\nF("a") retn();', "2:1", "as an outcall in x.cas:1"),
        ('D("a") w(1);\nF("a") retn();', "2:1", "as data in x.cas:1"),
        ('F("a") outcall(0);\nL("a") backcall("int","n","a");', "2:1", "'a' is an outcall"),
    ],
)
def test_duplicates(text: str, place: str, words: str) -> None:
    check(text, place, words)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('F("f") add(b0, b1);', "1:8", "br or retn must be its last operation"),
        ('F("f") retn(); L("x"); nop();', "1:24", 'the block L("x") does not end'),
        ('F("f") nop(); L("x") retn();', "1:8", 'the block F("f") does not end'),
        ('F("f") brtr(b0, "f");', "1:8", "br or retn must be its last operation"),
        ('F("f") retn(); nop(); nop();', "1:16", "code after retn"),
        ('F("f") br("f"), nop();', "1:17", "code after br"),
        (
            'F("f") br("lop"); L("loop") retn();',
            "1:11",
            "'lop'; did you mean 'loop'?",
        ),
        ('F("f") brtr(b0, "gone"), retn();', "1:17", "undefined label 'gone'"),
        ('F("f") retn(); L("x") retn();\nL("x") retn();', "2:1", 'the first L("x") is in line 1'),
        ('F("f") adds(b0, b1), retn();', "1:8", "unknown operation 'adds'; did you mean"),
        ('F("f") con(1, dv), retn();', "1:15", "vector widths such as 'dv' are reserved"),
        ('F("f") retn(); L("a b") retn();', "1:18", "'a b' cannot name a label"),
        ('D("t") word(1);', "1:8", "unknown data directive 'word'"),
        ('D("t") w(1) %x;', "1:13", "data has no named results"),
        ('D("t t") w(1);', "1:1", "'t t' cannot name data"),
        ('D("t") w(1); retn();', "1:14", "this is in no function"),
        ('F("f") retn(); D("t") w(1); L("x") retn();', "1:29", 'L("x") is in no function'),
    ],
)
def test_structure_of_belt_code(text: str, place: str, words: str) -> None:
    check(text, place, words)


def test_the_error_for_adds_names_add_and_addss() -> None:
    (problem,) = problems('F("f") adds(b0, b1), retn();')
    assert "'add'" in problem.message
    assert "'addss'" in problem.message


# --- reporting


def test_a_problem_is_one_line_then_the_source_line_then_the_caret() -> None:
    with pytest.raises(ConasmError) as caught:
        conasm.parse('\n\tF("a") outcall(1 w);', "dir/x.cas")
    assert str(caught.value) == (
        "dir/x.cas:2:19: error: expected ',' or ')' before 'w'\n"
        '\tF("a") outcall(1 w);\n'
        "\t                 ^"
    )


def test_all_problems_of_a_file_are_reported_in_order() -> None:
    text = (
        'F("late") outcall(1, x);\n'
        'F("a") outcall(1 w);\n'
        "F(b) outcall(1);\n"
        'L("c") backcall("bytes", "n", "c");\n'
        'F("d") outcall(1)\n'
        'F("e") outcall(y);\n'
    )
    assert [problem.position.line for problem in problems(text)] == [1, 2, 3, 4, 5, 6]


def test_a_lost_statement_brings_no_problems_along() -> None:
    check('F("f") br("loop"); L("loop") add(b0 b1); retn();', "1:37", "before 'b1'")


def test_a_lost_declaration_takes_the_code_behind_it_along() -> None:
    check('F("f" outcall(1); add(b0, 1); L("x") add(b0, 1);', "1:7", "before 'outcall'")


def test_a_string_that_is_not_closed_costs_its_line_only() -> None:
    places = [
        (problem.position.line, problem.position.column)
        for problem in problems('F("a) outcall(1);\nF("b") outcall(x);')
    ]
    assert places == [(1, 3), (2, 16)]


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    (problem,) = problems('F("\x1b[2J") outcall(1);')
    assert "\x1b" not in str(problem)
    assert "'·[2J'" in problem.message


def test_a_long_line_is_cut_around_the_caret() -> None:
    (problem,) = problems(" " * 5000 + 'F("a") outcall(1 w);' + " " * 5000)
    _, line, caret = str(problem).split("\n")
    assert len(line) <= 160
    assert line[caret.index("^")] == "w"


def test_noise_does_not_flood_the_report() -> None:
    found = problems(";" * 5000)
    assert len(found) == 1001
    assert found[-1].message == "more than 1000 errors; the rest is not shown"


def test_a_problem_without_a_line_has_its_caret_at_the_margin() -> None:
    assert str(Problem(Position("x.cas", 1, 1), "it is")) == "x.cas:1:1: error: it is\n\n^"
