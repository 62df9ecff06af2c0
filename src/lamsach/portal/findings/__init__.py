"""Findings: imported bundles, devices recognized across them, sightings counted once, and hunts."""
