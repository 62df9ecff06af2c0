"""Versions of lists: digests, differences, signed releases, and the quality of sources."""
