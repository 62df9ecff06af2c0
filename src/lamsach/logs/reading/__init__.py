"""A whole log as lines, events or tables, and which format it is of."""
