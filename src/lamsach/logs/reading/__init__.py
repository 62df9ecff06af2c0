"""Whole logs as lines, events or tables, and detection of their format."""
