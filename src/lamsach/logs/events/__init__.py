"""Finished events: location, the unit's own end, and representation."""
