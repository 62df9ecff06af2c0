"""Temporary views of single cases, granted by offline units in exchange files.

A file lists all active grants: views missing in the newest file are erased, as are expired ones. Their data
are encrypted with the portal's secret key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import CaseSeverity, CaseState, Grant
from lamsach.portal.cases.upkeep import sightings_of
from lamsach.portal.exchange import units_below
from lamsach.portal.exchange.answer_kinds import participating_campaign
from lamsach.portal.exchange.kinds import Arrival, Payload, Route, day, number, rows, text
from lamsach.portal.exchange.models import Partner
from lamsach.portal.exchange.unit_keys import lock, unlock
from lamsach.portal.findings.models import EvidenceLine, Sighting
from lamsach.portal.privacy.models import GrantedView
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under

MOST = 500
MOST_SIGHTINGS, MOST_LINES = 200, 20
LONGEST = timedelta(days=91)
FACTS = {"name": 255, "ip": 45, "mac": 17, "user": 255, "department": 255}
"""Columns of the machine, with maximum lengths."""
NAME = "grants"


def active(route: Route) -> list[Grant]:
    """List active grants of our unit and all units under it to the partner."""
    below = under([route.unit.pk]).values("descendant")
    grants = Grant.objects.filter(
        to__code=route.partner.code, case__unit__in=below, until__gt=timezone.now(), ended=None
    ).exclude(case__device__key__startswith="purged:")
    return list(grants.select_related("case__unit", "case__device").order_by("pk")[:MOST])


def payload_records(route: Route) -> list[dict[str, Any]]:
    """Return a record per granted case of a campaign known to the partner, with its latest expiry."""
    records: dict[int, dict[str, Any]] = {}
    campaigns = units_below.all_theirs(route.partner, "campaign")
    for grant in active(route):
        case = grant.case
        campaign = campaigns.get(case.campaign_id)
        record = records.get(case.pk)
        if campaign is None or (record and record["until"] >= grant.until.isoformat()):
            continue
        members = [case.device_id, *case.device.parts.values_list("pk", flat=True)]
        lines = EvidenceLine.objects.filter(device__in=members, campaign=case.campaign_id)
        records[case.pk] = {
            "number": case.number,
            "campaign": int(campaign),
            "unit": case.unit.code,
            "until": grant.until.isoformat(),
            "reason": grant.reason,
            "state": case.state,
            "since": case.since.isoformat(),
            "severity": case.severity,
            "machine": {name: getattr(case.device, name) for name in FACTS},
            "sightings": _sightings(sightings_of(case.campaign_id, case.device_id)),
            "lines": [[line.time, line.text] for line in lines[:MOST_LINES]],
        }
    return list(records.values())


def _sightings(seen: list[Sighting]) -> list[dict[str, Any]]:
    totals: dict[str, dict[str, Any]] = {}
    for item in seen:
        row = totals.setdefault(
            item.indicator, {"indicator": item.indicator, "threat": item.threat, "count": 0, "passed": 0}
        )
        row["count"] += item.count
        row["passed"] += item.passed
        row["first"] = min(row.get("first", item.day.isoformat()), item.day.isoformat())
        row["last"] = max(row.get("last", item.day.isoformat()), item.day.isoformat())
    return sorted(totals.values(), key=lambda row: (-row["count"], row["indicator"]))[:MOST_SIGHTINGS]


@dataclass(frozen=True, slots=True)
class Granted:
    """Validated grant of a file."""

    number: str
    unit: Unit
    campaign: Campaign
    until: datetime
    reason: str
    data: Mapping[str, Any]


def read(arrival: Arrival, payload: Payload) -> Iterator[Granted]:
    """Validate grants. KeyError, TypeError or ValueError if malformed, InputError for a foreign campaign."""
    units = {
        unit.code: unit for unit in Unit.objects.filter(pk__in=under([arrival.unit.pk]).values("descendant"))
    }
    numbers: set[str] = set()
    for row in rows(payload.data["grants"], MOST):
        until = datetime.fromisoformat(text(row["until"], 40))
        name = text(row["number"], 20)
        if until.tzinfo is None or until > arrival.made + LONGEST or name in numbers:
            raise ValueError("no such grant")
        numbers.add(name)
        unit = units[text(row["unit"], 60)]
        data = {
            "state": CaseState(row["state"]).value,
            "since": day(row["since"]).isoformat(),
            "severity": CaseSeverity(number(row["severity"])).value,
            "machine": {fact: text(row["machine"][fact], most) for fact, most in FACTS.items()},
            "sightings": [_sighting(item) for item in rows(row["sightings"], MOST_SIGHTINGS)],
            "lines": [_line(item) for item in row["lines"][:MOST_LINES]],
        }
        campaign = participating_campaign(arrival.unit, row["campaign"])
        yield Granted(name, unit, campaign, until, text(row["reason"], 500), data)


def _sighting(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "indicator": text(row["indicator"], 500),
        "threat": text(row["threat"], 200),
        **{name: number(row[name]) for name in ("count", "passed")},
        **{name: day(row[name]).isoformat() for name in ("first", "last")},
    }


def _line(row: Any) -> list[str]:
    time, message = row
    return [text(time, 40), text(message, 8000)]


def store(arrival: Arrival, payload: Payload) -> int:
    """Store unexpired grants, delete all other views of the partner; return the stored count."""
    grants = list(read(arrival, payload))
    now = timezone.now()
    active = [grant for grant in grants if grant.until > now]
    GrantedView.objects.filter(partner=arrival.partner).exclude(
        number__in=[grant.number for grant in active]
    ).delete()
    for grant in active:
        values = {
            "unit": grant.unit,
            "campaign": grant.campaign,
            "until": grant.until,
            "reason": grant.reason,
            "counter": arrival.counter,
            "at": now,
            "data": lock(json.dumps(grant.data, ensure_ascii=False)),
        }
        GrantedView.objects.update_or_create(partner=arrival.partner, number=grant.number, defaults=values)
    return len(active)


def end_others(arrival: Arrival, named: set[str]) -> int:
    """End grants older than the partner's restore except the named machines'; return the count."""
    partner, ended = arrival.partner, 0
    for grant in active(Route(partner)):
        if grant.case.number not in named and grant.at < (partner.restored or grant.at):
            ended += Grant.objects.filter(pk=grant.pk, ended=None).update(ended=timezone.now())
            record(arrival.user, "case.grant_ended", grant.case, grant.case.unit)
    return ended


def hide() -> None:
    """Erase all views after a restore, since later revocations are unknown; next files grant again."""
    GrantedView.objects.all().delete()
    for partner in Partner.objects.all():
        if partner.held.pop(NAME, None):
            partner.save(update_fields=["held"])


def decrypted(view: GrantedView) -> dict[str, Any]:
    """Decrypt a view and parse its dates. InputError if it cannot be decrypted."""
    data: dict[str, Any] = json.loads(unlock(view.data))
    data["since"] = date.fromisoformat(data["since"])
    for row in data["sightings"]:
        row.update(first=date.fromisoformat(row["first"]), last=date.fromisoformat(row["last"]))
    data["lines"] = [(_time(time), message) for time, message in data["lines"]]
    return data


def _time(stated: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(stated)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def forget() -> int:
    """Erase expired views; return the count."""
    over = GrantedView.objects.filter(until__lte=timezone.now()).select_related("unit")
    for view in list(over):
        record(None, "case.granted_view_over", view, view.unit, number=view.number)
        view.delete()
    return len(over)
