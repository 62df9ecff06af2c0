"""Sightings for MISP servers: indicator and day, never the machine.

https://www.misp-project.org/openapi/#tag/Sightings, `POST /sightings/add`. Each indicator and day is sent
once to each server, also if the server does not know the indicator. False alarms and excepted cases are left
out. An error of the server stops the run; the next run continues.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone

from lamsach.errors import LamsachError, OutputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.exchange import outbound
from lamsach.portal.exchange.models import MispServer, MispSighting
from lamsach.portal.exchange.unit_keys import lock, unlock
from lamsach.portal.findings.models import Sighting
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under

MOST = 500
"""Limit of sightings in a run."""
BACK = timedelta(days=90)
"""Age of the oldest sightings sent to a new server."""
REFUSED = mark("The MISP server did not accept the authentication key.")
FAILED = mark("The MISP server answered with an error.")


@dataclass(frozen=True, slots=True)
class PushResult:
    """Result of a run: sightings added, unknown to the server, and the problem that stopped it."""

    added: int = 0
    unknown: int = 0
    problem: str = ""


def make(unit: Unit, url: str, api_key: str, by: Any) -> MispServer:
    """Add a server. InputError for an address that may not be written to."""
    outbound.check(url)
    made = MispServer.objects.create(
        unit=unit, url=url.rstrip("/"), api_key=lock(api_key), created_by=user_of(by)
    )
    record(by, "misp.made", made, unit, url=url)
    return made


def due(server: MispServer) -> Iterator[tuple[str, date, datetime]]:
    """Yield indicator, day and last time of sightings not yet sent, the oldest first."""
    dismissed = Case.objects.filter(state__in=(CaseState.FALSE_ALARM, CaseState.EXCEPTED))
    rows = (
        Sighting.objects.filter(
            device__unit__in=under([server.unit_id]).values("descendant"),
            day__gte=timezone.localdate() - BACK,
        )
        .exclude(role="inbound")
        .exclude(Q(device__in=dismissed.values("device")) | Q(device__into__in=dismissed.values("device")))
        .values("indicator", "day")
        .annotate(moment=Max("last"))
        .order_by("day", "indicator")
    )
    sent = set(MispSighting.objects.filter(server=server).values_list("indicator", "day"))
    for row in rows.iterator(chunk_size=1000):
        if (row["indicator"], row["day"]) not in sent:
            yield row["indicator"], row["day"], row["moment"]


def push(server: MispServer, by: Any = None) -> PushResult:
    """Send the server its due sightings, at most `MOST`."""
    added = unknown = 0
    problem = ""
    try:
        api_key = unlock(server.api_key)
        for indicator, day, moment in due(server):
            if added + unknown >= MOST:
                break
            known = _send(server, api_key, indicator, moment)
            MispSighting.objects.get_or_create(
                server=server, indicator=indicator, day=day, defaults={"known": known}
            )
            added, unknown = added + known, unknown + (not known)
    except LamsachError as error:
        problem = error.what
    MispServer.objects.filter(pk=server.pk).update(last=timezone.now(), problem=problem)
    if added or unknown:
        record(by, "misp.pushed", server, server.unit, added=added, unknown=unknown)
    return PushResult(added, unknown, problem)


def _send(server: MispServer, api_key: str, indicator: str, moment: datetime) -> bool:
    """Send a sighting; return whether the server knows the indicator. OutputError ends the run."""
    body = {
        "values": [indicator],
        "type": "0",
        "source": f"Lamsach {server.unit.code}",
        "timestamp": int(moment.timestamp()),
    }
    sent = {"Authorization": api_key, "Accept": "application/json"}
    answer = outbound.post(f"{server.url}/sightings/add", json.dumps(body).encode(), sent)
    if 200 <= answer.status < 300:
        return True
    if b"No valid attributes" in answer.body:
        return False
    if answer.status in (401, 403):
        raise OutputError(REFUSED, server.url)
    raise OutputError(FAILED, f"{server.url} {answer.status}")


def push_all() -> int:
    """Push to every server; return the number of added sightings."""
    return sum(push(server).added for server in MispServer.objects.filter(ended=None).select_related("unit"))
