"""Hostile bytes for every reader of foreign data.

`make fuzz`, or `python -m tests.fuzz --inputs 10000000`.
"""
