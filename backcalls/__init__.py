"""Ready-made guest functions, each group with the `.cas` file that declares it and its stubs.

`libc` is for what a guest of C has anyway; a stub needs no spec, it works in every guest that has
the function. The other files are code of belt programs, which include them:

    include "backcalls/peek.cas";

>>> from backcalls.libc import libc
>>> from backcalls.peek import peek
"""
