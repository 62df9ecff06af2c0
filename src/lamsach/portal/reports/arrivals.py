"""Filled forms by e-mail or file: read, matched to unit and campaign, kept for a person to confirm."""

from __future__ import annotations

import json
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.letters.filled_form import Read, read_filled
from lamsach.letters.form import Form, parse_form
from lamsach.letters.json_ import SCHEMA
from lamsach.portal.base.uploads import Kept
from lamsach.portal.campaigns.models import Campaign, CampaignState, Recipient
from lamsach.portal.exchange import container, transfer
from lamsach.portal.exchange.models import Taken
from lamsach.portal.mail.inbox import Keep, reads
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parser import File, Parsed
from lamsach.portal.reports.models import Received, Way
from lamsach.portal.units.models import FOREVER, Unit, UnitLink
from lamsach.results.sealed.files import path_is_sealed

ENDINGS = ("json", "xlsx", "docx")
"""What a report is read from, the surest first."""
_MOST_CAMPAIGNS = 20


def read(name: str, content: bytes, form: Form) -> tuple[Read, ...]:
    """Read what a file says of the form; nothing when it is not the filled form. Never raises."""
    try:
        found = _json(content, form) if name.lower().endswith(".json") else read_filled(content, form)
    except LamsachError:
        return ()
    rows = {row.key for row in form.rows}
    there = [one for one in found if one.key in rows]
    said = [one for one in found if one.key != "unit" and (one.value is not None or one.raw.strip())]
    return found if len(there) * 2 >= len(rows) and said else ()


def _json(content: bytes, form: Form) -> tuple[Read, ...]:
    """The JSON of a report, without a signature: exact, and to be confirmed like any form."""
    try:
        told = json.loads(content)
        if told["schema"] != SCHEMA:
            return ()
        figures = {figure["key"]: figure["value"] for figure in told["figures"]}
        texts = told["texts"]
        found = [
            Read(field.key, str(texts[field.key])[:20_000], None, 1.0)
            for field in form.fields
            if field.key in texts
        ]
        for row in form.rows:
            value = figures.get(row.key)
            if type(value) is int and 0 <= value <= 10**12:
                found.append(Read(row.key, str(value), value, 1.0))
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return ()
    return tuple(found)


@reads
def from_mail(letter: Letter | None, parsed: Parsed) -> Keep | None:
    """Take an e-mail's signed report, or read its filled form; the function that files it, or None."""
    signed, problem = _signed(parsed)
    if signed is not None:
        return partial(_file_exchange, signed)
    form = _form(letter, parsed)
    return partial(_file_form, form, problem) if form or problem else None


def _file_exchange(taken: Taken, incoming: Incoming) -> str:
    partner = taken.partner
    incoming.unit = incoming.unit or Unit.objects.filter(code=partner.code).first()
    return f"exchange:{taken.pk}"


@dataclass(frozen=True, slots=True)
class _Found:
    """A filled form: the file that it is in, the campaign if one fits, the unit and how it was found."""

    file: File
    parsed: Parsed
    campaign: Campaign | None
    said: tuple[Read, ...]
    unit: Unit | None
    found_by: str


def _file_form(found: _Found | None, problem: str, incoming: Incoming) -> str:
    """Keep a form, and note what an exchange file beside it was refused for."""
    incoming.problem = problem or incoming.problem
    if found is None:
        return ""
    stored = next((one for one in found.parsed.kept if one.name and _same(one, found.file)), None)
    if stored is None:
        return ""
    incoming.unit = incoming.unit or found.unit
    made = keep_received(
        found.campaign,
        found.unit,
        stored,
        found.said,
        Way.MAIL,
        sender=incoming.sender,
        found_by=found.found_by,
    )
    return f"received:{made.pk}"


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
    file, campaign, said = best
    if unit is None:
        unit, found_by = _by_code(file, campaign)
    if unit is None:
        unit, found_by = named(said, campaign)
    return _Found(file, parsed, campaign, said, unit, found_by)


