"""What of document exchange waits: dispatches and statuses to decide about."""

from __future__ import annotations

from typing import Any

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.waiting import Row, waits
from lamsach.portal.edxml.access import messages
from lamsach.portal.edxml.models import State


@waits(gettext_lazy("Exchanged documents"), COORDINATORS, 78)
def to_file(user: Any) -> list[Row]:
    """What came and waits to be filed under a campaign."""
    rows = messages(user).filter(state=State.WAITING, outgoing=False)
    count = rows.count()
    if not count:
        return []
    first = rows.aggregate(first=Min("at"))["first"]
    words = _("Documents that wait for a decision: {count}").format(count=count)
    day = timezone.localdate(first) if first else None
    return [Row(words, reverse("edxml:overview"), _("Decide"), day, since=True, count=count)]
