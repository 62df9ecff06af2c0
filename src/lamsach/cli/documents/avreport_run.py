"""Implementation of `lamsach report --to avreport`: gather, write, sign, send."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import loads
from pathlib import Path

from lamsach.channels.avreport.delivery import (
    NOT_SENT,
    NOTHING,
    REFUSED,
    Outcome,
    check_address,
    digest_of,
    outcome_of,
    send,
)
from lamsach.channels.avreport.entries import Period, gather
from lamsach.channels.avreport.model import Gathered, Naming, Report
from lamsach.channels.avreport.report_xml import write
from lamsach.channels.edxml.days import VIETNAM
from lamsach.channels.edxml.model import Organ
from lamsach.channels.xml_signature import Signer, load_signer
from lamsach.cli.console import emit, translate
from lamsach.cli.options import keys_for, window
from lamsach.devices.unit_key import unit_key
from lamsach.errors import ExitStatus, InputError, OutputError, UnreadableError, UsageError
from lamsach.i18n import mark
from lamsach.letters.signature import LARGEST_KEY_BYTES
from lamsach.results.atomic import atomic_file
from lamsach.results.sealed.files import open_plain

PASSWORD_VARIABLE = "LAMSACH_KEY_PASSWORD"  # noqa: S105 - the name of a variable, not a password
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Request from the command line."""

    unit: str
    organ_id: str
    email: str
    naming: Naming
    since: str | None
    until: str | None
    sign_with: str
    send_to: str


def run(
    findings: Sequence[Path], outputs: Sequence[Path], request: ReportRequest, identity: Sequence[Path] | None
) -> ExitStatus:
    """Build the report, write it, and send it on request."""
    if not request.unit.strip() or not findings:
        raise UsageError(
            mark("A report needs the unit's name and at least one findings bundle."),
            "--unit, --findings",
            mark("Give both."),
        )
    if request.send_to:
        check_address(request.send_to)
    period = _period(request)
    signer = signer_of(request.sign_with) if request.sign_with else None
    with ExitStack() as stack:
        plain = [stack.enter_context(open_plain(path, keys_for(path, identity, None))) for path in findings]
        gathered = gather(plain, period)
    if not gathered.sources:
        raise InputError(NOTHING, f"{period.since} - {period.until}", NOT_SENT)
    sender = Organ(request.organ_id, request.unit, email=request.email)
    key = _key() if request.naming is Naming.PSEUDONYMS else b""
    report = Report(sender, period.since, period.until, period.until, gathered, request.naming, key)
    document = write(report, signer)
    _report(gathered)
    places = [_place(path, period.until) for path in outputs]
    for path in places:
        with atomic_file(path) as stream:
            stream.write(document)
        emit(translate()("Written: {path}").format(path=path))
    return _send(document, request.send_to, places[0]) if request.send_to else ExitStatus.FOUND


def signer_of(name: str) -> Signer:
    """Load the signer of `--sign-with`: a PKCS#12 file, or a key on a token."""
    from lamsach.channels.token_key import SCHEME, parts_of, token_signer

    if name.startswith(SCHEME):
        parts_of(name)
        return token_signer(name, _password())
    try:
        with Path(name).open("rb") as stream:
            data = stream.read(LARGEST_KEY_BYTES + 1)
    except OSError as error:
        raise UnreadableError(mark("The key file cannot be read."), f"{name} ({error.strerror})") from None
    return load_signer(data, _password())


def _password() -> str:
    """Return the password or PIN: from the environment, else asked on a terminal, else empty."""
    if (stated := os.environ.get(PASSWORD_VARIABLE)) is not None:
        return stated
    if not sys.stdin.isatty():
        return ""
    from getpass import getpass

    return getpass(translate()("Password or PIN of the key: "))


def _period(request: ReportRequest) -> Period:
    since, until = window(request.since, request.until, VIETNAM)
    end = until or datetime.now(VIETNAM).replace(microsecond=0)
    begin = since or end - DAY
    if begin >= end:
        raise UsageError(mark("The period would end before it begins."), f"{begin} - {end}", "")
    return Period(begin, end)


def _key() -> bytes:
    key = unit_key()
    if key is None:
        raise UsageError(
            mark("Pseudonyms need the unit's key, and it cannot be kept here."),
            "LAMSACH_UNIT_KEY",
            mark("Name a file for it."),
        )
    return key


def _place(path: Path, until: datetime) -> Path:
    """Return the file to write: the path itself, or one named by the period's end if it is a folder."""
    if path.suffix.lower() == ".xml":
        return path
    if not path.is_dir():
        raise UsageError(
            mark("The malware report is written as XML, or into a folder."),
            str(path),
            mark("Use a name that ends in .xml, or a folder that is there."),
        )
    return path / f"avreport-{until.astimezone(VIETNAM):%Y%m%dT%H%M%S}.xml"


def _report(gathered: Gathered) -> None:
    """Report the content of the report, and its gaps."""
    _ = translate()
    emit(_("Machines in the report: {count}").format(count=gathered.machines))
    emit(
        _("Nothing is known of these parts, so they are left out: {parts}").format(
            parts=", ".join(gathered.absent)
        )
    )
    if gathered.unattributed:
        emit(
            _("Contacts whose machine is not known, left out of the report: {count}").format(
                count=gathered.unattributed
            )
        )
    for sentence in gathered.warnings:
        emit(_("Check: {sentence}").format(sentence=_(sentence)))


def _send(document: bytes, url: str, path: Path) -> ExitStatus:
    _, receipt_path = translate(), path.with_name(path.name + ".receipt.json")
    if _is_accepted(receipt_path, document):
        emit(_("This report was sent before, and the centre has it: {path}").format(path=receipt_path))
        return ExitStatus.FOUND
    receipt = send(document, url)
    with atomic_file(receipt_path) as stream:
        stream.write(receipt.as_json())
    emit(_("The receipt: {path}").format(path=receipt_path))
    if outcome_of(receipt.status) is not Outcome.TAKEN:
        raise OutputError(REFUSED, f"{receipt.status} {receipt.answer[:300]}".strip(), "")
    return ExitStatus.FOUND


def _is_accepted(receipt_path: Path, document: bytes) -> bool:
    """Return whether a receipt confirms that the centre has exactly these bytes."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = loads(receipt_path.read_bytes())
        return known["sha256"] == digest_of(document) and outcome_of(known["status"]) is Outcome.TAKEN
    return False
