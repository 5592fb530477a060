"""The shipped parse tables: current, equal to the grammar, and quick to start with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lark
import pytest

from conasm import grammar_tables, tables

SAMPLE = 'F("f") %n; con(-1, w) %x, add(b0, "s", \'c\', 1.5); L("x") retn(); D("d") w(1), zero(2);'


def trees(parser: tables.StatementParser) -> list[object]:
    machine, found = parser.parse_interactive(), []
    for token in parser.lex(SAMPLE, True):
        if token.type != "WHITESPACE":
            machine.feed_token(token)
        if token.type == "SEMICOLON":
            found.append(machine.feed_eof(token))
            machine = parser.parse_interactive()
    return found


def test_the_tables_belong_to_the_grammar_as_it_is() -> None:
    assert tables.grammar_digest() == grammar_tables.GRAMMAR_DIGEST


def test_generating_them_again_changes_nothing() -> None:
    if lark.__version__ != grammar_tables.LARK_VERSION:
        pytest.skip(f"the tables were made by lark {grammar_tables.LARK_VERSION}")
    assert Path(grammar_tables.__file__).read_text(encoding="utf-8") == tables.generate()


def test_the_tables_parse_as_the_grammar_does() -> None:
    assert trees(tables.parser()) == trees(tables.analyse())  # type: ignore[arg-type]


def test_another_version_of_lark_has_the_grammar_analysed_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grammar_tables, "LARK_VERSION", "0.0")
    monkeypatch.setattr(grammar_tables, "TABLES", {})
    tables.parser.cache_clear()
    try:
        assert trees(tables.parser()) == trees(tables.analyse())  # type: ignore[arg-type]
    finally:
        tables.parser.cache_clear()


def test_importing_conasm_does_not_import_lark() -> None:
    code = "import sys, conasm; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
