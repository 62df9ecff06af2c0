"""EVTX files: their chunks, and the JSON of their records."""
