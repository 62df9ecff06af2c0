"""Tree of units with its history, memberships, and counters of subtrees."""
