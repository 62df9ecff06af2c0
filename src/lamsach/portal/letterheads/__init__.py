"""Letterheads of units: bodies, place, symbol, signature and recipients of their documents."""
