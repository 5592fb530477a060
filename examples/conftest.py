"""The examples' modules are found as their `main.py` finds them: in the example's directory."""

from __future__ import annotations

import sys
from pathlib import Path

for example in Path(__file__).resolve().parent.iterdir():
    if (example / "README.md").exists():
        sys.path.insert(0, str(example))
