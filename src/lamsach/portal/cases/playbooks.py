"""Playbooks of cases: version followed, progress, new versions.

A case follows the version in which its first step was ticked, or the newest before that. So an edit changes
nothing for cases in progress.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import get_language

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case, CaseState, Note, Playbook, ThreatKind, Tick

MOST_STEPS = 30


@cache
def built_in(kind: str) -> tuple[dict[str, str], ...]:
    """Built-in steps against a kind of threat (`playbooks.toml`): `key`, `vi`, `en`, `vi_how`, `en_how`."""
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    steps = data["shared"] | data.get(kind, {})
    return tuple({"key": key, **steps[key]} for key in data["order"][kind].split())


@dataclass(frozen=True, slots=True)
class Item:
    """A playbook step in the reader's language; `done`: its tick, None if not done."""

    key: str
    what: str
    how: str
    done: Tick | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """Playbook followed by a case. `again`: restarted because the machine was reinfected."""

    kind: ThreatKind
    version: int
    items: tuple[Item, ...]
    newest: int
    again: bool = False

    @property
    def count(self) -> int:
        """Number of steps done."""
        return sum(item.done is not None for item in self.items)

    @property
    def next(self) -> Item | None:
        """First step not done."""
        return next((item for item in self.items if item.done is None), None)


def steps_of(campaign_id: int, kind: str, version: int) -> list[dict[str, str]]:
    """Steps of a version; version 0 is built in."""
    if version:
        playbook = Playbook.objects.filter(campaign=campaign_id, kind=kind, version=version).first()
        if playbook is not None:
            return list(playbook.steps)
    return [dict(step) for step in built_in(kind)]


def newest(campaign_id: int, kind: str) -> int:
    """Newest version of a campaign's playbook."""
    playbook = Playbook.objects.filter(campaign=campaign_id, kind=kind).first()
    return playbook.version if playbook else 0


def followed(case: Case) -> Followed:
    """Playbook and progress of a case; a reinfection restarts it."""
    rows = Tick.objects.filter(case=case, kind=case.kind).select_related("note")
    reinfection = case.steps.filter(after=CaseState.REINFECTED).order_by("at").last()
    ticks = list(rows.filter(at__gt=reinfection.at) if reinfection is not None else rows)
    latest = newest(case.campaign_id, case.kind)
    version = ticks[0].version if ticks else latest
    state: dict[str, Tick] = {tick.step: tick for tick in ticks}
    items = tuple(
        _item(step, state.get(step["key"])) for step in steps_of(case.campaign_id, case.kind, version)
    )
    return Followed(ThreatKind(case.kind), version, items, latest, reinfection is not None)


def is_unfollowed(book: Followed) -> bool:
    """Return whether there are steps and none is done."""
    return bool(book.items) and not book.count


def _item(step: Mapping[str, str], tick: Tick | None) -> Item:
    return Item(step["key"], *step_texts(step), tick if tick is not None and tick.done else None)


def step_texts(step: Mapping[str, str]) -> tuple[str, str]:
    """Step and instructions, in the reader's language, or in the other where empty."""
    first, second = ("en", "vi") if get_language() == "en" else ("vi", "en")
    return (
        step.get(first) or step.get(second) or "",
        step.get(f"{first}_how") or (step.get(f"{second}_how") if not step.get(first) else "") or "",
    )


@transaction.atomic
def tick(case: Case, key: str, by: HttpRequest, *, done: bool, note: Note | None = None) -> Tick:
    """Mark a step as done or not done. InputError for a step not in the case's playbook."""
    Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    current = followed(case)
    if key not in {item.key for item in current.items}:
        raise InputError(mark("The playbook of this machine has no such step."), case.number)
    user: Any = by.user
    created = Tick.objects.create(
        case=case,
        kind=case.kind,
        version=current.version,
        step=key,
        done=done,
        note=note,
        user=user,
        who=(user.name or user.email)[:254],
    )
    record(by, "case.ticked" if done else "case.unticked", case, case.unit, step=key, version=current.version)
    return created


def choose_kind(case: Case, kind: str, by: HttpRequest) -> None:
    """Set the kind of threat; the case follows that kind's playbook from now on."""
    Case.objects.filter(pk=case.pk).update(kind=ThreatKind(kind), kind_chosen=True)
    record(by, "case.kind", case, case.unit, before=case.kind, after=kind)
    case.refresh_from_db()


def save_version(
    campaign: Campaign, kind: str, steps: Sequence[Mapping[str, str]], basis: int, by: HttpRequest
) -> Playbook:
    """Save the next version. InputError for no steps, too many, or a newer version than `basis`."""
    if not 0 < len(steps) <= MOST_STEPS:
        raise InputError(mark("A playbook has one to thirty steps."), "")
    latest = newest(campaign.pk, kind)
    stale = InputError(
        mark("Another person has changed this playbook in the meantime. Look at it again."), ""
    )
    if latest != basis:
        raise stale
    user: Any = by.user
    try:
        with transaction.atomic():
            saved = Playbook.objects.create(
                campaign=campaign,
                kind=kind,
                version=latest + 1,
                steps=[dict(step) for step in steps],
                user=user,
            )
            record(by, "playbook.changed", saved, campaign.owner, kind=kind, version=saved.version)
    except IntegrityError as error:
        raise stale from error
    return saved
