"""Indicators and logs in, raw sightings out: a fast sieve over raw bytes, then exact matching."""
