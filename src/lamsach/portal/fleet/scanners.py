"""Issued scanners: the catalogue's program with the campaign's signed lists, reporting address and token."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.links import absolute, digest_of, find_by_token, nonce
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.exchange import unit_keys
from lamsach.portal.exchange.models import OwnKey
from lamsach.portal.fleet.filled_zip import Addition, FilledZip, add_files
from lamsach.portal.fleet.models import Handout
from lamsach.portal.public.models import Tool
from lamsach.portal.units.models import Unit
from lamsach.runtime.file_names import safe_name
from lamsach.runtime.web_address import is_private
from lamsach.scanner.campaign import FOLDER, Terms, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def reporting_address(campaign: Campaign) -> str:
    """Return the address that machines report to; empty if not encrypted, which scanners refuse."""
    address = f"{absolute('api:api-root')}campaigns/{campaign.pk}"
    return address if is_private(address) else ""


def signing_key(campaign: Campaign, unit: Unit) -> OwnKey | None:
    """Return the signing key: the leading unit's if in this portal, else the unit's own, or None."""
    return unit_keys.current(campaign.owner) or unit_keys.current(unit)


def accepts(program: Program, key: OwnKey | None) -> bool:
    """Return whether the program accepts lists signed by the key. None: a key not made yet."""
    return not program.key or (
        key is not None and unit_keys.opened(key).public_key().public_bytes_raw().hex() == program.key
    )


def lists_of(campaign: Campaign) -> list[IndicatorList]:
    """Return the lists of the bundle, in order."""
    return list(campaign.lists.filter(withdrawn=None).order_by("pk"))


@dataclass(frozen=True, slots=True)
class IssuedScanner:
    """An issued scanner with everything its bytes are built from."""

    handout: Handout
    program: Program
    lists: list[IndicatorList]
    key: OwnKey
    token: str


def issue(program: Program, campaign: Campaign, unit: Unit, by: Any) -> tuple[IssuedScanner, FilledZip]:
    """Issue a scanner; return its record and content. InputError if the program refuses the key."""
    issued = _new(program, campaign, unit, by)
    filled = _fill(issued)
    try:
        _note(issued, by)
    except BaseException:
        filled.close()
        raise
    return issued, filled


@transaction.atomic
def _note(issued: IssuedScanner, by: Any) -> None:
    made = issued.handout
    made.save()
    sums = {"program_sha256": made.sha256, "lists": ",".join(made.lists), "signer": made.signer}
    record(
        by, "fleet.scanner_taken", made, made.unit, campaign=made.campaign_id, program=made.program, **sums
    )


def _new(program: Program, campaign: Campaign, unit: Unit, by: Any) -> IssuedScanner:
    key = signing_key(campaign, unit) or unit_keys.renew(unit, by)
    if not accepts(program, key):
        raise InputError(mark("The program takes lists of another key only."), program.tool.name)
    lists, now = lists_of(campaign), timezone.now().replace(microsecond=0)
    token = PREFIX + nonce()
    made = Handout(
        campaign=campaign,
        unit=unit,
        digest=digest_of(token),
        program=program.tool.name[:200],
        sha256=program.tool.sha256,
        lists=[indicator_list.sha256 for indicator_list in lists],
        signer=key.fingerprint,
        made=now,
        user=user_of(by),
    )
    return IssuedScanner(made, program, lists, key, token)


def content_of(issued: IssuedScanner) -> FilledZip:
    """Return the scanner's content again, unchanged. InputError if revoked meanwhile."""
    handout = issued.handout
    if not Handout.objects.filter(pk=handout.pk, revoked=None).exists():
        raise InputError(
            mark("This scanner was revoked. Open the page again to take another."), handout.program
        )
    return _fill(issued)


def _fill(issued: IssuedScanner) -> FilledZip:
    handout, campaign = issued.handout, issued.handout.campaign
    address = reporting_address(campaign)
    terms = Terms(
        portal=address,
        word=issued.token if address else "",
        unit=handout.unit.name,
        campaign=campaign.name,
        made=handout.made.isoformat(),
        expires=valid_until(campaign).isoformat(),
    )
    additions = _additions(issued.program, issued.lists, unit_keys.opened(issued.key), terms)
    return add_files(_opened(issued.program.tool.path), additions)


def valid_until(campaign: Campaign) -> datetime:
    """Return until when the scanner's list is valid: the end of the campaign's last day."""
    last = time(23, 59, 59)
    return datetime.combine(campaign.ends, last, timezone.get_current_timezone())


def name_of(program: Program, campaign: Campaign, unit: Unit) -> str:
    """Build the name of the download."""
    stem, dot, ending = program.tool.file_name.rpartition(".")
    return safe_name(f"{stem or ending}-{unit.code}-{campaign.pk}{dot}{ending if stem else ''}")


def _additions(
    program: Program, lists: list[IndicatorList], key: Ed25519PrivateKey, terms: Terms
) -> Iterator[Addition]:
    names = {
        indicator_list.pk: f"{number:02d}-{safe_name(indicator_list.name)}"
        for number, indicator_list in enumerate(lists, 1)
    }
    own = signed({names[indicator_list.pk]: indicator_list.sha256 for indicator_list in lists}, key, terms)
    for name, data in own.items():
        yield f"{program.inside}{FOLDER}/{name}", len(data), io.BytesIO(data)
    for indicator_list in lists:
        yield (
            f"{program.inside}{FOLDER}/{names[indicator_list.pk]}",
            indicator_list.size,
            _opened(indicator_list.path),
        )


def _opened(path: str) -> Any:
    return default_storage.open(path, "rb")


PREFIX = "scan_"


def handout_of(token: str) -> Handout | None:
    """Return the issued scanner of a token, unless revoked."""
    if not token.startswith(PREFIX):
        return None
    return find_by_token(Handout.objects.select_related("unit"), token)  # type: ignore[no-any-return]


_ENTRY = re.compile(r"((?:[^/]+/)?)app/lamsach_scanner\.py")
_KEY = re.compile(rb'^PUBLIC_KEY = "([0-9a-f]{64}|)"', re.MULTILINE)
_ENTRY_BYTES = 100_000
_KEPT_S = 3600


@dataclass(frozen=True, slots=True)
class Program:
    """A scanner of the catalogue: its folder `inside` the zip, the only `key` (hex) accepted for lists."""

    tool: Tool
    inside: str
    key: str
    windows: bool


def programs() -> list[Program]:
    """Return the scanners of the catalogue, also those not shown on the public page."""
    found = (program_of(tool) for tool in Tool.objects.exclude(path="").order_by("name", "pk"))
    return [program for program in found if program is not None]


def program_of(tool: Tool) -> Program | None:
    """Return the tool as a scanner; None for other or damaged files, or if issued for a campaign already."""
    name = f"fleet.program:{tool.sha256}"
    known = cache.get(name)
    if known is None:
        known = _inspect(tool.path)
        cache.set(name, known, _KEPT_S)
    return Program(tool, *known) if known else None


def _inspect(path: str) -> tuple[str, str, bool] | tuple[()]:
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
