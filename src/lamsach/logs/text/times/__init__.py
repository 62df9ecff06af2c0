"""Times of log lines in any spelling, converted to UTC."""
