"""Versions of lists: their digest, the difference between two, signed releases, and what each source is
worth.
"""
