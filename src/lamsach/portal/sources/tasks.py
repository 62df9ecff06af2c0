"""Jobs and regular tasks of sources and archives, and the count of silent sources."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import WRITERS
from lamsach.portal.base.tasks import MOST, Row, register_rows
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.sources import archives, collectors
from lamsach.portal.sources.models import LogSource
from lamsach.portal.units.access import writable_units

regular("sources.lists", timedelta(seconds=10))(archives.plan)
regular("sources.nightly", timedelta(hours=24))(archives.plan_nightly)
regular("sources.silence", timedelta(seconds=30))(collectors.watch)


@job("sources.retro", long=True)
def search(progress: Progress, run_id: int) -> Any:
    """Search a list in an archive."""
    return archives.search(run_id, progress)


@regular("sources.erase", timedelta(hours=12))
def erase() -> None:
    """Delete old live sightings."""
    collectors.erase(settings.RETENTION_DAYS)


def _silent(user: Any) -> QuerySet[LogSource]:
    return LogSource.objects.filter(collector__unit__in=writable_units(user), silent_since__isnull=False)


@register_rows(gettext_lazy("Silent log sources"), WRITERS, 87, lambda user: [_silent(user)])
def silent(user: Any) -> list[Row]:
    """List the silent sources of the user's units, whose days are blind."""
    return [
        Row(
            f"{source.collector.unit.name}: {source.name}",
            reverse("sources:list"),
            _("See the source"),
            timezone.localdate(source.silent_since),
            since=True,
        )
        for source in _silent(user).select_related("collector__unit").order_by("silent_since")[:MOST]
    ]
