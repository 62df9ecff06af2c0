"""What of log sources waits: those that are silent."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import WRITERS
from lamsach.portal.base.tasks import MOST, Row, waits
from lamsach.portal.sources.models import LogSource
from lamsach.portal.units.access import writable_units


def _silent(user: Any) -> QuerySet[LogSource]:
    return LogSource.objects.filter(collector__unit__in=writable_units(user), silent_since__isnull=False)


@waits(gettext_lazy("Silent log sources"), WRITERS, 87, lambda user: [_silent(user)])
def silent(user: Any) -> list[Row]:
    """Sources of the person's units that send nothing: their days are blind."""
    return [
        Row(
            f"{one.collector.unit.name}: {one.name}",
            reverse("sources:list"),
            _("See the source"),
            timezone.localdate(one.silent_since),
            since=True,
        )
        for one in _silent(user).select_related("collector__unit").order_by("silent_since")[:MOST]
    ]
