"""Handing out a scanner: the catalogue's program, filled with the campaign's lists, the address where the unit's machines report, and a word of its own; signed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.links import absolute
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.exchange import keyring
from lamsach.portal.exchange.models import OwnKey
from lamsach.portal.fleet import words
from lamsach.portal.fleet.filling import Addition, Filled, fill
from lamsach.portal.fleet.models import Handout
from lamsach.portal.fleet.programs import Program
from lamsach.portal.units.models import Unit
from lamsach.runtime.file_names import safe_name
from lamsach.scanner.campaign import FOLDER, Terms, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LOCAL = ("localhost", "127.0.0.1", "::1")


def reporting_address(campaign: Campaign) -> str:
    """Return where machines report; empty when the way there would not be encrypted, since scanners refuse that."""
    address = f"{absolute('api:api-root')}campaigns/{campaign.pk}"
    parts = urlsplit(address)
    return address if parts.scheme == "https" or parts.hostname in _LOCAL else ""


def signing_key(campaign: Campaign, unit: Unit) -> OwnKey | None:
    """The key that signs: the leading unit's where the portal holds it, else the unit's own; None when there is none yet."""
    return keyring.current(campaign.owner) or keyring.current(unit)


def takes(program: Program, key: OwnKey | None) -> bool:
    """Return whether the program takes lists that this key signed. None: a key that is yet to be made."""
    return not program.key or (key is not None and _public(keyring.opened(key)) == program.key)


def lists_of(campaign: Campaign) -> list[IndicatorList]:
    """The lists that go into the bundle, in their order."""
    return list(campaign.lists.filter(withdrawn=None).order_by("pk"))


@dataclass(frozen=True, slots=True)
class Noted:
    """A scanner that was handed out, with all that its bytes are made of. `word`: what it shows when it reports."""

    handout: Handout
    program: Program
    lists: list[IndicatorList]
    key: OwnKey
    word: str


def hand_out(program: Program, campaign: Campaign, unit: Unit, by: Any) -> tuple[Noted, Filled]:
    """A scanner for the unit's machines: what is noted of it, and its bytes. InputError when the program would not take the list. It is noted when it is filled."""
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
    user = getattr(by, "user", by)
    key = signing_key(campaign, unit) or keyring.renew(unit, by)
    if not takes(program, key):
        raise InputError(mark("The program takes lists of another key only."), program.tool.name)
    lists, now = lists_of(campaign), timezone.now().replace(microsecond=0)
    word, digest = words.fresh()
    made = Handout(
        campaign=campaign,
        unit=unit,
        digest=digest,
        program=program.tool.name[:200],
        sha256=program.tool.sha256,
        lists=[kept.sha256 for kept in lists],
        signer=key.fingerprint,
        made=now,
        user=user,
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
    additions = _additions(noted.program, noted.lists, keyring.opened(noted.key), terms)
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


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
