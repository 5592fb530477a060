"""`python -m simfw` is the command `simfw`."""

from __future__ import annotations

from simfw.tools.cli import main

if __name__ == "__main__":
    main()
