"""What of lists waits: values that a person should look at before they block."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.tasks import MOST, Row, waits
from lamsach.portal.lists import access
from lamsach.portal.lists.models import Doubt, KeptList


def _with_doubts(user: Any) -> list[QuerySet[KeptList]]:
    open_ones = Doubt.objects.filter(decided=None).values("list")
    return [KeptList.objects.filter(unit__in=access.writable(user), pk__in=open_ones)]


@waits(gettext_lazy("Lists to review"), COORDINATORS, 85, _with_doubts)
def to_review(user: Any) -> list[Row]:
    """Lists of the person's units with values that nobody decided about."""
    undecided = Q(doubts__decided=None, doubts__isnull=False)
    rows = KeptList.objects.filter(unit__in=access.writable(user)).annotate(
        waiting=Count("doubts", filter=undecided), first=Min("doubts__found", filter=undecided)
    )
    return [
        Row(
            _("{name}: {count} values to look at").format(name=one.name, count=one.waiting),
            reverse("lists:review", args=(one.pk,)),
            _("Review"),
            timezone.localdate(one.first),
            since=True,
        )
        for one in rows.filter(waiting__gt=0).order_by("name")[:MOST]
    ]
