"""Letterheads of units, for every letter: bodies, place, symbol, signature, recipients."""
