"""A campaign as an exchange file carries it downwards: its facts, the dispatch that the unit was sent, files and lists; and taking it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from lamsach.portal.base.uploads import Kept, keep
from lamsach.portal.campaigns.arrivals import receive
from lamsach.portal.campaigns.deadline_moves import Plan, make
from lamsach.portal.campaigns.deadlines import COLUMNS, of_unit
from lamsach.portal.campaigns.models import (
    Campaign,
    CampaignState,
    DeadlineKind,
    Dispatch,
    FormDefinition,
    IndicatorList,
    MoveScope,
    Recipient,
)
from lamsach.portal.exchange import counterparts, deadline_payload
from lamsach.portal.exchange.deadline_payload import Deadlines
from lamsach.portal.exchange.kinds import Arrival, PayloadFile, day, number, rows, text
from lamsach.portal.exchange.models import Partner
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.units.models import Unit

Stored = Callable[[str], Path]


def written(
    campaign: Campaign, partner: Partner, unit: Unit, before: int, stored: Stored
) -> tuple[dict[str, Any], list[PayloadFile]]:
    """The campaign's record and its files. A file is named by its place in the payload; `before` files stand there already."""
    files: list[PayloadFile] = []

    def place(name: str, path: str) -> int:
        files.append(PayloadFile(name, stored(path)))
        return before + len(files) - 1

    dues = of_unit(campaign, unit.pk)
    received = Recipient.objects.filter(unit=unit, dispatch__campaign=campaign, dispatch__sent__isnull=False)
    dispatches = [
        {
            "number_of": row.dispatch_id,
            "number": row.dispatch.number,
            "day": row.dispatch.day.isoformat(),
            "subject": row.dispatch.subject,
            "body": row.dispatch.body,
            "deadline": dues.report.day.isoformat(),
            "files": [
                {"name": file.name, "file": place(file.name, file.path)}
                for file in row.dispatch.attachments.all()
            ],
            "own": _own(row.dispatch),
        }
        for row in received.select_related("dispatch").order_by("pk")
    ]
    lists = [
        {
            "number": found.pk,
            "name": found.name,
            "sha256": found.sha256,
            "file": place(found.name, found.path),
        }
        for found in campaign.lists.filter(withdrawn=None).order_by("pk")
    ]
    record = {
        "number": campaign.pk,
        "own": {"owner": campaign.owner_id, "public": campaign.public},
        "state": campaign.state,
        "dispatches": dispatches,
        "lists": lists,
        "deadlines": deadline_payload.written(campaign, partner, unit),
        "form": {"name": campaign.form.name, "definition": campaign.form.definition},
        **{name: getattr(campaign, name) for name in ("name", "summary", "goals")},
        **{name: getattr(campaign, name).isoformat() for name in ("starts", "ends")},
        **{name: day.isoformat() for name, day in zip(COLUMNS, dues.days, strict=True)},
    }
    return record, files


def _own(dispatch: Dispatch) -> dict[str, Any]:
    """What only this portal needs of a dispatch, should it be put back from a backup and get the file back."""
    return {
        "sent": dispatch.sent.isoformat() if dispatch.sent else "",
        "issuer": dispatch.issuer_id,
        "parent": dispatch.parent_id or 0,
        "deadline": dispatch.deadline.isoformat(),
        "to": list(dispatch.recipients.order_by("unit").values_list("unit", flat=True)),
    }


@dataclass(frozen=True, slots=True)
class Brought:
    """A campaign of a file, its shape checked. `own`, here, of dispatches and of moved deadlines: for the portal that made the file alone, see `returned_files`."""

    number: int
    state: str
    texts: Mapping[str, str]
    days: Mapping[str, date]
    form_name: str
    form: Mapping[str, Any]
    dispatches: Sequence[Mapping[str, Any]]
    lists: Sequence[tuple[int, Any]]
    deadlines: Deadlines | None
    own: Mapping[str, Any]


