"""The command line and what stands behind its commands: writers, builder, listings, new projects.

Nothing outside imports this package, except for `simfw.tools.build`, which tests may use as well.
"""
