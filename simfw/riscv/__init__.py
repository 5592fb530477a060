"""RISC-V: instruction records by extension, and what reads them.

Nothing here knows an engine; `Isa` is the front end that a process uses.
"""
