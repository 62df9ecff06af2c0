"""Scanners handed out: the catalogue's program with the campaign's lists, signed.

It carries the address where the unit's machines report, and a word of its own.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.links import absolute
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.exchange import unit_keys
from lamsach.portal.exchange.models import OwnKey
from lamsach.portal.fleet.filled_zip import Addition, Filled, fill
from lamsach.portal.fleet.models import Handout
from lamsach.portal.public.models import Tool
from lamsach.portal.units.models import Unit
from lamsach.runtime.file_names import safe_name
from lamsach.scanner.campaign import FOLDER, Terms, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LOCAL = ("localhost", "127.0.0.1", "::1")


def reporting_address(campaign: Campaign) -> str:
    """Return where machines report; empty when the way there is not encrypted: scanners refuse that."""
    address = f"{absolute('api:api-root')}campaigns/{campaign.pk}"
    parts = urlsplit(address)
    return address if parts.scheme == "https" or parts.hostname in _LOCAL else ""


def signing_key(campaign: Campaign, unit: Unit) -> OwnKey | None:
    """Key that signs: the leading unit's if the portal holds it, else the unit's own; None without."""
    return unit_keys.current(campaign.owner) or unit_keys.current(unit)


def takes(program: Program, key: OwnKey | None) -> bool:
    """Return whether the program takes lists that this key signed. None: a key that is yet to be made."""
    return not program.key or (
        key is not None and unit_keys.opened(key).public_key().public_bytes_raw().hex() == program.key
    )


def lists_of(campaign: Campaign) -> list[IndicatorList]:
    """The lists that go into the bundle, in their order."""
    return list(campaign.lists.filter(withdrawn=None).order_by("pk"))


@dataclass(frozen=True, slots=True)
class Noted:
    """A scanner handed out, with all that its bytes are made of; `word`: shown when it reports."""

    handout: Handout
    program: Program
    lists: list[IndicatorList]
    key: OwnKey
    word: str


def hand_out(program: Program, campaign: Campaign, unit: Unit, by: Any) -> tuple[Noted, Filled]:
    """Hand out a scanner: its note and bytes. InputError when the program would not take the list."""
    noted = _new(program, campaign, unit, by)
    filled = _fill(noted)
    try:
        _note(noted, by)
    except BaseException:
        filled.close()
        raise
    return noted, filled


@transaction.atomic
def _note(noted: Noted, by: Any) -> None:
    made = noted.handout
    made.save()
    sums = {"program_sha256": made.sha256, "lists": ",".join(made.lists), "signer": made.signer}
    record(
        by, "fleet.scanner_taken", made, made.unit, campaign=made.campaign_id, program=made.program, **sums
    )


def _new(program: Program, campaign: Campaign, unit: Unit, by: Any) -> Noted:
    key = signing_key(campaign, unit) or unit_keys.renew(unit, by)
    if not takes(program, key):
        raise InputError(mark("The program takes lists of another key only."), program.tool.name)
    lists, now = lists_of(campaign), timezone.now().replace(microsecond=0)
    word, digest = fresh_word()
    made = Handout(
        campaign=campaign,
        unit=unit,
        digest=digest,
        program=program.tool.name[:200],
        sha256=program.tool.sha256,
        lists=[kept.sha256 for kept in lists],
        signer=key.fingerprint,
        made=now,
        user=user_of(by),
    )
    return Noted(made, program, lists, key, word)


def bytes_of(noted: Noted) -> Filled:
    """The scanner's bytes; the same each time. InputError when it was revoked meanwhile."""
    handout = noted.handout
    if not Handout.objects.filter(pk=handout.pk, revoked=None).exists():
        raise InputError(
            mark("This scanner was revoked. Open the page again to take another."), handout.program
        )
    return _fill(noted)


def _fill(noted: Noted) -> Filled:
    handout, campaign = noted.handout, noted.handout.campaign
    address = reporting_address(campaign)
    terms = Terms(
        portal=address,
        word=noted.word if address else "",
        unit=handout.unit.name,
        campaign=campaign.name,
        made=handout.made.isoformat(),
        expires=good_until(campaign).isoformat(),
    )
    additions = _additions(noted.program, noted.lists, unit_keys.opened(noted.key), terms)
    return fill(_opened(noted.program.tool.path), additions)


