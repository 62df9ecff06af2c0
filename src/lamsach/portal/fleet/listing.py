"""A unit's own machines in one state, each with its last scan in a campaign."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Case, F, FilteredRelation, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.fleet.models import LookState, Machine
from lamsach.portal.units.models import Unit

SHOWN = {
    "all": _("all"),
    "missing": _("never reported"),
    "silent": _("silent"),
    "found": LookState.FOUND.label,
    "doubtful": LookState.DOUBTFUL.label,
    "cleaned": LookState.CLEANED.label,
    "quiet": LookState.QUIET.label,
    "partial": _("not examined wholly"),
    "unlisted": _("not in the inventory"),
}
"""What `?show=` takes."""
TONES = {"found": "bad", "doubtful": "late", "cleaned": "info", "quiet": "info"}
"""No scan makes a machine clean: nothing found is told, and no more."""
_FIRST = (LookState.FOUND, LookState.DOUBTFUL, None, LookState.CLEANED, LookState.QUIET)


def machines(campaign: Campaign, unit: Unit, show: str, days: int, now: datetime) -> QuerySet[Machine]:
    """The unit's machines that the inventory names or that reported in the campaign; those with most to do first."""
    rows = Machine.objects.filter(unit=unit).annotate(
        look=FilteredRelation("looks", condition=Q(looks__campaign=campaign)),
        **{
            name: F(f"look__{name}")
            for name in (
                "state",
                "received",
                "whole",
                "malicious",
                "suspicious",
                "risk",
                "left",
                "skipped",
                "mode",
                "version",
            )
        },
    )
    rows = rows.filter(Q(listed=True) | Q(look__isnull=False))
    conditions = {
        "missing": Q(look__isnull=True),
        "silent": Q(look__received__lt=now - timedelta(days=days)),
        "partial": Q(look__whole=False),
        "unlisted": Q(listed=False),
        **{state.value: Q(look__state=state) for state in LookState},
    }
    ranks = [
        When(Q(look__isnull=True) if state is None else Q(look__state=state), then=Value(place))
        for place, state in enumerate(_FIRST)
    ]
    rows = rows.annotate(rank=Case(*ranks, default=Value(len(_FIRST)))).order_by("rank", "name", "pk")
    return rows.filter(conditions[show]) if show in conditions else rows
