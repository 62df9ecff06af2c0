"""Logs kept for a year and searched in seconds: compressed segments of lines, beside each a small set of what
it names.
"""
