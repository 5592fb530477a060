"""What to say about a symbol that is not there: near matches and the likely cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

_SHOWN = 5
_LONGEST = 80  # characters of a name worth comparing or showing
_COMPARED = 2000  # names compared letter by letter; keeps the worst case below 0.1 s


COMPILED = (
    "If the source has it: the linker drops what nothing refers to (--gc-sections; mark it "
    "__attribute__((used, retain))), and a static function that was inlined everywhere has no "
    "symbol (__attribute__((noinline)))"
)
"""Why compiled code may lack a symbol that its source has."""


def describe_missing(name: str, names: Sequence[str], image: str, advice: str = COMPILED) -> str:
    """The message for a look-up of `name` among the `names` that `image` has."""
    if not names:
        return (
            f"no symbol {_short(name)}: {image} has no symbol table, it was stripped; "
            "link without -s (--strip-all), or use addresses"
        )
    near = list(islice(_near(name, names), _SHOWN))
    hint = f"; nearest: {', '.join(_short(found) for found in near)}" if near else ""
    return f"no symbol {_short(name)} in {image}{hint}. {advice}"


def _short(name: str) -> str:
    return repr(name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…")


def _near(name: str, names: Sequence[str]) -> Iterable[str]:
    """Distinct names like `name`: clones and manglings of it first, then misspellings."""
    if not 1 < len(name) <= _LONGEST:
        return []
    comparable = [other for other in dict.fromkeys(names) if len(other) <= _LONGEST]
    folded = name.casefold()
    containing = [other for other in comparable if folded in other.casefold()]
    containing.sort(key=len)
    return dict.fromkeys(containing[:_SHOWN] + _misspelled(name, comparable))


def _misspelled(name: str, names: Sequence[str]) -> list[str]:
    import difflib  # takes 5 ms to import, and is wanted only after a mistake

    slack = 2 + len(name) // 4
    similar = (other for other in names if abs(len(other) - len(name)) <= slack)
    return difflib.get_close_matches(name, list(islice(similar, _COMPARED)), n=_SHOWN)
