"""Template words of the scanners."""
