"""Ready-made guest functions, each group with the `.cas` file that declares it and its stubs.

A stub needs no spec: it works in every guest that has the function.

>>> from backcalls.libc import libc
"""
