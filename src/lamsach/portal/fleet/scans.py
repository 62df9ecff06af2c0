"""Taking a scan's bundle in: it goes to the case of its machine.

A scan that found nothing is a note. Findings are a note, and a case if there is none that says so. A quarantine says that the machine is being handled. No scan
says that a machine is clean: that only quiet days with logs do.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.cases.models import Case, CaseState, Note
from lamsach.portal.cases.states import may_move, move
from lamsach.portal.findings.models import Bundle, BundleState, Device, Identity
from lamsach.portal.findings.reading import cleaned
from lamsach.portal.fleet import taking
from lamsach.scanner.report.bundle_reader import read_scan

NOTHING = gettext_noop("A scan of the machine found nothing. That is a note, not a proof.")
SOMETHING = gettext_noop("A scan of the machine found something.")
QUARANTINED = gettext_noop("A scan put files into quarantine.")


def find_device(unit_id: int, host: dict[str, Any]) -> Device | None:
    """The unit's machine that was scanned: by MAC, else by host name, if just one bears it."""
    macs = [cleaned(str(mac)[:40]).lower().replace("-", ":") for mac in host.get("macs") or []][:50]
    name = cleaned(str(host.get("name") or "")[:255]).casefold().rstrip("$").split(".")[0]
    for kind, values in (("mac", macs), ("name", [name] if name else [])):
        rows = Identity.objects.filter(unit_id=unit_id, kind=kind, value__in=values).select_related(
            "device__into"
        )
        standing = {(row.device.into or row.device) for row in rows}
        if len(standing) == 1:
            return standing.pop()
    return None


def take_scan(bundle: Bundle, path: Path) -> dict[str, int]:
    """Read a scan, then put it to the case of its machine."""
    return _take(bundle, *read_scan(path))


@transaction.atomic
def _take(
    bundle: Bundle, manifest: dict[str, Any], findings: list[dict[str, Any]], actions: list[dict[str, Any]]
) -> dict[str, int]:
    host = manifest.get("host") if isinstance(manifest.get("host"), dict) else {}
    if (summary := taking.of_bundle(manifest, findings, actions)) is not None:
        taking.take(bundle.campaign, bundle.unit, summary)
    device = find_device(bundle.unit_id, host or {})
    case = None
    if device is not None:
        case = Case.objects.filter(campaign=bundle.campaign, device=device, superseded=None).first()
    quarantined = [row for row in actions if _is_quarantine(row)]
    counts = {"findings": len(findings), "quarantined": len(quarantined), "devices": int(case is not None)}
    if case is not None:
        _tell(case, bundle, findings, quarantined)
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


def _is_quarantine(row: dict[str, Any]) -> bool:
    """Return whether a file really went into the quarantine."""
    return row.get("action") == "quarantine" and row.get("outcome") == "done"


def _tell(case: Case, bundle: Bundle, findings: Sequence[dict[str, Any]], quarantined: Sequence[Any]) -> None:
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
