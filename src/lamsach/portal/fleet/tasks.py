"""Regular tasks of fleets."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from lamsach.portal.fleet.inventory import forget_names as forget
from lamsach.portal.jobs.queue import regular


@regular("fleet.forget", timedelta(hours=12))
def forget_names() -> int:
    """Erase the names of machines whose campaigns ended long ago; return their number."""
    return forget(settings.RETENTION_DAYS)
