"""All processes together, under failures.

Collector, archive, retro-hunt and portal under load while processes are killed, the disk fills, PostgreSQL
stops, clocks jump and segments are truncated. `make chaos`, or `python -m tests.chaos --seconds 600`.
"""
