"""The interface for other programs: units, campaign state, answers; with one token a unit."""
