"""Documents and texts written by people."""
