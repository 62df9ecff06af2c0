"""Recovery after a restore from a backup: counters in a new epoch, and campaigns returned by partners.

The restored portal does not know which numbers it used since the backup. A counter is an epoch (seconds since
2020 by the portal's clock at the restore; 0 before any) and a number within it, so that later epochs have
higher counters. Until a partner has returned the statements of the lost files (`kinds.Kind.back`), files to
it hold no payloads. Primary keys known to other portals are not used again either.

Campaigns with their dispatches, lists and deadlines return to the portal that signed them. The portal below
stores the newest file with them; the one above trusts only its own signature. Objects get their old primary
keys, so that references in other portals stay valid. Facts that only the sender needs (`own`) were sent along
for this. Of several partners' files the newest by the sender's own clock counts.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy

from lamsach.errors import LamsachError
from lamsach.indicators.releases.seal import load_public_key
from lamsach.portal.base import links
from lamsach.portal.base.storage import copy_of
from lamsach.portal.campaigns.deadline_moves import undo
from lamsach.portal.campaigns.deadlines import refresh
from lamsach.portal.campaigns.dispatches import take_part
from lamsach.portal.campaigns.models import (
    Attachment,
    Campaign,
    DeadlineMove,
    Dispatch,
    IndicatorList,
    Participation,
    Recipient,
)
from lamsach.portal.exchange import campaign_payload, container, units_below
from lamsach.portal.exchange.campaign_payload import CampaignRecord
from lamsach.portal.exchange.container import Head
from lamsach.portal.exchange.kinds import Arrival, BackKind, Payload, PayloadFile, Route, rows
from lamsach.portal.exchange.models import SHIFT, ZERO, Counterpart, OwnKey, Partner, Sent
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.units.models import Unit

MOST = 200


def newest_file(route: Route, kind: str) -> tuple[PayloadFile, ...]:
    """Return the partner's newest file with a kind, as signed."""
    path = "".join(route.partner.held.get(kind, [])[2:])
    present = bool(path) and default_storage.exists(path)
    return (PayloadFile(f"{kind}.zip", copy_of(path)),) if present else ()


def last_known(partner: Partner) -> int:
    """Return the highest counter of our files to the partner that the restored portal knows."""
    made = Sent.objects.filter(partner=partner, made__lt=partner.restored or timezone.now())
    return made.aggregate(last=Max("counter"))["last"] or 0


def read_lost(arrival: Arrival, payload: Payload, kind: str, folder: Path) -> tuple[Head, Payload] | None:
    """Read a lost file that this portal had signed for the partner; None if foreign or not lost."""
    partner = arrival.partner
    with suppress(LamsachError):
        (file,) = payload.files
        keys = OwnKey.objects.filter(unit=partner.unit).values_list("public", flat=True)
        opened = container.read(file.path, [load_public_key(item.encode(), kind) for item in keys], folder)
        ours = (opened.head.sender, opened.head.receiver) == (partner.unit.code, partner.code)
        if ours and opened.head.counter > last_known(partner):
            return next(((opened.head, item) for item in opened.payloads if item.kind == kind), None)
    return None