def _signed(parsed: Parsed) -> tuple[Taken | None, str]:
    """Take an exchange file of reports alone, once, or say why not; anything else waits for a person."""
    why = ""
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
                with transfer.checked(partner, path) as found:
                    if {payload.kind for payload in found.opened.payloads} != {"reports"}:
                        continue
                return transfer.take(partner, path, None), ""
            except LamsachError as problem:
                why = f"{problem.what} {problem.where}".strip()[:500]
    return None, why


def _looks_like_one(path: Path) -> bool:
    try:
        if not path_is_sealed(path):
            container.peek(path)
    except LamsachError:
        return False
    return True


def _same(kept: Kept, file: File) -> bool:
    import hashlib

    return kept.sha256 == hashlib.sha256(file.content).hexdigest()


def _best(
    files: Iterable[File], campaigns: list[Campaign]
) -> tuple[File, Campaign | None, tuple[Read, ...]] | None:
    """The first file that is a filled form of one of the campaigns; None as campaign when several fit."""
    for file in files:
        fitting = [
            (campaign, said)
            for campaign in campaigns
            if (said := read(file.name, file.content, parse_form(campaign.form.definition)))
        ]
        if fitting:
            return file, fitting[0][0] if len(fitting) == 1 else None, fitting[0][1]
    return None


def _about(letter: Letter | None) -> tuple[Campaign | None, Unit | None, str]:
    """Campaign and unit of the letter that is answered: a dispatch, or a reminder of the report."""
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
    """The unit that writes from this address, when just one does."""
    if not sender:
        return None, ""
    open_units = Unit.objects.filter(valid_until=FOREVER)
    found = list(open_units.filter(email__iexact=sender)[:2])
    if not found:
        found = list(open_units.filter(memberships__user__email__iexact=sender).distinct()[:2])
    return (found[0], "sender") if len(found) == 1 else (None, "")


def campaigns_for(unit: Unit | None) -> list[Campaign]:
    """The running campaigns that a report may be about: those that the unit takes part in, else all."""
    running = Campaign.objects.filter(state=CampaignState.RUNNING).select_related("form")
    if unit is not None:
        own = list(running.filter(Q(participations__unit=unit) | Q(owner=unit)).distinct()[:_MOST_CAMPAIGNS])
        if own:
            return own
    return list(running[:_MOST_CAMPAIGNS])


def named(said: Iterable[Read], campaign: Campaign | None) -> tuple[Unit | None, str]:
    """The unit that the form itself names, when just one unit of the campaign bears that name."""
    name = next((plain(one.raw) for one in said if one.key == "unit"), "")
    if not name or campaign is None:
        return None, ""
    links = UnitLink.objects.filter(ancestor=campaign.owner_id, valid_until=FOREVER)
    found = [
        pk
        for pk, own in links.values_list("descendant_id", "descendant__name").iterator()
        if plain(own) == name
    ]
    return (Unit.objects.get(pk=found[0]), "name") if len(found) == 1 else (None, "")


def _by_code(file: File, campaign: Campaign | None) -> tuple[Unit | None, str]:
    """The unit whose code a report's JSON states, if it takes part in the campaign."""
    if campaign is None or not file.name.lower().endswith(".json"):
        return None, ""
    try:
        code = json.loads(file.content)["about"]["unit_code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, ""
    links = UnitLink.objects.filter(
        ancestor=campaign.owner_id, valid_until=FOREVER, descendant__code=str(code)[:60]
    )
    found = links.select_related("descendant").first()
    return (found.descendant, "code") if found else (None, "")


def plain(text: str) -> str:
    """A name as it is compared: composed, small, single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def keep_received(
    campaign: Campaign | None,
    unit: Unit | None,
    file: Kept,
    said: Iterable[Read],
    way: Way,
    *,
    sender: str = "",
    found_by: str = "",
) -> Received:
    """Keep what was read for a person to confirm; the same file of the same unit once."""
    key = f"{campaign.pk if campaign else 0}:{unit.pk if unit else 0}:{file.sha256}"
    made, _fresh = Received.objects.get_or_create(
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
            "values": [plain_read(one) for one in said],
            "received": timezone.now(),
        },
    )
    return made


def plain_read(one: Read) -> dict[str, Any]:
    """A value that was read, for JSON; without letters that a database refuses."""
    return {**asdict(one), "raw": one.raw.replace("\x00", "")[:20_000]}
