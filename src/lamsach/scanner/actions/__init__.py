"""Changes to the machine: planned, journalled, and undone again.

Nothing here runs unless a person asked for it.
"""
