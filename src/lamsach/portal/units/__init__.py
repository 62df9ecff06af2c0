"""The tree of units, its history, and who belongs to which unit."""