def revoke(handout: Handout, by: Any) -> None:
    """Take nothing more that shows the handed-out scanner's word."""
    if Handout.objects.filter(pk=handout.pk, revoked=None).update(revoked=timezone.now()):
        record(by, "fleet.scanner_revoked", handout, handout.unit, program=handout.program)


def good_until(campaign: Campaign) -> datetime:
    """Until when the scanner calls its list up to date: the end of the campaign's last day."""
    last = time(23, 59, 59)
    return datetime.combine(campaign.ends, last, timezone.get_current_timezone())


def name_of(program: Program, campaign: Campaign, unit: Unit) -> str:
    """The download's name."""
    stem, dot, ending = program.tool.file_name.rpartition(".")
    return safe_name(f"{stem or ending}-{unit.code}-{campaign.pk}{dot}{ending if stem else ''}")


def _additions(
    program: Program, lists: list[IndicatorList], key: Ed25519PrivateKey, terms: Terms
) -> Iterator[Addition]:
    names = {kept.pk: f"{number:02d}-{safe_name(kept.name)}" for number, kept in enumerate(lists, 1)}
    own = signed({names[kept.pk]: kept.sha256 for kept in lists}, key, terms)
    for name, data in own.items():
        yield f"{program.inside}{FOLDER}/{name}", len(data), io.BytesIO(data)
    for kept in lists:
        yield f"{program.inside}{FOLDER}/{names[kept.pk]}", kept.size, _opened(kept.path)


def _opened(path: str) -> Any:
    return default_storage.open(path, "rb")


PREFIX = "scan_"
_NEAR = timedelta(minutes=1)


def fresh_word() -> tuple[str, str]:
    """A new word, and the digest by which it is known again."""
    word = PREFIX + secrets.token_urlsafe(24)
    return word, _digest(word)


def handout_of(word: str) -> Handout | None:
    """The scanner that shows this word, if it was not revoked."""
    if not word.startswith(PREFIX):
        return None
    rows = Handout.objects.select_related("unit")
    found = rows.filter(digest=_digest(word), revoked=None).first()
    now = timezone.now()
    if found is not None and (found.last_used is None or now - found.last_used > _NEAR):
        Handout.objects.filter(pk=found.pk).update(last_used=now)
    return found


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "replace")).hexdigest()


_ENTRY = re.compile(r"((?:[^/]+/)?)app/lamsach_scanner\.py")
_KEY = re.compile(rb'^PUBLIC_KEY = "([0-9a-f]{64}|)"', re.MULTILINE)
_ENTRY_BYTES = 100_000
_KEPT_S = 3600


@dataclass(frozen=True, slots=True)
class Program:
    """A scanner of the catalogue: folder `inside` the zip, the one `key` (hex) whose lists it takes."""

    tool: Tool
    inside: str
    key: str
    windows: bool


def programs() -> list[Program]:
    """The scanners of the catalogue, also those that the public page does not show."""
    found = (program_of(tool) for tool in Tool.objects.exclude(path="").order_by("name", "pk"))
    return [program for program in found if program is not None]


def program_of(tool: Tool) -> Program | None:
    """The tool as a scanner; None for another file, a damaged one, or one that carries a campaign already."""
    name = f"fleet.program:{tool.sha256}"
    known = cache.get(name)
    if known is None:
        known = _looked_into(tool.path)
        cache.set(name, known, _KEPT_S)
    return Program(tool, *known) if known else None


def _looked_into(path: str) -> tuple[str, str, bool] | tuple[()]:
    try:
        with default_storage.open(path, "rb") as stream, zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            entries = [match for name in names if (match := _ENTRY.fullmatch(name))]
            if len(entries) != 1:
                return ()
            inside = entries[0][1]
            with archive.open(entries[0][0]) as member:
                key = _KEY.search(member.read(_ENTRY_BYTES))
            if key is None or any(name.startswith(f"{inside}{FOLDER}/") for name in names):
                return ()
            return inside, key[1].decode(), f"{inside}Lamsach.exe" in names
    except ZIP_ERRORS:
        return ()
