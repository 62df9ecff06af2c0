"""Exchange files by HTTPS: a portal posts its next file and is answered with the other's.

A file is sealed to the receiver and authenticated by its signature, so the address needs no password. An
interrupted transfer is repeated: a file is accepted once, and omits only what the other side has. The offset
between both clocks is shown to people; nothing depends on it.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from lamsach.errors import InputError, LamsachError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.models import stored_problem
from lamsach.portal.exchange import container, outbound, transfer, unit_keys
from lamsach.portal.exchange.models import Partner
from lamsach.portal.units.models import Unit

TIMEOUT_S = 60.0
CLOCKS_AGREE_S = 120
"""Largest clock offset shown as none."""
_PEOPLE = mark("Files of this partner are accepted only by hand.")
_NO_SEAL = mark("No sealing key of the partner is known, so nothing is sent to it by HTTPS.")
_NO_SEAL_REMEDY = mark("Take one of its files first, or add its public keys again.")
_REFUSED = mark("The partner's portal refused the file.")


def connect(partner: Partner, url: str, by: Any) -> None:
    """Accept the partner's files by HTTPS in the user's name, and send ours to `url`. InputError."""
    if url:
        outbound.check(url)
    _require_seal(partner)
    Partner.objects.filter(pk=partner.pk).update(online_by=user_of(by), url=url, problem="")
    record(by, "exchange.online", partner, partner.unit, url=url)


def disconnect(partner: Partner, by: Any) -> None:
    """Accept the partner's files by upload only."""
    Partner.objects.filter(pk=partner.pk).update(online_by=None, url="", problem="")
    record(by, "exchange.offline", partner, partner.unit)


def _require_seal(partner: Partner) -> None:
    if not partner.recipient:
        raise InputError(_NO_SEAL, partner.name, _NO_SEAL_REMEDY)


def receive(path: Path, answer: Path) -> None:
    """Accept a partner's file and write the answer, also for a file accepted before. InputError."""
    ours = Unit.objects.filter(exchange_partners__online_by__isnull=False, exchange_partners__ended=None)
    partner = transfer.find_partner(path, list(ours.distinct().values_list("pk", flat=True)))
    if partner.online_by is None:
        raise InputError(_PEOPLE, partner.code)
    _require_seal(partner)
    _accept(partner, path, timedelta())
    transfer.make(Partner.objects.get(pk=partner.pk), answer, partner.online_by, news=True)


def _accept(partner: Partner, path: Path, under_way: timedelta) -> None:
    """Accept a file made `under_way` ago, and store the sender's clock offset."""
    now = timezone.now()
    try:
        transfer.accept(partner, path, partner.online_by)
    except transfer.TakenBeforeError:
        return
    with unit_keys.plain_file(path, [partner.unit_id]) as plain:
        made = container.peek(plain).made
    off = round((made - (now - under_way)).total_seconds())
    Partner.objects.filter(pk=partner.pk).update(last=timezone.now(), clock_off_s=off)


def exchange(partner: Partner) -> bool:
    """Send our next file and accept the answer; return success, storing a problem with the partner."""
    try:
        with tempfile.TemporaryDirectory(prefix="lamsach-exchange-") as folder:
            ours, theirs = Path(folder) / "ours.zip", Path(folder) / "theirs.zip"
            _require_seal(partner)
            transfer.make(partner, ours, partner.online_by, news=True)
            began = timezone.now()
            theirs.write_bytes(_post(partner.url, ours.read_bytes()))
            found = transfer.find_partner(theirs, [partner.unit_id])
            if found.pk != partner.pk:
                raise InputError(_REFUSED, partner.code)
            _accept(partner, theirs, (timezone.now() - began) / 2)
    except LamsachError as problem:
        Partner.objects.filter(pk=partner.pk).update(problem=stored_problem(problem))
        return False
    Partner.objects.filter(pk=partner.pk).update(problem="", last=timezone.now())
    return True


def _post(url: str, body: bytes) -> bytes:
    """Post a file and return the answer. OutputError for an unreachable portal, InputError for a refusal."""
    headers = {"Content-Type": "application/octet-stream"}
    answer = outbound.ask("POST", url, headers, body, container.TOTAL_BYTES + 1, TIMEOUT_S)
    if answer.status != 200 or len(answer.body) > container.TOTAL_BYTES:
        raise InputError(_REFUSED, f"{answer.host}: {answer.status}")
    return answer.body
