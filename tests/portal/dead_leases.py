"""Leases of workers that died: times that no clock of a test or of a database server calls present."""

from __future__ import annotations

from datetime import UTC, datetime

LONG_AGO, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
