"""Scans of fleets: reporting and silent machines, and results; only counts are visible above the unit."""
