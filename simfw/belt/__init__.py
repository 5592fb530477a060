"""Belt guests: operands, operations, members and frames of programs written in conAsm.

kinds        why an operand is no value: the kinds of NaR
members      Tin, Silver, Gold: how long the belt, how late the results
record       one record an operation: header, semantics, sentence
operations   the records, by group
floats       IEEE 754 arithmetic on bit patterns
reference    the page of all operations, written from the records
"""
