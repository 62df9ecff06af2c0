"""The search over cases: every word that is written in the field has to stand in the case's text, wherever, with or without marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from lamsach.portal.cases.models import Case, CaseText, Note
from lamsach.portal.findings.models import Device, Sighting

BATCH = 200
_LONGEST = 20_000
_MARKS = re.compile("[\u0300-\u036f]")


def fold(text: str) -> str:
    """Lower case, without marks, so that `Đà Nẵng` is found by `da nang`."""
    plain = _MARKS.sub("", unicodedata.normalize("NFD", text.casefold()))
    return " ".join(plain.replace("đ", "d").replace("\x00", " ").split())


def terms(words: str) -> list[str]:
    """The words of a search, at most eight."""
    return fold(words[:200]).split()[:8]


def condition(words: str, own_units: Iterable[int]) -> Q:
    """The condition on `Case` for a search: names and addresses only where the person may see them."""
    found = Q()
    own = list(own_units)
    for term in terms(words):
        number = re.fullmatch(r"m?0*(\d{1,17})", term)
        one = Q(text__shared__contains=term)
        if own:
            one |= Q(unit__in=own, text__own__contains=term)
        if number:
            one |= Q(pk=int(number[1]))
        found &= one
    return found


def index(cases: Iterable[Case]) -> None:
    """Write the text of cases anew."""
    numbers = sorted({case.pk for case in cases})
    for begin in range(0, len(numbers), BATCH):
        _index(numbers[begin : begin + BATCH])


def _index(numbers: list[int]) -> None:
    cases = list(Case.objects.filter(pk__in=numbers).select_related("unit", "device", "campaign"))
    standing = {case.device_id: case.pk for case in cases}
    parts = list(Device.objects.filter(into__in=standing))
    heads = {
        **{number: number for number in standing},
        **{part.pk: part.into_id or part.pk for part in parts},
    }
    shared: dict[int, set[str]] = {}
    own: dict[int, set[str]] = {}
    places = {(case.campaign_id, case.device_id): case for case in cases}
    rows = Sighting.objects.filter(device__in=list(heads), campaign__in={case.campaign_id for case in cases})
    for campaign, device, indicator, threat in rows.values_list(
        "campaign_id", "device_id", "indicator", "threat"
    ).distinct():
        case = places.get((campaign, heads[device]))
        if case is not None:
            shared.setdefault(case.pk, set()).update((indicator, threat))
    for part in parts:
        for case in cases:
            if case.device_id == part.into_id:
                own.setdefault(case.pk, set()).update(_words_of(part))
    for number, text, file in Note.objects.filter(case__in=numbers).values_list(
        "case_id", "text", "file_name"
    ):
        own.setdefault(number, set()).update((text[:2000], file))
    CaseText.objects.bulk_create(
        [_row(case, shared.get(case.pk, set()), own.get(case.pk, set())) for case in cases],
        update_conflicts=True,
        update_fields=["shared", "own"],
        unique_fields=["case"],
    )


def _row(case: Case, shared: set[str], own: set[str]) -> CaseText:
    seen = [case.number, case.unit.code, case.unit.name, case.threat, *sorted(shared)]
    named = [*_words_of(case.device), case.person_name, case.person_email, *sorted(own)]
    return CaseText(case=case, shared=_joined(seen), own=_joined(named))


def _words_of(device: Device) -> tuple[Any, ...]:
    return device.name, device.mac, device.ip, device.user, device.department


def _joined(words: Iterable[str]) -> str:
    return fold("\n".join(word for word in words if word))[:_LONGEST]
