"""Hostile bytes for everything that reads what others wrote.

`make fuzz`, or `python -m tests.fuzz --inputs 10000000`.
"""
