"""The parse tables of the grammar: shipped ready-made, so that nobody waits for their analysis.

`python -m conasm.tables` writes `grammar_tables.py` from `grammar.lark`; a test fails when it is
stale. The module holds plain data, nothing in it is executed or unpickled. Its layout is lark's
own and may change with lark, so it records the version that wrote it: under another version of
lark the grammar is analysed anew at the first parse of a process, which costs some 20 ms and
changes nothing else. Lark is imported here, and only when something is parsed.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from conasm import grammar_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Lark, Token, Tree

GRAMMAR = Path(__file__).with_name("grammar.lark")

_SHIFT = 0  # how lark's tables mark "go to that state", as opposed to "reduce by that rule"

_HEAD = '''\
"""Parse tables of grammar.lark. Generated: run `python -m conasm.tables`, do not edit."""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

'''


class Machine(Protocol):
    """One parse in progress; what lark calls an interactive parser."""

    def feed_token(self, token: Token) -> object:
        """Take a token; raises `lark.UnexpectedToken` where the grammar has none such."""
        ...

    def feed_eof(self, last_token: Token) -> Tree[Token]:
        """Return the finished tree."""
        ...

    def accepts(self) -> set[str]:
        """Return the names of the terminals that could come next."""
        ...


class StatementParser(Protocol):
    """What the reader uses of lark."""

    def lex(self, text: str, dont_ignore: bool, /) -> Iterator[Token]:
        """Yield the tokens, what the grammar ignores included."""
        ...

    def parse_interactive(self) -> Machine:
        """Begin to parse a statement."""
        ...


def analyse() -> Lark:
    """Return a parser made from the grammar itself."""
    from lark import Lark

    text = GRAMMAR.read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer="basic", start="statement", maybe_placeholders=False)


def grammar_digest() -> str:
    """Return the SHA-256 of the grammar's text."""
    from hashlib import sha256

    return sha256(GRAMMAR.read_bytes()).hexdigest()


def generate() -> str:
    """Return the text of `grammar_tables.py` for the grammar and lark as they are now."""
    from pprint import pformat

    import lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    made: Any = analyse()
    data, memo = made.memo_serialize([TerminalDef, Rule])
    data["parser"]["parser"] = _renumbered(data["parser"]["parser"])
    constants = f'LARK_VERSION = "{lark.__version__}"\nGRAMMAR_DIGEST = "{grammar_digest()}"\n'
    tables = pformat({"data": data, "memo": memo}, indent=1, width=98, compact=True)
    return f"{_HEAD}{constants}\nTABLES: dict[str, Any] = {tables}\n"


def _renumbered(table: dict[str, Any]) -> dict[str, Any]:
    """Return a parse table with its states numbered in order of their discovery.

    Lark numbers them as its sets happen to iterate, otherwise than in the run before.
    """
    names: dict[int, str] = table["tokens"]
    tokens = {name: index for index, name in enumerate(sorted(names.values()))}
    rows = {state: _by_name(actions, names) for state, actions in table["states"].items()}
    order: list[int] = list(table["start_states"].values())
    for state in order:  # grows as it is walked
        targets = (target for shift, target in rows[state].values() if shift == _SHIFT)
        order.extend(dict.fromkeys(target for target in targets if target not in order))
    number = {state: index for index, state in enumerate(order)}
    return {
        "tokens": {index: name for name, index in tokens.items()},
        "states": {
            number[state]: {
                tokens[name]: (action, number[target] if action == _SHIFT else target)
                for name, (action, target) in rows[state].items()
            }
            for state in order
        },
        "start_states": {name: number[state] for name, state in table["start_states"].items()},
        "end_states": {name: number[state] for name, state in table["end_states"].items()},
    }


def _by_name(actions: dict[int, Any], names: dict[int, str]) -> dict[str, Any]:
    """Return the actions of a state in the order of their tokens' names."""
    return dict(sorted((names[token], action) for token, action in actions.items()))


@lru_cache(maxsize=1)
def parser() -> StatementParser:
    """Return the parser of statements, from the shipped tables if this lark wrote them."""
    import lark

    if lark.__version__ != grammar_tables.LARK_VERSION:
        return cast("StatementParser", analyse())
    untyped: Any = lark.Lark
    return untyped.load(grammar_tables.TABLES)  # takes the dictionary as well as a file


if __name__ == "__main__":
    Path(grammar_tables.__file__).write_text(generate(), encoding="utf-8")
