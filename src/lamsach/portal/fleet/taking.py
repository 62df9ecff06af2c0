"""What a scan tells of a fleet's machine: taken from the summary that the scanner sends, and from the bundles of scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from lamsach.devices.names import host_key, mac_address
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.fleet.models import Look, LookState, Machine
from lamsach.portal.units.models import Unit
from lamsach.scanner.report.fleet import is_whole, still_there

MOST_MACHINES = 200_000
"""Machines of one unit; what reports beyond that is not taken."""
LOCAL_BIT = 0x02
"""Of an address's first byte: not given by a maker, so perhaps another one tomorrow (IEEE 802, private Wi-Fi addresses)."""
BREADTH = {"quick": 1, "full": 2}
"""The scans of a whole machine, by how far they look."""
_MOST = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """A scan in one line. `left`: malicious findings that are still there after what was done, `done`: those dealt with. `finished`: by the machine's clock."""

    host: str
    macs: tuple[str, ...]
    finished: datetime
    mode: str = ""
    malicious: int = 0
    suspicious: int = 0
    risk: int = 0
    left: int = 0
    done: int = 0
    skipped: int = 0
    whole: bool = True
    stopped: bool = False
    version: str = ""
    list_digest: str = ""


def keys_of(host: str, macs: Sequence[str]) -> list[str]:
    """Return what tells a machine again, the best first: its host name, unless many bear it; then addresses that a maker gave."""
    name = host_key(host)
    clean = sorted({mac for text in macs if (mac := mac_address(text)) and not int(mac[:2], 16) & LOCAL_BIT})
    return [*([name[:290]] if name else []), *(f"mac:{mac}" for mac in clean)]


def machine_of(unit: Unit, summary: Summary) -> Machine | None:
    """The unit's machine, a new one if need be; None when nothing tells it from others, or the unit has very many."""
    keys = keys_of(summary.host, summary.macs)
    if not keys:
        return None
    known = {found.key: found for found in Machine.objects.filter(unit=unit, key__in=keys)}
    for key in keys:
        if key in known:
            return known[key]
    if Machine.objects.filter(unit=unit).count() >= MOST_MACHINES:
        return None
    made, _ = Machine.objects.get_or_create(unit=unit, key=keys[0], defaults={"name": summary.host[:255]})
    return made


@transaction.atomic
def take(campaign: Campaign, unit: Unit, summary: Summary) -> Look | None:
    """Keep what a scan tells. The same one twice changes nothing; an older one than the last adds only what it found.

    None when it tells nothing of a machine as a whole: a scan of single paths, or one of a machine that cannot be told from others.
    """
    machine = machine_of(unit, summary) if summary.mode in BREADTH else None
    if machine is None:
        return None
    now = timezone.now()
    finished = min(summary.finished, now)
    look, new = Look.objects.select_for_update().get_or_create(
        campaign=campaign,
        machine=machine,
        defaults={"unit": unit, "first": now, "finished": finished, **_facts(summary, now, False)},
    )
    if new:
        return look
    ever = look.ever_found or bool(summary.malicious)
    if finished <= look.finished:
        changes: dict[str, Any] = {"ever_found": ever}
        if ever and look.state == LookState.QUIET:
            changes["state"] = LookState.CLEANED
    else:
        changes = {"finished": finished, "looks": F("looks") + 1, **_facts(summary, now, ever)}
        if _proves_less(look, summary):
            changes |= {name: getattr(look, name) for name in ("state", "left", "found_by")}
    Look.objects.filter(pk=look.pk).update(**changes)
    look.refresh_from_db()
    return look


def _proves_less(look: Look, summary: Summary) -> bool:
    """Return whether something was found before, and this scan did not look far enough to say that it is gone."""
    if look.state != LookState.FOUND or summary.left or summary.done >= look.left:
        return False
    return summary.stopped or BREADTH[summary.mode] < BREADTH.get(look.found_by, 0)


def _facts(summary: Summary, now: datetime, ever: bool) -> dict[str, Any]:
    found = ever or bool(summary.malicious)
    if summary.left:
        state = LookState.FOUND
    elif summary.suspicious or summary.malicious > summary.done:
        state = LookState.DOUBTFUL
    else:
        state = LookState.CLEANED if found else LookState.QUIET
    counts = {
        name: min(getattr(summary, name), _MOST)
        for name in ("malicious", "suspicious", "risk", "left", "skipped")
    }
    return {
        "received": now,
        "state": state,
        "ever_found": found,
        "found_by": summary.mode[:10] if summary.left else "",
        "whole": summary.whole,
        "mode": summary.mode[:10],
        "version": summary.version[:40],
        "list_digest": summary.list_digest[:64],
        **counts,
    }


def of_bundle(
    manifest: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], actions: Sequence[Mapping[str, Any]]
) -> Summary | None:
    """A scan's bundle in one line; None when it does not say of which machine it is. `findings` and `actions` as the bundle holds them."""
    host = manifest.get("host")
    if not isinstance(host, dict):
        return None
    left, done = still_there(findings, actions)
    levels = [str(row.get("level", "")) for row in findings]
    listed = manifest.get("list")
    macs = host.get("macs")
    return Summary(
        host=_text(host.get("name"), 255),
        macs=tuple(_text(mac, 40) for mac in macs[:50]) if isinstance(macs, list) else (),
        finished=_moment(manifest.get("finished")),
        mode=_text(manifest.get("mode"), 10),
        malicious=levels.count("malicious"),
        suspicious=levels.count("suspicious"),
        risk=levels.count("risk"),
        left=left,
        done=done,
        skipped=_total(manifest.get("skipped")),
        stopped=bool(manifest.get("stopped")),
        whole=is_whole(manifest.get("stopped"), manifest.get("skipped"), manifest.get("problems")),
        version=_text(manifest.get("tool_version"), 40),
        list_digest=_text(listed.get("digest"), 64) if isinstance(listed, dict) else "",
    )


def _moment(value: object) -> datetime:
    """A time with its zone; now, when it is none."""
    with suppress(ValueError, OverflowError):
        found = datetime.fromisoformat(str(value))
        if found.tzinfo is not None and 1990 <= found.year <= 2200:
            return found
    return timezone.now()


def _text(value: object, most: int) -> str:
    return str(value or "").encode("utf-8", "replace").decode().replace("\x00", "\ufffd")[:most]


def _total(skipped: object) -> int:
    counts = skipped.values() if isinstance(skipped, dict) else ()
    return sum(count for count in counts if isinstance(count, int) and count > 0)
