"""Tasks of campaigns: scheduled reminders, reading of uploaded lists, waiting work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS, WRITERS
from lamsach.portal.base.tasks import MOST, NONE, Row, register_rows
from lamsach.portal.campaigns.deadlines import DAYS_BEFORE, UnitDates, dates
from lamsach.portal.campaigns.dispatches import remind
from lamsach.portal.campaigns.lists import read_list
from lamsach.portal.campaigns.models import Campaign, CampaignState, Dispatch, Participation, Recipient
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.mail.models import BadAddress, Letter
from lamsach.portal.units.access import home_units, memberships, own_units
from lamsach.portal.units.counters import fold
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import today, under

EARLIEST_HOUR, LATEST_HOUR = 7, 18


@regular("campaigns.remind", timedelta(minutes=30))
def remind_by_schedule() -> int:
    """Remind units not deployed 7, 3, 1 days before their deadline, on it, and 1, 3, 7 days after."""
    if not EARLIEST_HOUR <= timezone.localtime().hour < LATEST_HOUR:
        return 0
    days = [today() + timedelta(days=days) for days in DAYS_BEFORE]
    own = "unit__participations__"
    waiting = Recipient.objects.filter(
        Q(acknowledged=None, **{f"{own}acknowledge_due__in": days}) | Q(**{f"{own}deploy_due__in": days}),
        **{f"{own}campaign": F("dispatch__campaign")},
        deployed=None,
        dispatch__sent__isnull=False,
        dispatch__sent__date__lt=today(),
        dispatch__campaign__state=CampaignState.RUNNING,
    ).select_related("unit", "dispatch__issuer", "dispatch__campaign")
    by_dispatch: dict[int, list[Recipient]] = {}
    for recipient in waiting.exclude(unit__email="").iterator(chunk_size=1000):
        by_dispatch.setdefault(recipient.dispatch_id, []).append(recipient)
    return sum(_once(group) for group in by_dispatch.values())


regular("units.fold", timedelta(seconds=5))(fold)


def _once(group: list[Recipient]) -> int:

    occasion = f"schedule-{today():%Y%m%d}"
    keys = {f"remind:{recipient.pk}:{occasion}": recipient for recipient in group}
    sent: set[str] = set()
    wanted = list(keys)
    for begin in range(0, len(wanted), 500):
        sent |= set(Letter.objects.filter(key__in=wanted[begin : begin + 500]).values_list("key", flat=True))
    return remind([recipient for key, recipient in keys.items() if key not in sent], None, occasion)


@job("campaigns.read_list")
def read_uploaded_list(progress: Progress, list_id: int) -> int:
    """Read an uploaded list of addresses for the public check."""
    return read_list(list_id, progress.step)


def own_participations(user: Any) -> QuerySet[Participation]:
    """Participations of the person's own units in running campaigns."""
    return Participation.objects.filter(
        unit__in=own_units(user), sent_on__isnull=False, campaign__state=CampaignState.RUNNING
    )


def own_parts(user: Any) -> list[Participation]:
    """The same with their campaigns and units; cached per request."""
    cached: list[Participation] | None = getattr(user, "_own_parts", None)
    if cached is None:
        cached = user._own_parts = list(own_participations(user).select_related("campaign", "unit")[:50])
    return cached


def own_dates(user: Any, wanted: Iterable[tuple[Campaign, int]]) -> dict[tuple[int, int], UnitDates]:
    """Deadlines of units in campaigns; those of own units in running campaigns are cached per request."""
    cached: dict[tuple[int, int], UnitDates] = user.__dict__.setdefault("_own_dates", {})
    missing = [pair for pair in wanted if (pair[0].pk, pair[1]) not in cached]
    if missing:
        cached.update(dates([*missing, *((part.campaign, part.unit_id) for part in own_parts(user))]))
    return cached


def _own_copies(user: Any) -> QuerySet[Any]:
    """Dispatch copies of the person's own units in running campaigns; `to_forward`: to be forwarded."""
    passed = Dispatch.objects.filter(parent=OuterRef("dispatch"), issuer=OuterRef("unit"), sent__isnull=False)
    below = Unit.objects.filter(parent=OuterRef("unit"), valid_until=FOREVER)
    reached = Recipient.objects.filter(dispatch=OuterRef("dispatch"), unit__parent=OuterRef("unit"))
    return Recipient.objects.filter(
        unit__in=own_units(user),
        dispatch__sent__isnull=False,
        dispatch__campaign__state=CampaignState.RUNNING,
    ).annotate(to_forward=Exists(below) & ~Exists(passed) & ~Exists(reached))


