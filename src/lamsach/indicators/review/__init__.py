"""Looking at a list before it is trusted: what in it is dangerous, doubtful or new, and what was decided
about it.
"""
