"""The daily letter, and the first steps of a new portal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.accounts.models import User
from lamsach.portal.base.links import absolute
from lamsach.portal.base.queries import aggregate_together
from lamsach.portal.base.roles import Role
from lamsach.portal.base.tasks import Row, register_rows, waiting
from lamsach.portal.base.working_time import is_working_day
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.jobs.queue import regular
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.mail.models import Letter, LetterState
from lamsach.portal.units.models import FOREVER, Unit

FIRST_HOUR, LAST_HOUR = 7, 11
_MOST_LINES = 30
_COUNT = {"n_all": Count("pk")}
TEST = "test"
"""Kind of the test letter."""


def _evidence(user: Any) -> tuple[QuerySet[Any], ...]:
    return (
        Unit.objects.filter(valid_until=FOREVER)[:2],
        User.objects.filter(is_active=True)[:2],
        Campaign.objects.all()[:1],
        Letter.objects.filter(state=LetterState.SENT)[:1],
    )


def _delivers(sent: int) -> bool:
    return bool(sent and settings.SMTP_URL and settings.PUBLIC_URL)


def _missing(counts: Sequence[int]) -> int:
    units, people, campaigns, sent = counts
    return (not _delivers(sent)) + (units < 2) + (people < 2) + (not campaigns)


@register_rows(gettext_lazy("First steps"), frozenset({Role.ADMINISTRATOR}), 0, _evidence, _missing)
def first_steps(user: Any) -> list[Row]:
    """Pending set-up steps (letters, units, people, a campaign), each determined from the data."""
    evidence = _evidence(user)
    counted = aggregate_together(
        [(rows.model.objects.filter(pk__in=rows.values("pk")), _COUNT) for rows in evidence]
    )
    units, people, campaigns, sent = (row["n_all"] for row in counted)
    rows = [] if _delivers(sent) else [_test_letter()]
    if units < 2:
        rows.append(Row(_("Import the units from a sheet"), reverse("units:import"), _("Import")))
    if people < 2:
        rows.append(Row(_("Invite people"), reverse("accounts:invite_many"), _("Invite")))
    if not campaigns:
        rows.append(Row(_("Prepare a campaign"), reverse("campaigns:new"), _("Prepare")))
    return rows


def _test_letter() -> Row:
    last = Letter.objects.filter(kind=TEST).order_by("-pk").first()
    notes = [
        "" if settings.PUBLIC_URL else _("LAMSACH_URL is not set: links in letters lead nowhere."),
        ""
        if settings.SMTP_URL
        else _("LAMSACH_SMTP_URL is not set: letters only become files in the folder outbox."),
        f"{last.get_state_display()}: {last.to} {last.problem}".strip() if last else "",
    ]  # fmt: skip
    address, button = reverse("web:test_letter"), _("Send the test letter")
    return Row(
        _("Send yourself a test letter"),
        address,
        button,
        note=" ".join(filter(None, notes)),
        post={"kind": TEST},
    )


@regular("web.daily", timedelta(minutes=30), long=True)
def send_daily() -> int:
    """Queue daily letters to subscribers with open tasks, once per working morning; return the count."""
    now = timezone.localtime()
    if not is_working_day(now.date()) or not FIRST_HOUR <= now.hour < LAST_HOUR:
        return 0
    people = User.objects.filter(is_active=True, daily_letter=True, memberships__isnull=False).distinct()
    keys = {f"daily:{user.pk}:{now:%Y%m%d}": user for user in people}
    queued = set(Letter.objects.filter(kind="daily", created__date=now.date()).values_list("key", flat=True))
    drafts = [draft for key, user in keys.items() if key not in queued and (draft := _letter(key, user))]
    queue(drafts)
    return len(drafts)


def _letter(key: str, user: User) -> Draft | None:
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
