"""Windows' own logs."""
