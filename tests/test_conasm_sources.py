"""Source files and includes: what is read, what is refused, and where the blame goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import conasm
from conasm.errors import ConasmError, Problem


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that writes a file of the current directory, which is empty at first."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> str:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return write


def problem(path: str, search: tuple[str, ...] = ()) -> Problem:
    with pytest.raises(ConasmError) as caught:
        conasm.load(path, search)
    (found,) = caught.value.problems
    return found


# --- one file


def test_a_file_is_loaded_under_the_name_it_was_given(write) -> None:
    unit = conasm.load(Path(write("sub/a.cas", 'F("a") outcall(1);')))
    assert unit.file == "sub/a.cas"
    assert str(unit.outcalls[0].position) == "sub/a.cas:1:1"


@pytest.mark.parametrize("content", ["", "  \n\t\r\n", "// nothing\n/* at all */"])
def test_an_empty_file(write, content: str) -> None:
    assert "the file is empty" in problem(write("a.cas", content)).message


def test_a_file_that_is_not_utf_8_names_byte_and_place(write) -> None:
    found = problem(write("a.cas", b'F("a") outcall(1);\n// caf\xe9 \n'))
    assert str(found.position) == "a.cas:2:7"
    assert found.message == "the file is not UTF-8: byte 0xe9"
    assert found.source_line == "// caf\ufffd "


def test_a_nul_character(write) -> None:
    found = problem(write("a.cas", 'F("a")\noutcall(\0);'))
    assert (str(found.position), "NUL" in found.message) == ("a.cas:2:9", True)


def test_a_file_over_the_limit(write) -> None:
    assert "larger than 1048576 bytes" in problem(write("a.cas", b"/" * (2**20 + 1))).message


def test_a_file_of_exactly_the_limit_is_read(write) -> None:
    text = 'F("a") outcall(1); //'
    assert conasm.load(write("a.cas", text.ljust(2**20))).outcalls


def test_a_text_over_the_limit() -> None:
    with pytest.raises(ConasmError, match="larger than 1048576 bytes"):
        conasm.parse("é" * (2**19 + 1))


def test_a_text_with_a_lone_surrogate() -> None:
    with pytest.raises(ConasmError, match="<text>:1:3: error: the text has a lone surrogate"):
        conasm.parse("//\ud800")


def test_a_missing_file(write) -> None:
    assert problem("none.cas").message == "the file cannot be read: No such file or directory"


@pytest.mark.parametrize("name", [".", "/dev/zero", "a\0b", "x" * 5000])
def test_what_is_no_file(write, name: str) -> None:
    assert "the file cannot be read" in problem(name).message


def test_a_pipe_is_not_waited_for(write) -> None:
    os.mkfifo("pipe.cas")
    assert "it is no regular file" in problem("pipe.cas").message


# --- includes


def test_an_include_stands_for_what_the_file_declares(write) -> None:
    write("b.cas", 'F("b") outcall(1);')
    unit = conasm.load(write("a.cas", 'F("a") outcall(1); include "b.cas"; F("c") outcall(1);'))
    assert [outcall.name for outcall in unit.outcalls] == ["a", "b", "c"]
    assert list(unit.sources) == ["a.cas", "b.cas"]


def test_an_include_is_relative_to_the_including_file(write) -> None:
    write("sub/deep/c.cas", 'F("c") outcall(1);')
    write("sub/b.cas", 'include "deep/c.cas";')
    unit = conasm.load(write("a.cas", 'include "sub/b.cas";'))
    assert str(unit.outcalls[0].position) == "sub/deep/c.cas:1:1"


def test_the_search_path_comes_after_the_files_own_directory(write) -> None:
    write("lib/b.cas", 'F("far") outcall(1);')
    write("lib/c.cas", 'F("found") outcall(1);')
    write("b.cas", 'F("near") outcall(1);')
    unit = conasm.load(write("a.cas", 'include "b.cas"; include "c.cas";'), ["none", "lib"])
    assert [outcall.name for outcall in unit.outcalls] == ["near", "found"]


def test_a_text_includes_beside_the_name_it_is_given(write) -> None:
    write("sub/b.cas", 'F("b") outcall(1);')
    assert conasm.parse('include "b.cas";', "sub/a.cas").outcalls


def test_an_include_that_is_nowhere_names_the_places(write) -> None:
    found = problem(write("sub/a.cas", 'include "b.cas";'), ("lib",))
    assert str(found.position) == "sub/a.cas:1:9"
    assert found.message == "'b.cas' is in none of the directories sub, lib"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "a\\nb"])
def test_an_include_is_a_relative_path(write, name: str) -> None:
    found = problem(write("a.cas", f'include "{name}";'))
    assert "names a file by a relative path" in found.message


def test_a_cycle_of_includes_shows_the_chain(write) -> None:
    write("c.cas", '\n\ninclude "a.cas";')
    write("b.cas", '\ninclude "c.cas";')
    found = problem(write("a.cas", 'include "b.cas";'))
    assert str(found.position) == "c.cas:3:9"
    assert found.message == "this include is a cycle: a.cas:1 -> b.cas:2 -> c.cas:3 -> a.cas"


def test_a_file_that_includes_itself(write) -> None:
    assert "a cycle: a.cas:1 -> a.cas" in problem(write("a.cas", 'include "a.cas";')).message


def test_a_second_inclusion_shows_both_chains(write) -> None:
    write("d.cas", 'F("d") outcall(1);')
    write("b.cas", 'include "d.cas";')
    found = problem(write("a.cas", 'include "b.cas";\ninclude "d.cas";'))
    assert str(found.position) == "a.cas:2:9"
    assert found.message == (
        "this file is included already: first by a.cas:1 -> b.cas:1 -> d.cas, "
        "here by a.cas:2 -> d.cas"
    )


def test_a_link_is_the_file_it_leads_to(write) -> None:
    write("b.cas", 'F("b") outcall(1);')
    Path("link.cas").symlink_to("b.cas")
    found = problem(write("a.cas", 'include "b.cas"; include "link.cas";'))
    assert "included already" in found.message


def test_includes_do_not_nest_without_end(write) -> None:
    for number in range(40):
        write(f"{number}.cas", f'include "{number + 1}.cas";')
    assert "includes nest deeper than 32" in problem("0.cas").message


def test_includes_do_not_add_up_without_end(write) -> None:
    for number in range(4):
        write(f"{number}.cas", f'F("f{number}") outcall(1);//'.ljust(2**20))
    text = "".join(f'include "{number}.cas";' for number in range(4))
    found = problem(write("a.cas", text))
    assert "larger than 4194304 bytes with its includes" in found.message


def test_problems_of_an_included_file_come_behind_those_of_its_includer(write) -> None:
    write("b.cas", 'F("b") outcall(x);')
    with pytest.raises(ConasmError) as caught:
        conasm.load(write("a.cas", 'include "b.cas";\nF("a") outcall(x);'))
    places = [str(found.position) for found in caught.value.problems]
    assert places == ["a.cas:2:16", "b.cas:1:16"]


def test_no_function_reaches_across_an_include(write) -> None:
    write("b.cas", "retn();")
    assert (
        "this is in no function"
        in problem(write("a.cas", 'F("f") retn(); include "b.cas";')).message
    )
