"""Scans of fleets: machines that reported a scan, what it found, the silent. Upward go counts."""
