"""Scheduled erasure, N days (LAMSACH_RETENTION_DAYS) after a case closed.

A case is due if verified, a false alarm or an exception for N days without sightings meanwhile, or if its
campaign is closed and ended N days ago. Erased are log lines, names, addresses and keys of the device (unless
another case needs them), its user, notes with files, reasons written by people, letters to the user with
replies, and the bundle's file once all its cases are purged. Counts of sightings, covered days, states and
history remain. A legal hold prevents it. Each case is one transaction, so a killed run is simply continued.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import CharField, F, Q, QuerySet
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.base import ledger
from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.cases.models import Case, CaseState, Clarification, Exemption, Note, Step
from lamsach.portal.cases.search import index
from lamsach.portal.catalogue_vi import VIETNAMESE
from lamsach.portal.findings.identities import seal
from lamsach.portal.findings.models import Appearance, Bundle, Device, EvidenceLine, Hunt, Mark, Merge
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.retention import forget, forget_letters
from lamsach.portal.privacy.holds import covering, held_cases, held_units
from lamsach.portal.privacy.models import Purge
from lamsach.portal.units.tree import today

CLOSED = (CaseState.VERIFIED, CaseState.FALSE_ALARM, CaseState.EXCEPTED)
BATCH = 200


def cut(day: date | None = None) -> date:
    """Return the last closing day that is due."""
    return (day or today()) - timedelta(days=settings.RETENTION_DAYS)


def due(day: date | None = None) -> QuerySet[Case]:
    """Return cases past retention, including those under a hold."""
    until = cut(day)
    quiet = Q(last_seen=None) | Q(last_seen__lte=until)
    closed = Q(state__in=CLOSED, since__lte=until) & quiet
    ended = Q(campaign__state=CampaignState.CLOSED, campaign__ends__lte=until)
    return Case.objects.filter(closed | ended, purge=None, superseded=None)


def run() -> dict[str, int]:
    """Erase all due data; return counts, with `held` cases."""
    counts: Counter[str] = Counter()
    _named_again()
    held = held_cases()
    for number in list(due().order_by("pk").values_list("pk", flat=True)):
        if number in held:
            counts["held"] += 1
        else:
            counts.update(purge(number))
    counts.update(_loose_devices())
    counts.update(_bundles())
    return dict(counts)


def _named_again() -> None:
    """Undo the purged mark of cases whose machine a later bundle names, to purge them again when due."""
    for lookup in ("case__device__appearances__bundle", "case__device__parts__appearances__bundle"):
        later = {f"{lookup}__imported__gt": F("at"), f"{lookup}__campaign": F("case__campaign")}
        numbers = list(Purge.objects.filter(**later).values_list("pk", flat=True).distinct())
        Purge.objects.filter(pk__in=numbers).delete()


@transaction.atomic
def purge(case_id: int, *, again: bool = False) -> Counter[str]:
    """Erase a case's data unless purged or held; `again`: after a restore, despite holds. Return counts."""
    case = Case.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=case_id)
    if Purge.objects.filter(case=case).exists() or (not again and covering(case).exists()):
        return Counter()
    ledger.note("cases", ids=[case_id])
    parts = list(Case.objects.filter(superseded=case))
    counts: Counter[str] = Counter(cases=1)
    members = {case.device_id, *case.device.parts.values_list("pk", flat=True)}
    members |= {part.device_id for part in parts}
    for member in (case, *parts):
        counts.update(_person(member))
        counts.update(_notes(member))
        counts.update(_reasons(member))
        counts.update(_letters(f"machine:{member.pk}:"))
        Purge.objects.get_or_create(case=member)
    lines, _ = EvidenceLine.objects.filter(campaign=case.campaign_id, device__in=members).delete()
    counts["lines"] += lines
    if not _needed(members):
        counts.update(forget_devices(members))
    Exemption.objects.filter(campaign=case.campaign_id, device__in=members).update(reason="")
    Clarification.objects.filter(campaign=case.campaign_id, device__in=members).update(answer="")
    index([case, *parts])
    Purge.objects.filter(case=case).update(counts=dict(counts))
    record(None, "privacy.purged", case, case.unit, **dict[str, Any](counts))
    return counts


def _needed(members: set[int]) -> bool:
    """Return whether an unpurged case or open clarification needs the device's identity."""
    cases = Case.objects.filter(Q(device__in=members) | Q(device__into__in=members), purge=None)
    return cases.exists() or Clarification.objects.filter(device__in=members, answered=None).exists()


def _person(case: Case) -> Counter[str]:
    named = Case.objects.filter(pk=case.pk).exclude(person_name="", person_email="")
    return Counter(persons=named.update(person_name="", person_email=""))


def _notes(case: Case) -> Counter[str]:
    notes = list(Note.objects.filter(case=case))
    paths = [note.file_path for note in notes if note.file_path]
    Note.objects.filter(case=case).update(
        text="", who="", details={}, file_name="", file_path="", file_size=0, file_sha256=""
    )
    return Counter(notes=len(notes), files=sum(drop(path) for path in paths))