def read(record: Mapping[str, Any], files: Sequence[Any]) -> Brought:
    """Check the shape of a campaign's record, and put its files (as they came, or as they are kept) where it names them. ValueError, TypeError or KeyError for another."""

    def file(place: Any) -> Any:
        return files[number(place, len(files) - 1)]

    dispatches = [
        {
            "theirs": number(row["number_of"]),
            "number": text(row["number"], 60),
            "day": day(row["day"]),
            "subject": text(row["subject"], 300),
            "body": text(row["body"], 200_000),
            "deadline": day(row["deadline"]),
            "files": [file(one["file"]) for one in rows(row["files"], 200)],
            "own": row.get("own", {}),
        }
        for row in rows(record["dispatches"], 200)
    ]
    form = record["form"]
    if record["state"] not in (CampaignState.RUNNING, CampaignState.CLOSED) or not isinstance(
        form["definition"], dict
    ):
        raise ValueError("no campaign")
    limits = {"name": 200, "summary": 100_000, "goals": 100_000}
    return Brought(
        number(record["number"]),
        record["state"],
        {name: text(record[name], limit) for name, limit in limits.items()},
        {name: day(record[name]) for name in ("starts", "ends", *COLUMNS)},
        text(form["name"], 200),
        form["definition"],
        dispatches,
        [(number(row["number"]), file(row["file"])) for row in rows(record["lists"], 200)],
        deadline_payload.read(record.get("deadlines")),
        record.get("own", {}),
    )


def take(arrival: Arrival, brought: Brought) -> dict[str, int]:
    """Add the campaign, whose files are kept, or bring it up to date; new dispatches land at our unit, new lists are read, lists that are gone are withdrawn."""
    partner, sender = arrival.partner, arrival.unit
    known = counterparts.ours(partner, "campaign", brought.number)
    dues = {name: day for name, day in brought.days.items() if name in COLUMNS}
    kept = {name: day for name, day in brought.days.items() if name not in COLUMNS}
    values = {**brought.texts, **kept, "state": brought.state}
    if known is None:
        days = dues if brought.deadlines is None else brought.deadlines.days
        campaign = Campaign.objects.create(owner=sender, form=form_of(brought), **days, **values)
        counterparts.remember(partner, "campaign", brought.number, campaign.pk)
    else:
        Campaign.objects.filter(pk=known, owner=sender).update(**values)
        campaign = Campaign.objects.get(pk=known)
    if brought.deadlines is not None:
        deadline_payload.take(arrival, campaign, brought.deadlines)
    elif known is not None:
        moved = {
            kind: dues[name]
            for kind, name in zip(DeadlineKind, COLUMNS, strict=True)
            if dues.get(name, getattr(campaign, name)) != getattr(campaign, name)
        }
        if moved:
            make(Plan(campaign, MoveScope.ALL, moved, reason=str(partner)), arrival.user)
    dispatches = sum(_dispatch(arrival, campaign, row) for row in brought.dispatches)
    return {"campaigns": 1, "dispatches": dispatches, "lists": _lists(arrival, campaign, brought.lists)}


def form_of(brought: Brought) -> FormDefinition:
    """The form of a campaign, added as another version when it is not here."""
    from lamsach.letters.form import parse_form

    parse_form(brought.form)
    for found in FormDefinition.objects.filter(name=brought.form_name).order_by("-version"):
        if found.definition == brought.form:
            return found
    last = FormDefinition.objects.filter(name=brought.form_name).order_by("-version").first()
    return FormDefinition.objects.create(
        name=brought.form_name, definition=brought.form, version=(last.version if last else 0) + 1
    )


def _dispatch(arrival: Arrival, campaign: Campaign, row: Mapping[str, Any]) -> int:
    if counterparts.ours(arrival.partner, "dispatch", row["theirs"]) is not None:
        return 0
    facts = {name: row[name] for name in ("number", "day", "subject", "body", "deadline")}
    made = receive(campaign, campaign.owner, [arrival.partner.unit], row["files"], arrival.user, **facts)
    counterparts.remember(arrival.partner, "dispatch", row["theirs"], made.pk)
    return 1


def stored(file: PayloadFile) -> Kept:
    """A payload's file kept in the storage as an upload is. InputError for a kind that may not be uploaded."""
    with file.path.open("rb") as stream:
        return keep(UploadedFile(File(stream), file.name, size=file.path.stat().st_size))


def _lists(arrival: Arrival, campaign: Campaign, lists: Sequence[tuple[int, Kept]]) -> int:
    added = 0
    kept_numbers = []
    for theirs, kept in lists:
        known = counterparts.ours(arrival.partner, "list", theirs)
        if known is None:
            made = IndicatorList.objects.create(
                campaign=campaign, name=kept.name, path=kept.path, size=kept.size, sha256=kept.sha256
            )
            counterparts.remember(arrival.partner, "list", theirs, made.pk)
            enqueue("campaigns.read_list", arrival.user, list_id=made.pk)
            known, added = made.pk, added + 1
        kept_numbers.append(known)
    ours = arrival.partner.counterparts.filter(kind="list").values_list("ours", flat=True)
    gone = campaign.lists.filter(pk__in=list(ours), withdrawn=None).exclude(pk__in=kept_numbers)
    gone.update(withdrawn=timezone.now())
    return added
