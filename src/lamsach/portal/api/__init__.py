"""API for other programs: units, campaign state, answers; one token per unit and program."""
