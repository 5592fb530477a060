"""The host's side: words for a program, and what it makes of them.

Nothing here knows which kind of guest it serves.
"""

from __future__ import annotations

from collections.abc import Iterable

from both_stubs import words

from simfw import Focus, OutcallArg, outcall


class Words:
    """Gives words to a program and prints what it reports."""

    def __init__(self, given: Iterable[str]) -> None:
        self._given = iter(given)

    @outcall
    def next_word(self, focus: Focus, buffer: OutcallArg, size: int) -> int:
        """Store the next word in the guest's memory."""
        word = next(self._given, "").encode()[: size - 1]
        focus.memory.write(buffer.address, word + b"\0")
        return len(word)

    @outcall
    def report(self, focus: Focus, word: str, value: int) -> None:
        """Print a word, its hash, and that of the word backwards, for which the guest is asked."""
        backwards = words.hash(focus, word[::-1].encode())
        caller = focus.frame.caller.name
        print(f"{caller}() says that {word!r} has the hash {value:08x}; backwards {backwards:08x}")
