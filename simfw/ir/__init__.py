"""The intermediate representation: what an instruction does, in a form every engine reads.

A *block* is a list of effects, in order, over a graph of pure values (`ops`); `builder` makes
and folds it, `spec` states which operand types are legal and verifies, `printer` shows it.
Nothing here knows a guest architecture or an engine.
"""
