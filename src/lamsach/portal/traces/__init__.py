"""Traces: from an authority's list and a unit's logs to devices and an answer letter."""
