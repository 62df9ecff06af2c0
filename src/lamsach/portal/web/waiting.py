"""What a fresh portal needs, and the daily letter that sums up what waits."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.accounts.models import User
from lamsach.portal.base.links import absolute
from lamsach.portal.base.roles import Role
from lamsach.portal.base.waiting import Row, waiting, waits
from lamsach.portal.base.working_time import is_working_day
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.mail.models import Letter
from lamsach.portal.units.models import Unit

FIRST_HOUR, LAST_HOUR = 7, 11
_MOST_LINES = 30


@waits(gettext_lazy("First steps"), frozenset({Role.ADMINISTRATOR}), 0)
def first_steps(user: Any) -> list[Row]:
    """The units and the people, while there are none."""
    if Unit.objects.count() > 1:
        return []
    return [
        Row(_("Import the units from a sheet"), reverse("units:import"), _("Import")),
        Row(_("Invite people"), reverse("accounts:invite"), _("Invite")),
    ]


def send_daily() -> int:
    """Sum up for everybody who wants it and for whom something waits, once a working day, in the morning; how many letters."""
    now = timezone.localtime()
    if not is_working_day(now.date()) or not FIRST_HOUR <= now.hour < LAST_HOUR:
        return 0
    people = User.objects.filter(is_active=True, daily_letter=True, memberships__isnull=False).distinct()
    keys = {f"daily:{user.pk}:{now:%Y%m%d}": user for user in people}
    known = set(Letter.objects.filter(kind="daily", created__date=now.date()).values_list("key", flat=True))
    drafts = [draft for key, user in keys.items() if key not in known and (draft := _letter(key, user))]
    queue(drafts)
    return len(drafts)


def _letter(key: str, user: User) -> Draft | None:
    """The person's letter; None when nothing waits."""
    with translation.override(user.language):
        groups = [
            {"title": str(title), "lines": [_line(row) for row in rows]} for title, rows in waiting(user)
        ]
    if not groups:
        return None
    context = {
        "name": user.name,
        "count": sum(len(group["lines"]) for group in groups),
        "groups": groups[:_MOST_LINES],
        "address": absolute("web:home"),
        "off": absolute("accounts:me"),
    }
    return Draft("daily", user.email, key, context, language=user.language)


def _line(row: Row) -> str:
    day = f"{row.day:%d/%m/%Y}: " if row.day else ""
    late = f" ({_('late')})" if row.late else ""
    return f"{day}{row.words}{late}"
