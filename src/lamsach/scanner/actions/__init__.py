"""Changes to the machine: planned, journalled, reversible. Nothing runs unless a person requested it."""
