"""Times of log lines, in every spelling, as UTC."""
