"""Rows with columns: headings, cells, and verdicts of a row on its values."""
