"""What of e-mail waits: addresses of units from which letters come back."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.waiting import MOST, Row, waits
from lamsach.portal.mail.models import BadAddress
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.models import FOREVER, Unit


def _bad(user: Any) -> QuerySet[Unit]:
    units = writable_units(user, COORDINATORS).filter(valid_until=FOREVER).exclude(email="")
    return units.annotate(address=Lower("email")).filter(address__in=BadAddress.objects.values("address"))


@waits(gettext_lazy("E-mail addresses that do not work"), COORDINATORS, 88, lambda user: [_bad(user)])
def bounced(user: Any) -> list[Row]:
    """Units of the person whose address has to be corrected."""
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
