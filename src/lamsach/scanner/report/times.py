"""Times as people write them."""

from __future__ import annotations

from datetime import datetime


def local_time(moment: datetime) -> str:
    """A time on this machine's clock: dd/mm/yyyy HH:MM."""
    return moment.astimezone().strftime("%d/%m/%Y %H:%M")
