"""Feeds and exchange formats: STIX, MISP, OpenIOC, records of unknown structure."""