def _copies(user: Any) -> list[Any]:
    """Copies to be answered or forwarded; cached per request."""
    copies: list[Any] | None = getattr(user, "_copies", None)
    if copies is None:
        rows = _own_copies(user).filter(Q(deployed=None) | Q(to_forward=True))
        copies = list(
            rows.select_related("dispatch__campaign", "dispatch__issuer", "unit").order_by("pk")[: 4 * MOST]
        )
        user._copies = copies
    return copies


@register_rows(
    gettext_lazy("Dispatches to answer"), WRITERS, 10, lambda user: [_own_copies(user).filter(deployed=None)]
)
def to_answer(user: Any) -> list[Row]:
    """Dispatches to acknowledge, by one button, and acknowledged ones to deploy."""
    rows = [copy for copy in _copies(user) if copy.deployed is None][:MOST]
    dues = own_dates(user, [(copy.dispatch.campaign, copy.unit_id) for copy in rows])
    listed = []
    for copy in rows:
        due = dues[copy.dispatch.campaign_id, copy.unit_id].answer(copy.acknowledged)
        address = reverse("campaigns:recipient", args=(copy.pk,))
        words = f"{copy.unit.name}: {copy.dispatch.subject}"
        if copy.acknowledged:
            listed.append(Row(words, address, _("State deployment"), due.day, due.late))
        else:
            post = {"kind": "acknowledged"}
            listed.append(Row(words, address, _("Acknowledge"), due.day, due.late, post=post))
    return sorted(listed, key=lambda row: (row.day is None, row.day))


@register_rows(
    gettext_lazy("Dispatches to pass on to our units"),
    WRITERS,
    20,
    lambda user: [_own_copies(user).filter(to_forward=True)],
)
def to_forward(user: Any) -> list[Row]:
    """Dispatches to units with subordinates that have not received them."""
    rows = [copy for copy in _copies(user) if copy.to_forward][:MOST]
    dues = own_dates(user, [(copy.dispatch.campaign, copy.unit_id) for copy in rows])
    return [
        Row(
            f"{copy.unit.name}: {copy.dispatch.subject}",
            reverse("campaigns:dispatch_forward", args=(copy.dispatch_id,)),
            _("Pass it on"),
            (due := dues[copy.dispatch.campaign_id, copy.unit_id].acknowledge).day,
            due.late,
        )
        for copy in rows
    ]


def _unreached(user: Any) -> QuerySet[Participation]:
    home = _first_home(user)
    if home is None:
        return Participation.objects.filter(NONE)
    concerned = Q(campaign__owner=home) | Q(
        campaign__in=Participation.objects.filter(unit=home).values("campaign")
    )
    return (
        Participation.objects.filter(concerned, campaign__state=CampaignState.RUNNING, sent_on__isnull=False)
        .filter(unit__in=under([home.pk]).filter(distance__gt=0).values("descendant"), informed_on=None)
        .annotate(address=Lower("unit__email"))
        .filter(Q(unit__email="") | Q(address__in=BadAddress.objects.values("address")))
    )


def _first_home(user: Any) -> Unit | None:
    homes = [m.unit for m in memberships(user) if m.role in COORDINATORS]
    return next((unit for unit in home_units(user) if unit in homes), None)


@register_rows(
    gettext_lazy("Units that no letter reached"), COORDINATORS, 90, lambda user: [_unreached(user)], sum
)
def unreached(user: Any) -> list[Row]:
    """Units without an answer and a working address, by running campaign of the first own unit."""
    home = _first_home(user)
    if home is None:
        return []
    counted = _unreached(user).order_by("-campaign").values_list("campaign", "campaign__name")
    return [
        Row(
            _("{campaign}: {count} units to be called").format(campaign=name, count=count),
            reverse("campaigns:board", args=(campaign,)) + f"?unit={home.pk}&state=unreachable",
            _("See whom to call"),
            count=count,
        )
        for campaign, name, count in counted.annotate(count=Count("pk"))[:MOST]
    ]