class CampaignsBack(BackKind):
    """Campaigns of the partner's portal, returned to it after a restore from a backup."""

    name = "campaigns-back"
    title = gettext_lazy("Campaigns, dispatches and lists, returned")
    upward = True
    order = -2
    of: ClassVar[str] = "campaigns"

    def offer(self, route: Route) -> Payload | None:
        """Return the newest file with campaigns."""
        files = newest_file(route, self.of)
        return Payload(self.name, {}, files) if files else None

    def store(self, arrival: Arrival, payload: Payload) -> tuple[Head, list[CampaignRecord]] | None:
        """Verify the signature and store the files of dispatches and the lists."""
        with tempfile.TemporaryDirectory(prefix="lamsach-exchange-") as folder:
            found = read_lost(arrival, payload, self.of, Path(folder))
            if found is None:
                return None
            head, inner = found
            stored = [campaign_payload.stored(file) for file in inner.files]
            records = rows(inner.data["campaigns"], MOST)
            return head, [campaign_payload.read(record, stored) for record in records]

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Restore campaigns to the state sent before."""
        counts = Counter({"campaigns": 0, "dispatches": 0, "lists": 0, "moves": 0})
        if payload.stored is None:
            return counts
        head, records = payload.stored
        for record in records:
            counts.update(_take(arrival, head, record))
        return counts


def _take(arrival: Arrival, head: Head, record: CampaignRecord) -> dict[str, int]:
    """Restore a campaign of our own; campaigns from above are sent again from there."""
    partner = arrival.partner
    campaign = Campaign.objects.filter(pk=record.number).first()
    fresh = campaign is None and record.own.get("owner") == partner.unit_id
    if campaign is None:
        if not fresh:
            return {}
        campaign = _campaign(arrival, record)
    elif campaign.owner_id != partner.unit_id:
        return {}
    at = int(head.made.timestamp())
    known = Counterpart.objects.filter(kind=RETURNED, theirs=str(campaign.pk)).aggregate(last=Max("ours"))
    newest = at >= (known["last"] or 0)
    if newest:
        units_below.remember(partner, RETURNED, campaign.pk, at)
        Campaign.objects.filter(pk=campaign.pk).update(**record.facts)
    counts = {
        "campaigns": int(fresh),
        "dispatches": sum(_dispatch(arrival, campaign, row) for row in record.dispatches),
        "lists": _lists(arrival, campaign, record, head.made) if newest else 0,
        "moves": _moves(arrival, campaign, record, head.made, shared=newest),
    }
    if newest and record.deadlines is not None:
        Campaign.objects.filter(pk=campaign.pk).update(**record.deadlines.days)
    campaign.refresh_from_db()
    refresh(campaign)
    return counts


def _campaign(arrival: Arrival, record: CampaignRecord) -> Campaign:
    days = record.deadlines.days if record.deadlines is not None else {}
    return Campaign.objects.create(
        pk=record.number,
        owner=arrival.partner.unit,
        form=campaign_payload.form_of(record),
        public=bool(record.own.get("public")),
        **record.facts,
        **days,
    )


def _dispatch(arrival: Arrival, campaign: Campaign, row: Mapping[str, Any]) -> int:
    """Restore a dispatch and its missing recipients; return 1 if it is new."""
    own = row["own"]
    if not own:
        return 0
    sent = datetime.fromisoformat(own["sent"])
    made = Dispatch.objects.filter(pk=row["theirs"]).first()
    fresh = made is None
    if made is None:
        issuer = Unit.objects.filter(pk=own["issuer"]).first() or arrival.partner.unit
        made = Dispatch.objects.create(
            pk=row["theirs"],
            campaign=campaign,
            issuer=issuer,
            parent=Dispatch.objects.filter(pk=own["parent"]).first(),
            created_by=arrival.user,
            once=links.nonce(),
            sent=sent,
            deadline=date.fromisoformat(own["deadline"]),
            **{name: row[name] for name in ("number", "day", "subject", "body")},
        )
        Attachment.objects.bulk_create(Attachment(dispatch=made, **asdict(file)) for file in row["files"])
    known = set(Recipient.objects.filter(dispatch=made).values_list("unit", flat=True))
    units = Unit.objects.in_bulk({*own["to"], arrival.unit.pk} - known)
    Recipient.objects.bulk_create(
        [Recipient(dispatch=made, unit=unit) for unit in units.values()], batch_size=1000
    )
    _taking_part(campaign, made, units)
    return int(fresh)


def _taking_part(campaign: Campaign, made: Dispatch, units: Mapping[int, Unit]) -> None:
    """Add participations of the units since the day on which the dispatch was sent."""
    present = set(Participation.objects.filter(campaign=campaign).values_list("unit", flat=True))
    take_part(campaign, units.values(), issuer=made.issuer)
    new = Participation.objects.filter(campaign=campaign, unit__in={*units, made.issuer_id} - present)
    on = timezone.localdate(made.sent)
    new.update(sent_on=on)
    new.filter(unit=made.issuer_id).update(opened_on=on, informed_on=on)


def _lists(arrival: Arrival, campaign: Campaign, record: CampaignRecord, made: datetime) -> int:
    """Add missing lists and withdraw withdrawn ones; return the number added."""
    known, added = set(campaign.lists.values_list("pk", flat=True)), 0
    for number, file in record.lists:
        if number not in known:
            IndicatorList.objects.create(pk=number, campaign=campaign, **asdict(file))
            IndicatorList.objects.filter(pk=number).update(created=made)
            enqueue("campaigns.read_list", arrival.user, list_id=number)
            added += 1
    held = campaign.lists.filter(withdrawn=None, created__lt=arrival.partner.restored or timezone.now())
    held.exclude(pk__in=[number for number, _ in record.lists]).update(withdrawn=timezone.now())
    return added


def _moves(
    arrival: Arrival, campaign: Campaign, record: CampaignRecord, made: datetime, *, shared: bool
) -> int:
    """Add missing moves and undo undone ones, without letters; `shared`: also of more than the unit."""
    if record.deadlines is None:
        return 0
    unit, partner, stated = arrival.unit, arrival.partner, record.deadlines
    ours, own = units_below.ours(partner, unit), {item.number: item for item in stated.own}
    wanted = [(item, item.unit or None) for item in stated.own if shared]
    wanted += [(item, ours.get(item.unit, 0)) for item in stated.moves if item.number not in own]
    present = set(
        DeadlineMove.objects.filter(pk__in=[item.number for item, _ in wanted]).values_list("pk", flat=True)
    )
    units = set(Unit.objects.filter(pk__in={anchor for _, anchor in wanted}).values_list("pk", flat=True))
    added = 0
    for item, anchor in sorted(wanted, key=lambda pair: pair[0].number):
        if item.number in present or (anchor is not None and anchor not in units):
            continue
        DeadlineMove.objects.create(
            pk=item.number,
            campaign=campaign,
            unit_id=anchor,
            **{name: getattr(item, name) for name in ("kind", "scope", "day", "before", "reason")},
            dispatch=Dispatch.objects.filter(pk=item.dispatch).first(),
            by=arrival.user,
        )
        DeadlineMove.objects.filter(pk=item.number).update(at=made)
        added += 1
    now = campaign_payload.make_deadlines(campaign, partner, unit)
    far = {item["number"] for item in now["own"]}
    gone = {item["number"] for item in now["moves"]} - far - {item.number for item in stated.moves}
    gone |= far - own.keys() if shared else set()
    held = DeadlineMove.objects.filter(pk__in=gone, at__lt=partner.restored or timezone.now())
    for move in held.order_by("pk"):
        undo(move, arrival.user, letters=False)
    return added


RETURNED = "returned"
"""Kind of counterpart: timestamp in seconds (`ours`) of the campaign record returned last after a restore."""
LEAP = 10_000
"""Primary keys skipped in each table: more than a portal uses between two backups."""
_NUMBERED = (
    "campaigns.Campaign",
    "campaigns.Dispatch",
    "campaigns.DeadlineMove",
    "campaigns.IndicatorList",
    "cases.Case",
    "units.Unit",
)


@transaction.atomic
def begin_epochs() -> None:
    """Begin a new epoch with every partner; once after a restore, before anything else."""
    now = timezone.now()
    Counterpart.objects.filter(kind=RETURNED).delete()
    for partner in Partner.objects.select_for_update(no_key=True):
        last = max(partner.sent, partner.seen) >> SHIFT
        epoch = max(last + 1, int((now - ZERO).total_seconds()))
        Partner.objects.filter(pk=partner.pk).update(sent=epoch << SHIFT, restored=now)
    for label in _NUMBERED:
        _leap(label)


def _leap(label: str) -> None:
    """Advance the table's primary key sequence by LEAP."""
    model = apps.get_model(label)
    table, highest = model._meta.db_table, model.objects.aggregate(last=Max("pk"))["last"] or 0
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = max(highest, *(row[0] for row in cursor.fetchall()), 0)
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last + LEAP])
        else:
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
            last = max(highest, cursor.fetchone()[0])
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last + LEAP])
