"""Log archive for a year, searched in seconds: compressed segments, each with a filter of its names."""
