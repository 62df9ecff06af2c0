"""Filled forms from e-mails or files: read, matched to unit and campaign, stored for confirmation."""

from __future__ import annotations

import json
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.letters.filled_form import FormValue, read_filled
from lamsach.letters.form import Form, parse_form
from lamsach.letters.json_ import SCHEMA
from lamsach.portal.base.uploads import StoredFile
from lamsach.portal.campaigns.models import Campaign, CampaignState, Recipient
from lamsach.portal.exchange import container, transfer
from lamsach.portal.exchange.models import Taken
from lamsach.portal.mail.inbox import Saver, attachment_reader
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parser import File, Parsed
from lamsach.portal.reports.models import Received, Way
from lamsach.portal.units.models import FOREVER, Unit, UnitLink
from lamsach.results.sealed.files import path_is_sealed

ENDINGS = ("json", "xlsx", "docx")
"""File types of reports, the most reliable first."""
_MOST_CAMPAIGNS = 20


def read(name: str, content: bytes, form: Form) -> tuple[FormValue, ...]:
    """Read the form's values from a file; empty if the file is not the filled form. Never raises."""
    try:
        found = _json(content, form) if name.lower().endswith(".json") else read_filled(content, form)
    except LamsachError:
        return ()
    rows = {row.key for row in form.rows}
    known = [entry for entry in found if entry.key in rows]
    filled = [
        entry for entry in found if entry.key != "unit" and (entry.value is not None or entry.raw.strip())
    ]
    return found if len(known) * 2 >= len(rows) and filled else ()


def _json(content: bytes, form: Form) -> tuple[FormValue, ...]:
    """Read a report's JSON, which has no signature: exact, but to be confirmed like any form."""
    try:
        data = json.loads(content)
        if data["schema"] != SCHEMA:
            return ()
        figures = {figure["key"]: figure["value"] for figure in data["figures"]}
        texts = data["texts"]
        values = [
            FormValue(field.key, str(texts[field.key])[:20_000], None, 1.0)
            for field in form.fields
            if field.key in texts
        ]
        for row in form.rows:
            value = figures.get(row.key)
            if type(value) is int and 0 <= value <= 10**12:
                values.append(FormValue(row.key, str(value), value, 1.0))
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return ()
    return tuple(values)


@attachment_reader
def from_mail(letter: Letter | None, parsed: Parsed) -> Saver | None:
    """Accept an e-mail's signed report, or read its filled form; returns a function that files it."""
    signed, problem = _signed(parsed)
    if signed is not None:
        return partial(_file_exchange, signed)
    form = _form(letter, parsed)
    return partial(_file_form, form, problem) if form or problem else None


def _file_exchange(accepted: Taken, incoming: Incoming) -> str:
    partner = accepted.partner
    incoming.unit = incoming.unit or Unit.objects.filter(code=partner.code).first()
    return f"exchange:{accepted.pk}"


@dataclass(frozen=True, slots=True)
class _Found:
    """A filled form: its file, the matching campaign if any, the unit and how it was identified."""

    file: File
    parsed: Parsed
    campaign: Campaign | None
    values: tuple[FormValue, ...]
    unit: Unit | None
    found_by: str


def _file_form(found: _Found | None, problem: str, incoming: Incoming) -> str:
    """Store a form, and the reason why an exchange file in the same e-mail was refused."""
    incoming.problem = problem or incoming.problem
    if found is None:
        return ""
    stored = next((kept for kept in found.parsed.stored if kept.name and _same(kept, found.file)), None)
    if stored is None:
        return ""
    incoming.unit = incoming.unit or found.unit
    received = store_received(
        found.campaign,
        found.unit,
        stored,
        found.values,
        Way.MAIL,
        sender=incoming.sender,
        found_by=found.found_by,
    )
    return f"received:{received.pk}"


def _form(letter: Letter | None, parsed: Parsed) -> _Found | None:
    files = sorted(
        (file for file in parsed.files if file.name.lower().rpartition(".")[2] in ENDINGS),
        key=lambda file: ENDINGS.index(file.name.lower().rpartition(".")[2]),
    )
    if not files:
        return None
    stated, unit, found_by = _about(letter)
    if unit is None:
        unit, found_by = unit_of(parsed.sender)
    best = _best(files, [stated] if stated else campaigns_for(unit))
    if best is None:
        return None
    file, campaign, values = best
    if unit is None:
        unit, found_by = _by_code(file, campaign)
    if unit is None:
        unit, found_by = unit_named(values, campaign)
    return _Found(file, parsed, campaign, values, unit, found_by)


def _signed(parsed: Parsed) -> tuple[Taken | None, str]:
    """Accept an exchange file that has only reports; otherwise return a reason, or leave it to a person."""
    reason = ""
    for file in parsed.files:
        if not file.name.lower().endswith((".zip", ".zip.age")):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "exchange.zip"
            path.write_bytes(file.content)
            if not _looks_like_one(path):
                continue
            try:
                ours = Unit.objects.filter(exchange_partners__ended=None).distinct()
                partner = transfer.find_partner(path, list(ours.values_list("pk", flat=True)))
                with transfer.checked(partner, path) as content:
                    if {payload.kind for payload in content.opened.payloads} != {"reports"}:
                        continue
                return transfer.accept(partner, path, None), ""
            except LamsachError as problem:
                reason = f"{problem.what} {problem.where}".strip()[:500]
    return None, reason


