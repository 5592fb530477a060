"""What guest code may do with a range of memory."""

from __future__ import annotations

import enum


class Permissions(enum.IntFlag):
    """Read, write and execute, each a bit; written `r-x` as tools of the field do."""

    NONE = 0
    READ = 1
    WRITE = 2
    EXECUTE = 4

    @property
    def text(self) -> str:
        """The three letters, e.g. `rw-`."""
        letters = zip("rwx", (self.READ, self.WRITE, self.EXECUTE), strict=True)
        return "".join(letter if self & bit else "-" for letter, bit in letters)
