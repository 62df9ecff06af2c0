"""Scans of whole fleets: which machines of a unit reported a scan, what it found, which did not report. Names stay with the unit; upward go counts."""
