"""Views of one case granted by a cut-off unit, as a file carries them, with time limit and end.

A file tells all grants that are in force. What an older file granted and the newest one no longer holds is
erased, and so is everything whose time is over. What is kept is locked with the portal's secret key.
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
from lamsach.portal.cases.upkeep import Seen, sightings_of
from lamsach.portal.exchange import units_below
from lamsach.portal.exchange.answer_kinds import taking_part
from lamsach.portal.exchange.kinds import Arrival, Payload, Route, day, number, rows, text
from lamsach.portal.exchange.models import Partner
from lamsach.portal.exchange.unit_keys import lock, unlock
from lamsach.portal.findings.models import EvidenceLine
from lamsach.portal.privacy.models import GrantedView
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under

MOST = 500
MOST_SIGHTINGS, MOST_LINES = 200, 20
LONGEST = timedelta(days=91)
FACTS = {"name": 255, "ip": 45, "mac": 17, "user": 255, "department": 255}
"""What is told of the machine, and how long it may be."""
NAME = "grants"


def in_force(route: Route) -> list[Grant]:
    """The grants of our unit and of everything under it to the partner, whose campaign the partner knows."""
    below = under([route.unit.pk]).values("descendant")
    found = Grant.objects.filter(
        to__code=route.partner.code, case__unit__in=below, until__gt=timezone.now(), ended=None
    ).exclude(case__device__key__startswith="purged:")
    return list(found.select_related("case__unit", "case__device").order_by("pk")[:MOST])


def written(route: Route) -> list[dict[str, Any]]:
    """Each granted case once, until the last of its grants ends."""
    records: dict[int, dict[str, Any]] = {}
    known_there = units_below.all_theirs(route.partner, "campaign")
    for grant in in_force(route):
        case = grant.case
        theirs = known_there.get(case.campaign_id)
        known = records.get(case.pk)
        if theirs is None or (known and known["until"] >= grant.until.isoformat()):
            continue
        members = [case.device_id, *case.device.parts.values_list("pk", flat=True)]
        lines = EvidenceLine.objects.filter(device__in=members, campaign=case.campaign_id)
        records[case.pk] = {
            "number": case.number,
            "campaign": int(theirs),
            "unit": case.unit.code,
            "until": grant.until.isoformat(),
            "reason": grant.reason,
            "state": case.state,
            "since": case.since.isoformat(),
            "severity": case.severity,
            "machine": {name: getattr(case.device, name) for name in FACTS},
            "sightings": _sightings(sightings_of(case.campaign_id, case.device_id)),
            "lines": [[one.time, one.text] for one in lines[:MOST_LINES]],
        }
    return list(records.values())


def _sightings(seen: list[Seen]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in seen:
        row = found.setdefault(
            one.indicator, {"indicator": one.indicator, "threat": one.threat, "count": 0, "passed": 0}
        )
        row["count"] += one.count
        row["passed"] += one.passed
        row["first"] = min(row.get("first", one.day.isoformat()), one.day.isoformat())
        row["last"] = max(row.get("last", one.day.isoformat()), one.day.isoformat())
    return sorted(found.values(), key=lambda row: (-row["count"], row["indicator"]))[:MOST_SIGHTINGS]


@dataclass(frozen=True, slots=True)
class Granted:
    """A granted case of a file, its shape checked."""

    number: str
    unit: Unit
    campaign: Campaign
    until: datetime
    reason: str
    data: Mapping[str, Any]


def read(arrival: Arrival, payload: Payload) -> Iterator[Granted]:
    """Check the shape. ValueError and kin for another; InputError for a foreign campaign or unit."""
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
            "sightings": [_sighting(one) for one in rows(row["sightings"], MOST_SIGHTINGS)],
            "lines": [_line(one) for one in row["lines"][:MOST_LINES]],
        }
        campaign = taking_part(arrival.unit, row["campaign"])
        yield Granted(name, unit, campaign, until, text(row["reason"], 500), data)


def _sighting(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "indicator": text(row["indicator"], 500),
        "threat": text(row["threat"], 200),
        **{name: number(row[name]) for name in ("count", "passed")},
        **{name: day(row[name]).isoformat() for name in ("first", "last")},
    }


def _line(row: Any) -> list[str]:
    time, said = row
    return [text(time, 40), text(said, 8000)]


def take(arrival: Arrival, payload: Payload) -> int:
    """Keep what is granted and drop what is not granted any more; how many are kept."""
    found = list(read(arrival, payload))
    now = timezone.now()
    kept = [one for one in found if one.until > now]
    GrantedView.objects.filter(partner=arrival.partner).exclude(
        number__in=[one.number for one in kept]
    ).delete()
    for one in kept:
        values = {
            "unit": one.unit,
            "campaign": one.campaign,
            "until": one.until,
            "reason": one.reason,
            "counter": arrival.counter,
            "at": now,
            "data": lock(json.dumps(one.data, ensure_ascii=False)),
        }
        GrantedView.objects.update_or_create(partner=arrival.partner, number=one.number, defaults=values)
    return len(kept)


def end(arrival: Arrival, named: set[str]) -> int:
    """End grants made before this portal came back from a backup, but for the named; how many."""
    partner, ended = arrival.partner, 0
    for grant in in_force(Route(partner)):
        if grant.case.number not in named and grant.at < (partner.restored or grant.at):
            ended += Grant.objects.filter(pk=grant.pk, ended=None).update(ended=timezone.now())
            record(arrival.user, "case.grant_ended", grant.case, grant.case.unit)
    return ended


def hide() -> None:
    """Erase all views after a restore, as later ends are unknown; the partners' next files grant again."""
    GrantedView.objects.all().delete()
    for partner in Partner.objects.all():
        if partner.held.pop(NAME, None):
            partner.save(update_fields=["held"])


def opened(view: GrantedView) -> dict[str, Any]:
    """Return what may be seen, with days and times as such. InputError when it cannot be unlocked."""
    found: dict[str, Any] = json.loads(unlock(view.data))
    found["since"] = date.fromisoformat(found["since"])
    for row in found["sightings"]:
        row.update(first=date.fromisoformat(row["first"]), last=date.fromisoformat(row["last"]))
    found["lines"] = [(_time(at), said) for at, said in found["lines"]]
    return found


def _time(stated: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(stated)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def forget() -> int:
    """Erase what may be seen no longer; how many."""
    over = GrantedView.objects.filter(until__lte=timezone.now()).select_related("unit")
    for view in list(over):
        record(None, "case.granted_view_over", view, view.unit, number=view.number)
        view.delete()
    return len(over)
