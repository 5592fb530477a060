"""Ready-made host functions, each group with the `.cas` file that declares it.

They use the public interface of `simfw` alone, and are the model for plugins of your own.
"""
