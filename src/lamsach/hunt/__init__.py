"""Indicators and logs in, raw sightings out: a fast sieve over raw bytes, then exact matching of the few lines that it passes."""
