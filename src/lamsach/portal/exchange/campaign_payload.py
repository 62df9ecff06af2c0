"""Campaign record of an exchange file: written by the unit above, read and applied by the unit below.

It holds the campaign's texts, the unit's dispatches, files and lists, the campaign's own days, and the
deadline moves in force for the unit or any unit under it, each by its number above. A move for more than the
unit becomes one for the whole campaign below; of several, only the one in force. A move missing from the
file was undone above, and is undone below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from lamsach.portal.base.uploads import StoredFile, store
from lamsach.portal.campaigns.arrivals import receive
from lamsach.portal.campaigns.deadline_moves import Plan, make, undo
from lamsach.portal.campaigns.deadlines import COLUMNS, dates, in_force, of_unit, refresh
from lamsach.portal.campaigns.models import (
    Campaign,
    CampaignState,
    DeadlineKind,
    DeadlineMove,
    Dispatch,
    FormDefinition,
    IndicatorList,
    MoveScope,
    Recipient,
)
from lamsach.portal.exchange import units_below
from lamsach.portal.exchange.kinds import Arrival, PayloadFile, day, number, rows, text
from lamsach.portal.exchange.models import Partner
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors, under

Stored = Callable[[str], Path]


def make_record(
    campaign: Campaign, partner: Partner, unit: Unit, before: int, stored: Stored
) -> tuple[dict[str, Any], list[PayloadFile]]:
    """Return a campaign's record and files; files are named by position, counted from `before`."""
    files: list[PayloadFile] = []

    def place(name: str, path: str) -> int:
        files.append(PayloadFile(name, stored(path)))
        return before + len(files) - 1

    def listed(file: Any) -> dict[str, Any]:
        return {"name": file.name, "file": place(file.name, file.path)}

    dues = of_unit(campaign, unit.pk)
    received = Recipient.objects.filter(unit=unit, dispatch__campaign=campaign, dispatch__sent__isnull=False)
    dispatches = [
        {
            "number_of": row.dispatch_id,
            **{name: getattr(row.dispatch, name) for name in ("number", "subject", "body")},
            "day": row.dispatch.day.isoformat(),
            "deadline": dues.report.day.isoformat(),
            "files": [listed(file) for file in row.dispatch.attachments.all()],
            "own": _own(row.dispatch),
        }
        for row in received.select_related("dispatch").order_by("pk")
    ]
    valid = campaign.lists.filter(withdrawn=None).order_by("pk")
    lists = [{"number": item.pk, "sha256": item.sha256, **listed(item)} for item in valid]
    record = {
        "number": campaign.pk,
        "own": {"owner": campaign.owner_id, "public": campaign.public},
        "dispatches": dispatches,
        "lists": lists,
        "deadlines": make_deadlines(campaign, partner, unit),
        "form": {"name": campaign.form.name, "definition": campaign.form.definition},
        **{name: getattr(campaign, name) for name in ("state", "name", "summary", "goals")},
        **{name: getattr(campaign, name).isoformat() for name in ("starts", "ends")},
        **{name: day.isoformat() for name, day in zip(COLUMNS, dues.days, strict=True)},
    }
    return record, files


def _own(dispatch: Dispatch) -> dict[str, Any]:
    """Facts of a dispatch for this portal only, in case the file is returned after a restore."""
    return {
        "sent": dispatch.sent.isoformat() if dispatch.sent else "",
        "issuer": dispatch.issuer_id,
        "parent": dispatch.parent_id or 0,
        "deadline": dispatch.deadline.isoformat(),
        "to": list(dispatch.recipients.order_by("unit").values_list("unit", flat=True)),
    }


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A validated campaign record; `own`: for the portal that wrote it, see `returned_files`."""

    number: int
    facts: Mapping[str, Any]
    """Columns of the campaign: state, texts, first and last day."""
    dues: Mapping[str, date]
    """The unit's deadlines."""
    form_name: str
    form: Mapping[str, Any]
    dispatches: Sequence[Mapping[str, Any]]
    lists: Sequence[tuple[int, Any]]
    deadlines: Deadlines | None
    own: Mapping[str, Any]


