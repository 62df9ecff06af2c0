"""Flow records and packets."""
