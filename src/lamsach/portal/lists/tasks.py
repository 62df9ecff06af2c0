"""Jobs and regular tasks of lists, and the count of values waiting for a decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.tasks import MOST, Row, register_rows
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.lists import access, documents, origins, outlets, releases
from lamsach.portal.lists.models import Doubt, KeptList

regular("lists.due", timedelta(minutes=1))(origins.due)
regular("lists.used", timedelta(minutes=1))(releases.note_uses)
regular("lists.forget", timedelta(hours=12))(outlets.forget)


@job("lists.read", long=True)
def read(progress: Progress, document_id: int) -> Any:
    """Read a document of a list."""
    return documents.read(document_id, progress.step)


@job("lists.release", long=True)
def release(progress: Progress, list_id: int, note: str) -> Any:
    """Make the next version of a list."""
    user = progress.job.user
    return releases.release(list_id, note, user, progress.step)


@job("lists.taken", long=True)
def taken(progress: Progress, version_id: int) -> Any:
    """Compare a version from an exchange file with the one before, and index it."""
    return releases.compare(version_id)


@job("lists.fetch", long=True)
def fetch(progress: Progress, origin_id: int) -> Any:
    """Fetch a source."""
    return origins.fetch(origin_id)


def _with_doubts(user: Any) -> list[QuerySet[KeptList]]:
    undecided = Doubt.objects.filter(decided=None).values("list")
    return [KeptList.objects.filter(unit__in=access.writable(user), pk__in=undecided)]


@register_rows(gettext_lazy("Lists to review"), COORDINATORS, 85, _with_doubts)
def to_review(user: Any) -> list[Row]:
    """List the user's lists with undecided values."""
    undecided = Q(doubts__decided=None, doubts__isnull=False)
    rows = KeptList.objects.filter(unit__in=access.writable(user)).annotate(
        waiting=Count("doubts", filter=undecided), first=Min("doubts__found", filter=undecided)
    )
    return [
        Row(
            _("{name}: {count} values to look at").format(name=row.name, count=row.waiting),
            reverse("lists:review", args=(row.pk,)),
            _("Review"),
            timezone.localdate(row.first),
            since=True,
        )
        for row in rows.filter(waiting__gt=0).order_by("name")[:MOST]
    ]