def read(record: Mapping[str, Any], files: Sequence[Any]) -> CampaignRecord:
    """Validate a campaign's record and resolve its files. ValueError, TypeError, KeyError."""

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
            "files": [file(entry["file"]) for entry in rows(row["files"], 200)],
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
    return CampaignRecord(
        number(record["number"]),
        {
            "state": record["state"],
            **{name: text(record[name], limit) for name, limit in limits.items()},
            **{name: day(record[name]) for name in ("starts", "ends")},
        },
        {name: day(record[name]) for name in COLUMNS},
        text(form["name"], 200),
        form["definition"],
        dispatches,
        [(number(row["number"]), file(row["file"])) for row in rows(record["lists"], 200)],
        read_deadlines(record.get("deadlines")),
        record.get("own", {}),
    )


def apply(arrival: Arrival, record: CampaignRecord) -> dict[str, int]:
    """Add or update the campaign with its dispatches, lists and deadlines."""
    partner, sender = arrival.partner, arrival.unit
    known = units_below.counterpart(partner, "campaign", record.number)
    dues = record.dues
    if known is None:
        days = dues if record.deadlines is None else record.deadlines.days
        campaign = Campaign.objects.create(owner=sender, form=form_of(record), **days, **record.facts)
        units_below.remember(partner, "campaign", record.number, campaign.pk)
    else:
        Campaign.objects.filter(pk=known, owner=sender).update(**record.facts)
        campaign = Campaign.objects.get(pk=known)
    if record.deadlines is not None:
        apply_deadlines(arrival, campaign, record.deadlines)
    elif known is not None:
        moved = {
            kind: dues[name]
            for kind, name in zip(DeadlineKind, COLUMNS, strict=True)
            if dues[name] != getattr(campaign, name)
        }
        if moved:
            make(Plan(campaign, MoveScope.ALL, moved, reason=str(partner)), arrival.user)
    dispatches = sum(_dispatch(arrival, campaign, row) for row in record.dispatches)
    return {"campaigns": 1, "dispatches": dispatches, "lists": _lists(arrival, campaign, record.lists)}


def form_of(record: CampaignRecord) -> FormDefinition:
    """Return the form of a campaign, added as another version when missing."""
    from lamsach.letters.form import parse_form

    parse_form(record.form)
    versions = FormDefinition.objects.filter(name=record.form_name).order_by("-version")
    for found in versions:
        if found.definition == record.form:
            return found
    last = versions.first()
    return FormDefinition.objects.create(
        name=record.form_name, definition=record.form, version=(last.version if last else 0) + 1
    )


def _dispatch(arrival: Arrival, campaign: Campaign, row: Mapping[str, Any]) -> int:
    if units_below.counterpart(arrival.partner, "dispatch", row["theirs"]) is not None:
        return 0
    facts = {name: row[name] for name in ("number", "day", "subject", "body", "deadline")}
    made = Dispatch(campaign=campaign, issuer=campaign.owner, **facts)
    receive(made, [arrival.partner.unit], row["files"], arrival.user)
    units_below.remember(arrival.partner, "dispatch", row["theirs"], made.pk)
    return 1


def stored(file: PayloadFile) -> StoredFile:
    """Store a payload's file like an upload. InputError for a type that may not be uploaded."""
    with file.path.open("rb") as stream:
        return store(UploadedFile(File(stream), file.name, size=file.path.stat().st_size))


def _lists(arrival: Arrival, campaign: Campaign, lists: Sequence[tuple[int, StoredFile]]) -> int:
    added = 0
    present = []
    for theirs, file in lists:
        known = units_below.counterpart(arrival.partner, "list", theirs)
        if known is None:
            made = IndicatorList.objects.create(campaign=campaign, **asdict(file))
            units_below.remember(arrival.partner, "list", theirs, made.pk)
            enqueue("campaigns.read_list", arrival.user, list_id=made.pk)
            known, added = made.pk, added + 1
        present.append(known)
    ours = arrival.partner.counterparts.filter(kind="list").values_list("ours", flat=True)
    gone = campaign.lists.filter(pk__in=list(ours), withdrawn=None).exclude(pk__in=present)
    gone.update(withdrawn=timezone.now())
    return added


MOST_MOVES = 5000
_KIND = "move"


