"""The finished event: its place, the unit's own end, and how it is written down."""
