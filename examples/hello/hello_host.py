"""The host's side: the functions that the guest calls."""

from __future__ import annotations

from hello_stubs import demo

from simfw import Focus, outcall


@outcall
def say(focus: Focus, text: str) -> int:
    """Print what the guest says, and which of its functions said it."""
    print(f"  {focus.frame.caller.name}() says: {text}")
    return len(text)


@outcall
def ask(focus: Focus, n: int) -> int:
    """Work out a factorial by calling the guest, which will ask in its turn."""
    indent = "  " * focus.thread.depth
    print(f"{indent}ask({n}): Python calls factorial({n}) in the guest")
    if n == 1:
        print("\nThe calls are nested deepest here:", *focus.backtrace(), sep="\n  ", end="\n\n")
    answer = demo.factorial(focus, n)
    print(f"{indent}ask({n}): it returned {answer}")
    return answer