def make_deadlines(campaign: Campaign, partner: Partner, unit: Unit) -> dict[str, Any]:
    """Return the campaign's days (empty where none is stated) and the moves."""
    inside = set(under([unit.pk]).values_list("descendant", flat=True))
    held = in_force([campaign.pk])
    near = [move for move in held if move.unit_id in inside]
    far = [move for move in held if move.unit_id not in inside]
    (shared,) = dates([(campaign, unit.pk)], far, down=1).values()
    known = {pk: theirs for theirs, pk in units_below.ours(partner, unit).items()}
    moves = [
        _move(item.move, MoveScope.ALL, units_below.ITSELF)
        for item in shared
        if item.move is not None and item.move.kind == item.kind
    ]
    moves += [_move(move, move.scope, known[move.unit_id]) for move in near if move.unit_id in known]
    days = {name: getattr(campaign, name) for name in COLUMNS}
    above = {item.pk for item in ancestors(unit)}
    return {
        "days": {name: on.isoformat() if on else "" for name, on in days.items()},
        "moves": moves,
        "own": [_own_move(move) for move in far if move.unit_id is None or move.unit_id in above],
    }


def _move(move: DeadlineMove, scope: str, unit: int) -> dict[str, Any]:
    stated = {"number": move.pk, "kind": move.kind, "scope": scope, "unit": unit}
    return {**stated, "day": move.day.isoformat(), "reason": move.reason, "dispatch": move.dispatch_id or 0}


def _own_move(move: DeadlineMove) -> dict[str, Any]:
    """A move for more than the partner's unit, unchanged, in force there or not."""
    before = move.before.isoformat() if move.before else ""
    return {**_move(move, move.scope, move.unit_id or 0), "before": before}


@dataclass(frozen=True, slots=True)
class Move:
    """A moved deadline of a file; `dispatch`, `before`: for the portal that wrote it."""

    number: int
    kind: DeadlineKind
    scope: MoveScope
    unit: int
    day: date
    reason: str
    dispatch: int
    before: date | None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Validated deadlines of a campaign."""

    days: Mapping[str, date | None]
    moves: Sequence[Move]
    own: Sequence[Move]


def read_deadlines(stated: Any) -> Deadlines | None:
    """Validate deadlines; None in files of older versions. ValueError, TypeError, KeyError."""
    if stated is None:
        return None
    days = {name: day(stated["days"][name]) if stated["days"][name] else None for name in COLUMNS}
    if days["report_due"] is None:
        raise ValueError("no day")
    moves = [_read_move(row) for row in rows(stated["moves"], MOST_MOVES)]
    own = [_read_move(row) for row in rows(stated.get("own", []), MOST_MOVES)]
    return Deadlines(days, moves, own)


def _read_move(row: Mapping[str, Any]) -> Move:
    return Move(
        number(row["number"]),
        DeadlineKind(row["kind"]),
        MoveScope(row["scope"]),
        number(row["unit"]),
        day(row["day"]),
        text(row["reason"], 1000),
        number(row.get("dispatch", 0)),
        day(row["before"]) if row.get("before") else None,
    )


def apply_deadlines(arrival: Arrival, campaign: Campaign, stated: Deadlines) -> None:
    """Add new moves, undo those no longer stated, and update the campaign's own days."""
    partner = arrival.partner
    units = units_below.same(partner.unit)
    known = {int(item.theirs): item.ours for item in partner.counterparts.filter(kind=_KIND)}
    for item in stated.moves:
        if item.number in known or item.unit not in units:
            continue
        anchor = None if item.scope == MoveScope.ALL else Unit.objects.get(pk=units[item.unit])
        plan = Plan(campaign, item.scope, {item.kind: item.day}, anchor, reason=item.reason or str(partner))
        make(plan, arrival.user)
        made = DeadlineMove.objects.filter(campaign=campaign).order_by("pk").last()
        if made is not None:
            units_below.remember(partner, _KIND, item.number, made.pk)
    gone = set(known) - {item.number for item in stated.moves}
    rows_ = DeadlineMove.objects.filter(campaign=campaign, undone=None)
    for move in rows_.filter(pk__in=[known[item] for item in gone]).order_by("pk"):
        undo(move, arrival.user)
    if any(getattr(campaign, name) != on for name, on in stated.days.items()):
        Campaign.objects.filter(pk=campaign.pk).update(**stated.days)
        campaign.refresh_from_db()
        refresh(campaign)