def _reasons(case: Case) -> Counter[str]:
    """Erase reasons of steps written by people; user, time and the portal's own sentences remain."""
    rows = Step.objects.filter(case=case, computed=False, user__isnull=False)
    Step.objects.filter(pk__in=rows.values("pk")).exclude(unfollowed="").update(unfollowed="-")
    written = [
        number for number, why in rows.exclude(why="").values_list("pk", "why") if why not in VIETNAMESE
    ]
    return Counter(reasons=Step.objects.filter(pk__in=written).update(why=""))


def _letters(prefix: str) -> Counter[str]:
    rows = Letter.objects.filter(key__startswith=prefix)
    answers = forget(Incoming.objects.filter(letter__in=rows))
    return Counter(letters=forget_letters(rows), answers=answers)


def forget_devices(members: set[int]) -> Counter[str]:
    """Erase names, addresses and keys of devices; their sightings remain."""
    ledger.note("devices", ids=sorted(members))
    seal(members)
    Appearance.objects.filter(device__in=members).update(record={})
    Mark.objects.filter(device__in=members).delete()
    Merge.objects.filter(Q(kept__in=members) | Q(gone__in=members)).update(value="", reason="")
    for number in members:
        Device.objects.filter(pk=number).update(
            key=f"purged:{number}", mac="", name="", ip="", user="", department=""
        )
    return Counter(devices=len(members))


def _loose_devices() -> Counter[str]:
    """Purge devices without a case or open clarification, counted from their last sighting."""
    until, counts = cut(), Counter[str]()
    old = timezone.now() - timedelta(days=settings.RETENTION_DAYS)
    Clarification.objects.filter(answered__lte=old).exclude(unit__in=held_units()).update(answer="")
    rows = Device.objects.filter(created__lte=old, into=None, cases=None).exclude(key__startswith="purged:")
    rows = rows.exclude(unit__in=held_units()).exclude(sightings__day__gt=until)
    for number in list(rows.order_by("pk").values_list("pk", flat=True).distinct()):
        with transaction.atomic():
            members = {number, *Device.objects.filter(into=number).values_list("pk", flat=True)}
            if _needed(members):
                continue
            lines, _ = EvidenceLine.objects.filter(device__in=members).delete()
            counts["lines"] += lines
            counts.update(forget_devices(members))
    if counts:
        record(None, "privacy.purged_devices", **dict[str, Any](counts))
    return counts


def _bundles() -> Counter[str]:
    """Erase bundles all of whose devices and notes are purged, with page and logs of their hunts."""
    old = timezone.now() - timedelta(days=settings.RETENTION_DAYS)
    rows = Bundle.objects.filter(received__lte=old).exclude(path=ERASED).exclude(unit__in=held_units())
    counts: Counter[str] = Counter()
    for bundle in rows.order_by("pk").iterator(chunk_size=BATCH):
        devices = Appearance.objects.filter(bundle=bundle).exclude(device__key__startswith="purged:")
        named = Note.objects.filter(bundle=bundle, case__purge=None)
        if devices.exists() or named.exists():
            continue
        with transaction.atomic():
            drop_bundle(bundle)
            record(None, "privacy.bundle_erased", bundle, bundle.unit)
        counts["bundles"] += 1
    return counts


def drop_bundle(bundle: Bundle) -> None:
    """Erase a bundle's file, and page and logs of its hunts."""
    from lamsach.portal.findings.hunts import delete_logs

    ledger.note("bundles", ids=[bundle.pk])
    path = bundle.path
    Bundle.objects.filter(pk=bundle.pk).update(path=ERASED, name="")
    drop(path)
    for hunt in Hunt.objects.filter(bundle=bundle):
        page = hunt.page
        Hunt.objects.filter(pk=hunt.pk).update(page="")
        drop(page)
        if hunt.logs_deleted is None:
            delete_logs(hunt)


def state_of(user_units: Any) -> dict[str, Any]:
    """Count cases due within two weeks, under a hold, and purged."""
    soon = due(today() + timedelta(days=14)).filter(unit__in=user_units)
    held = held_cases()
    numbers = set(soon.values_list("pk", flat=True))
    return {
        "days": settings.RETENTION_DAYS,
        "soon": len(numbers - held),
        "held": len(held & set(Case.objects.filter(unit__in=user_units).values_list("pk", flat=True))),
        "purged": Purge.objects.filter(case__unit__in=user_units, case__superseded=None).count(),
    }


PAGE = "page"
"""Columns of stored files are named `*path`, or this."""
ERASED = "erased"
"""Placeholder in a required path column whose file was erased."""


def drop(path: str) -> bool:
    """Delete a file that no row names any more; return whether it was deleted."""
    if not path or path == ERASED:
        return False
    columns = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, CharField) and (field.name.endswith("path") or field.name == PAGE)
    ]
    if any(model._default_manager.filter(**{name: path}).exists() for model, name in columns):
        return False
    if not default_storage.exists(path):
        return False
    default_storage.delete(path)
    return True