def _looks_like_one(path: Path) -> bool:
    try:
        if not path_is_sealed(path):
            container.peek(path)
    except LamsachError:
        return False
    return True


def _same(stored: StoredFile, file: File) -> bool:
    import hashlib

    return stored.sha256 == hashlib.sha256(file.content).hexdigest()


def _best(
    files: Iterable[File], campaigns: list[Campaign]
) -> tuple[File, Campaign | None, tuple[FormValue, ...]] | None:
    """First file that is a filled form of a campaign; the campaign is None if several match."""
    for file in files:
        fitting = [
            (campaign, values)
            for campaign in campaigns
            if (values := read(file.name, file.content, parse_form(campaign.form.definition)))
        ]
        if fitting:
            return file, fitting[0][0] if len(fitting) == 1 else None, fitting[0][1]
    return None


def _about(letter: Letter | None) -> tuple[Campaign | None, Unit | None, str]:
    """Campaign and unit of the letter answered: a dispatch, or a reminder of the report."""
    if letter is None:
        return None, None, ""
    what, _, number = letter.about.partition(":")
    if what == "recipient" and number.isdigit():
        copy = Recipient.objects.filter(pk=number).select_related("dispatch__campaign__form", "unit").first()
        if copy is not None:
            return copy.dispatch.campaign, copy.unit, "letter"
    if what == "report" and number.isdigit() and letter.unit is not None:
        campaign = Campaign.objects.filter(pk=number).select_related("form").first()
        return campaign, letter.unit, "letter"
    return None, letter.unit, "letter" if letter.unit else ""


def unit_of(sender: str) -> tuple[Unit | None, str]:
    """The unit with this e-mail address, if exactly one has it."""
    if not sender:
        return None, ""
    open_units = Unit.objects.filter(valid_until=FOREVER)
    units = list(open_units.filter(email__iexact=sender)[:2])
    if not units:
        units = list(open_units.filter(memberships__user__email__iexact=sender).distinct()[:2])
    return (units[0], "sender") if len(units) == 1 else (None, "")


def campaigns_for(unit: Unit | None) -> list[Campaign]:
    """Running campaigns that a report may belong to: those of the unit, otherwise all."""
    running = Campaign.objects.filter(state=CampaignState.RUNNING).select_related("form")
    if unit is not None:
        own = list(running.filter(Q(participations__unit=unit) | Q(owner=unit)).distinct()[:_MOST_CAMPAIGNS])
        if own:
            return own
    return list(running[:_MOST_CAMPAIGNS])


def unit_named(values: Iterable[FormValue], campaign: Campaign | None) -> tuple[Unit | None, str]:
    """The unit named in the form, if exactly one unit of the campaign has that name."""
    name = next((comparable_name(value.raw) for value in values if value.key == "unit"), "")
    if not name or campaign is None:
        return None, ""
    links = UnitLink.objects.filter(ancestor=campaign.owner_id, valid_until=FOREVER)
    units = [
        pk
        for pk, own in links.values_list("descendant_id", "descendant__name").iterator()
        if comparable_name(own) == name
    ]
    return (Unit.objects.get(pk=units[0]), "name") if len(units) == 1 else (None, "")


def _by_code(file: File, campaign: Campaign | None) -> tuple[Unit | None, str]:
    """The unit whose code a report's JSON states, if it is under the campaign's owner."""
    if campaign is None or not file.name.lower().endswith(".json"):
        return None, ""
    try:
        code = json.loads(file.content)["about"]["unit_code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, ""
    links = UnitLink.objects.filter(
        ancestor=campaign.owner_id, valid_until=FOREVER, descendant__code=str(code)[:60]
    )
    link = links.select_related("descendant").first()
    return (link.descendant, "code") if link else (None, "")


def comparable_name(text: str) -> str:
    """Normalize a name for comparison: composed, case-folded, single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def store_received(
    campaign: Campaign | None,
    unit: Unit | None,
    file: StoredFile,
    values: Iterable[FormValue],
    way: Way,
    *,
    sender: str = "",
    found_by: str = "",
) -> Received:
    """Store the values read, for a person to confirm; the same file of the same unit only once."""
    key = f"{campaign.pk if campaign else 0}:{unit.pk if unit else 0}:{file.sha256}"
    received, _created = Received.objects.get_or_create(
        key=key,
        defaults={
            "way": way,
            "campaign": campaign,
            "unit": unit,
            "found_by": found_by,
            "sender": sender[:254],
            "name": file.name,
            "path": file.path,
            "sha256": file.sha256,
            "values": [{**asdict(value), "raw": value.raw.replace("\x00", "")[:20_000]} for value in values],
            "received": timezone.now(),
        },
    )
    return received
