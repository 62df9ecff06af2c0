"""Logs kept for a year and searched in seconds: compressed segments, each with a small set of its names."""
