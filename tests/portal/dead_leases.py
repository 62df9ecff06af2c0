"""Leases of dead workers: times far from those of any test's or database server's clock."""

from __future__ import annotations

from datetime import UTC, datetime

LONG_AGO, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
