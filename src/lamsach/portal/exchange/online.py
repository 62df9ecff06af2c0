"""The exchange file by HTTPS: one portal sends its next file, the other answers with its own. What a person would carry on a stick goes by itself, with the same proofs.

A file is sealed to the receiver and proves by its signature who made it, so the address needs no password. A transfer that was cut off is simply done again: what arrived is
taken once, and a file leaves out only what the other side said to have. The clocks of both are compared, for people to see; nothing is decided by it.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from lamsach.errors import InputError, LamsachError, OutputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.exchange import container, moving, outgoing, sealing
from lamsach.portal.exchange.models import Partner
from lamsach.portal.units.models import Unit
from lamsach.runtime.web_client import WebError

TIMEOUT_S = 60.0
CLOCKS_AGREE_S = 120
"""Clocks that differ by less are said to agree."""
_PEOPLE = mark("Files of this partner are taken by people alone.")
_NO_SEAL = mark("No sealing key of the partner is known, so nothing is sent to it by HTTPS.")
_NO_SEAL_TODO = mark("Take one of its files first, or add its public keys again.")
_REFUSED = mark("The partner's portal refused the file.")


def connect(partner: Partner, url: str, by: Any) -> None:
    """Take the partner's files by HTTPS from now on, in the person's name; with an address, send ours there. InputError for an address that may not be written to."""
    if url:
        outgoing.check(url)
    _sealed(partner)
    user: Any = getattr(by, "user", by)
    Partner.objects.filter(pk=partner.pk).update(online_by=user, url=url, problem="")
    record(by, "exchange.online", partner, partner.unit, url=url)


def disconnect(partner: Partner, by: Any) -> None:
    """Take its files by hand only."""
    Partner.objects.filter(pk=partner.pk).update(online_by=None, url="", problem="")
    record(by, "exchange.offline", partner, partner.unit)


def _sealed(partner: Partner) -> None:
    if not partner.recipient:
        raise InputError(_NO_SEAL, partner.name, _NO_SEAL_TODO)


def receive(path: Path, answer: Path) -> None:
    """Take the file that a partner's portal sent, and write the answer. A file that was taken before is answered too: the first answer may have been lost. InputError."""
    ours = Unit.objects.filter(exchange_partners__online_by__isnull=False, exchange_partners__ended=None)
    partner = moving.find_partner(path, list(ours.distinct().values_list("pk", flat=True)))
    if partner.online_by is None:
        raise InputError(_PEOPLE, partner.code)
    _sealed(partner)
    _take(partner, path, timedelta())
    moving.make(Partner.objects.get(pk=partner.pk), answer, partner.online_by, news=True)


def _take(partner: Partner, path: Path, under_way: timedelta) -> None:
    """Take a file that was made `under_way` ago; how far its maker's clock is ahead follows."""
    now = timezone.now()
    try:
        moving.take(partner, path, partner.online_by)
    except moving.TakenBeforeError:
        return
    with sealing.plain(path, [partner.unit_id]) as plain:
        made = container.peek(plain).made
    off = round((made - (now - under_way)).total_seconds())
    Partner.objects.filter(pk=partner.pk).update(last=timezone.now(), clock_off_s=off)


def exchange(partner: Partner) -> bool:
    """Send our next file and take the answer; whether both went well. The problem is kept with the partner."""
    try:
        with tempfile.TemporaryDirectory(prefix="lamsach-exchange-") as folder:
            ours, theirs = Path(folder) / "ours.zip", Path(folder) / "theirs.zip"
            _sealed(partner)
            moving.make(partner, ours, partner.online_by, news=True)
            began = timezone.now()
            theirs.write_bytes(_sent(partner.url, ours.read_bytes()))
            found = moving.find_partner(theirs, [partner.unit_id])
            if found.pk != partner.pk:
                raise InputError(_REFUSED, partner.code)
            _take(partner, theirs, (timezone.now() - began) / 2)
    except LamsachError as problem:
        text = f"{problem.what}\n{problem.where}"[:400]
        Partner.objects.filter(pk=partner.pk).update(problem=text)
        return False
    Partner.objects.filter(pk=partner.pk).update(problem="", last=timezone.now())
    return True


def _sent(url: str, body: bytes) -> bytes:
    """The answer to a file. OutputError when the portal cannot be reached, InputError when it refuses."""
    outgoing.check(url)
    host = urlsplit(url).hostname or ""
    headers = {"Content-Type": "application/octet-stream"}
    try:
        with outgoing.client(TIMEOUT_S).ask("POST", url, headers, body) as answer:
            found = answer.beginning(container.TOTAL_BYTES + 1)
            if answer.status != 200 or len(found) > container.TOTAL_BYTES:
                raise InputError(_REFUSED, f"{host}: {answer.status}")
    except WebError as error:
        raise OutputError(mark("The address could not be reached."), f"{host}: {error.kind}") from error
    return found
