"""EVTX files: chunks, templates, records and their events."""
