"""Writing random valid programs: what an assembler knows of them, and nothing of what they do.

chooser     where decisions come from             shape       a belt, position by position
vocabulary  operations and what they take         values      what to read, and how it is spelled
phases      what an instruction does, by phase    blocks      branches, loops, unnamed labels
units       functions, outcalls and data together
"""
