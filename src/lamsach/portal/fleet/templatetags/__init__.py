"""Template filters of scanners."""
