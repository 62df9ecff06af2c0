"""Rows with columns: headings, cells, and what a row says of its values."""
