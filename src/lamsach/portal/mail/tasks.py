"""Periodic tasks of e-mail, and the task list of bouncing addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.tasks import MOST, Row, register_rows
from lamsach.portal.jobs.claims import moment
from lamsach.portal.jobs.models import Clock
from lamsach.portal.jobs.queue import regular
from lamsach.portal.mail.delivery import requeue_after_clock_reset
from lamsach.portal.mail.mailbox import fetch
from lamsach.portal.mail.models import BadAddress
from lamsach.portal.mail.retention import forget_due
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.models import FOREVER, Unit

_SET_BACK = timedelta(minutes=5)
regular("mail.fetch", timedelta(minutes=1))(fetch)
regular("mail.forget", timedelta(hours=12))(forget_due)


@regular("mail.clock", timedelta(minutes=5))
def check_clock() -> None:
    """Detect a clock that was set back and reschedule the letters that it queued."""
    now = moment()
    last_seen, _ = Clock.objects.get_or_create(name="mail.seen", defaults={"last": now})
    if last_seen.last > now + _SET_BACK:
        requeue_after_clock_reset(last_seen.last, now)
    Clock.objects.filter(name="mail.seen").update(last=now)


def _bad(user: Any) -> QuerySet[Unit]:
    units = writable_units(user, COORDINATORS).filter(valid_until=FOREVER).exclude(email="")
    return units.annotate(address=Lower("email")).filter(address__in=BadAddress.objects.values("address"))


@register_rows(gettext_lazy("E-mail addresses that do not work"), COORDINATORS, 88, lambda user: [_bad(user)])
def bounced(user: Any) -> list[Row]:
    """List the user's units with a bouncing address."""
    bad = BadAddress.objects.filter(address=OuterRef("address"))
    units = _bad(user).annotate(bad_since=Subquery(bad.values("since")[:1]))
    return [
        Row(
            f"{unit.name}: {unit.email}",
            reverse("units:edit", args=(unit.pk,)),
            _("Correct the address"),
            timezone.localdate(unit.bad_since),
            since=True,
        )
        for unit in units.order_by("code")[:MOST]
    ]
