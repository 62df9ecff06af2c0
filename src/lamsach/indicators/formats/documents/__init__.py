"""Documents and texts that people write."""
