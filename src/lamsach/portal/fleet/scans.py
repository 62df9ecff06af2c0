"""Scans of machines: summaries sent by scanners, and bundles, which are noted on their machine's case.

Each scan bundle adds a note, and a quarantine moves the case to being handled. No scan proves a machine
clean: only quiet days with logs do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from lamsach.devices.names import host_key, mac_address
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case, CaseState, Note
from lamsach.portal.cases.states import may_move
from lamsach.portal.cases.upkeep import move
from lamsach.portal.findings.bundle_reader import cleaned
from lamsach.portal.findings.models import Bundle, BundleState, Device, Identity
from lamsach.portal.fleet.models import Look, LookState, Machine
from lamsach.portal.units.models import Unit
from lamsach.scanner.report.bundle_reader import read_scan
from lamsach.scanner.report.fleet import is_whole, remaining

NOTHING = gettext_noop("A scan of the machine found nothing. That is a note, not a proof.")
SOMETHING = gettext_noop("A scan of the machine found something.")
QUARANTINED = gettext_noop("A scan put files into quarantine.")


def find_device(unit_id: int, host: dict[str, Any]) -> Device | None:
    """Find the scanned device of the unit by MAC, else by host name, if unique."""
    macs = [cleaned(str(mac)[:40]).lower().replace("-", ":") for mac in host.get("macs") or []][:50]
    name = cleaned(str(host.get("name") or "")[:255]).casefold().rstrip("$").split(".")[0]
    for kind, values in (("mac", macs), ("name", [name] if name else [])):
        rows = Identity.objects.filter(unit_id=unit_id, kind=kind, value__in=values).select_related(
            "device__into"
        )
        targets = {(row.device.into or row.device) for row in rows}
        if len(targets) == 1:
            return targets.pop()
    return None


def import_scan(bundle: Bundle, path: Path) -> dict[str, int]:
    """Import a scan's bundle and note it on its machine's case."""
    return _take(bundle, *read_scan(path))


@transaction.atomic
def _take(
    bundle: Bundle, manifest: dict[str, Any], findings: list[dict[str, Any]], actions: list[dict[str, Any]]
) -> dict[str, int]:
    host = manifest.get("host") if isinstance(manifest.get("host"), dict) else {}
    if (summary := summarize(manifest, findings, actions)) is not None:
        store_summary(bundle.campaign, bundle.unit, summary)
    device = find_device(bundle.unit_id, host or {})
    case = None
    if device is not None:
        case = Case.objects.filter(campaign=bundle.campaign, device=device, superseded=None).first()
    quarantined = [
        row for row in actions if (row.get("action"), row.get("outcome")) == ("quarantine", "done")
    ]
    counts = {"findings": len(findings), "quarantined": len(quarantined), "devices": int(case is not None)}
    if case is not None:
        _note_on_case(case, bundle, findings, quarantined)
    problem = (
        "" if case else mark("No machine with a case is known by the MAC address or host name of the scan.")
    )
    Bundle.objects.filter(pk=bundle.pk).update(
        state=BundleState.IMPORTED,
        imported=timezone.now(),
        tool_version=cleaned(str(manifest.get("tool_version", ""))[:40]),
        counts=counts,
        problem=problem,
    )
    record(bundle.user, "scan.imported", bundle, bundle.unit, who=bundle.who, **counts)
    return counts


def _note_on_case(
    case: Case, bundle: Bundle, findings: Sequence[dict[str, Any]], quarantined: Sequence[Any]
) -> None:
    text = QUARANTINED if quarantined else SOMETHING if findings else NOTHING
    shown = [
        {
            "level": cleaned(str(row.get("level", ""))[:20]),
            "sentence": cleaned(str(row.get("sentence", ""))[:500]),
        }
        for row in findings[:20]
    ]
    Note.objects.create(
        case=case,
        user=bundle.user,
        who=bundle.who,
        text=text,
        bundle=bundle,
        details={"findings": len(findings), "quarantined": len(quarantined), "shown": shown},
    )
    if quarantined and may_move(case, CaseState.WORKING):
        move(case, CaseState.WORKING, bundle.user, QUARANTINED, who=bundle.who, bundle=bundle.pk)


MOST_MACHINES = 200_000
"""Limit of a unit's machines; further ones are refused."""
LOCAL_BIT = 0x02
"""Bit of the first byte: a locally administered address, possibly random (IEEE 802)."""
BREADTH = {"quick": 1, "full": 2}
"""Modes of scans of whole machines, by extent."""
_MOST = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of a scan: malicious findings `left` and `done`; `finished` by the machine's clock."""

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
    """Return the keys of a machine, best first: host name unless generic, vendor MAC addresses."""
    name = host_key(host)
    clean = sorted({mac for text in macs if (mac := mac_address(text)) and not int(mac[:2], 16) & LOCAL_BIT})
    return [*([name[:290]] if name else []), *(f"mac:{mac}" for mac in clean)]


def machine_of(unit: Unit, summary: Summary) -> Machine | None:
    """Return the unit's machine, new if needed; None if not identifiable, or at the limit."""
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
def store_summary(campaign: Campaign, unit: Unit, summary: Summary) -> Look | None:
    """Store a scan's summary; repetitions change nothing, and an older scan only adds its findings.

    None for a scan of single paths, or a machine that is not identifiable.
    """
    machine = machine_of(unit, summary) if summary.mode in BREADTH else None
    if machine is None:
        return None
    now = timezone.now()
    finished = min(summary.finished, now)
    look, new = Look.objects.select_for_update(no_key=True).get_or_create(
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
    """Return whether this scan is too narrow to prove the removal of earlier findings."""
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


def summarize(
    manifest: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], actions: Sequence[Mapping[str, Any]]
) -> Summary | None:
    """Summarize a scan's bundle; None if it names no machine."""
    host = manifest.get("host")
    if not isinstance(host, dict):
        return None
    left, done = remaining(findings, actions)
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
    """Parse a time with zone; now if invalid."""
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
