"""The commands of `simfw`, a module each, which has the click command as `command`.

A new command is a module here and its name in `COMMANDS`.
"""

COMMANDS = ("new", "build", "run", "call", "check", "stubs", "headers", "symbols", "disasm", "asm")
"""In the order in which `simfw --help` lists them: as a user meets them."""
