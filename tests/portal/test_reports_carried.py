"""A report signed by a unit's own portal reaches the portal above by e-mail or USB stick, once.

It is filed unchanged, and the answer returns. Both portals are this one: actions in the unit's portal are
rolled back before the portal above gets the file.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from lamsach.errors import InputError
from lamsach.portal.exchange import transfer, unit_keys
from lamsach.portal.exchange.models import Partner
from lamsach.portal.mail.inbox import receive as take_mail
from lamsach.portal.mail.letters import message
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports import drafts
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.content import freeze, is_intact
from lamsach.portal.reports.letters import deliver, queue_step_letter
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.support.models import Question

from .conftest import Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db
SIGNED_PDF = b"%PDF-1.7 signed"


def partners(cast: Cast) -> tuple[Partner, Partner]:
    """Register the centre with the room, and the room with the centre."""
    by = cast.people["administrator"]
    keys = {unit: unit_keys.renew(unit, by).public for unit in (cast.first, cast.centre)}
    up = unit_keys.add_partner(
        cast.first, cast.centre.code, cast.centre.name, above=True, public=keys[cast.centre], by=by
    )
    down = unit_keys.add_partner(
        cast.centre, cast.first.code, cast.first.name, above=False, public=keys[cast.first], by=by
    )
    return up, down


def send(cast: Cast, made: Report) -> Report:
    """The unit's own steps, with a signed PDF."""
    path = default_storage.save("files/aa/signed", ContentFile(SIGNED_PDF))
    Report.objects.filter(pk=made.pk).update(scan_name="ky-so.pdf", scan_path=path, scan_sha256="x")
    for action in (Action.SUBMIT, Action.APPROVE, Action.SEND):
        made = take(made, action, cast.people["officer"], freeze=freeze if action == Action.SUBMIT else None)
        queue_step_letter(made, action)
    deliver(made.pk, made.version)
    assert not deliver(made.pk, made.version)
    return made


def elsewhere(work: Callable[[], Any]) -> Any:
    """Run a call in the other portal: its result remains, its rows do not.

    The savepoint is manual, so that readers do not count it as a transaction of the portal.
    """
    begun = transaction.savepoint()
    try:
        return work()
    finally:
        transaction.savepoint_rollback(begun)


def sent_mail(cast: Cast) -> tuple[bytes, str]:
    made = send(cast, drafts.begin(dispatch(cast).campaign, cast.first, cast.people["officer"]))
    mail: EmailMessage = message(Letter.objects.get(kind="report_sent"))
    del mail["From"], mail["To"]
    mail["From"], mail["To"] = "cong@room.example", "a@unit.example"
    return mail.as_bytes(), made.digest


def test_an_e_mail_between_portals_files_the_report_by_itself(cast: Cast) -> None:
    partners(cast)
    dispatch(cast)
    raw, digest = elsewhere(lambda: sent_mail(cast))
    assert not Report.objects.exists()
    incoming = take_mail(raw)
    assert incoming is not None
    assert (incoming.target[:9], incoming.unit) == ("exchange:", cast.first)
    made = Report.objects.get()
    assert (made.unit, made.state, made.digest, made.created_by) == (
        cast.first, ReportState.SENT, digest, None,
    )  # fmt: skip
    assert is_intact(made)
    assert default_storage.open(made.scan_path).read() == SIGNED_PDF
    assert not Question.objects.exists()
    assert Letter.objects.filter(kind="report_sent", to="a@unit.example").count() == 1
    again = EmailMessage()
    again["From"], again["To"], again["Message-ID"] = "x@room.example", "a@unit.example", "<other@x>"
    again.set_content("Gửi lại")
    attached = next(
        part for part in message_of(raw).iter_attachments() if str(part.get_filename()).endswith(".zip")
    )
    again.add_attachment(attached.get_content(), maintype="application", subtype="zip", filename="lai.zip")
    take_mail(again.as_bytes())
    assert Report.objects.get().version == made.version, "an accepted file is not accepted again"


def test_a_sealed_file_in_an_e_mail_is_opened_and_filed(cast: Cast) -> None:
    up, _down = partners(cast)
    dispatch(cast)
    key = unit_keys.renew_sealing(cast.centre, cast.people["coordinator"])
    Partner.objects.filter(pk=up.pk).update(recipient=key.public)
    raw, digest = elsewhere(lambda: sent_mail(cast))
    names = [str(part.get_filename()) for part in message_of(raw).iter_attachments()]
    assert (
        [name for name in names if name.endswith(".zip.age")]
        == [name for name in names if "zip" in name]
        != []
    )
    incoming = take_mail(raw)
    assert incoming is not None
    assert incoming.target.startswith("exchange:")
    assert Report.objects.get().digest == digest


def message_of(raw: bytes) -> EmailMessage:
    import email
    import email.policy

    return email.message_from_bytes(raw, policy=email.policy.default)


def test_a_file_that_nobody_knows_files_nothing(cast: Cast) -> None:
    _up, down = partners(cast)
    dispatch(cast)
    raw, _digest = elsewhere(lambda: sent_mail(cast))
    down.keys.all().delete()
    incoming = take_mail(raw)
    assert incoming is not None
    assert incoming.problem
    assert not Report.objects.exists()


def test_a_stick_carries_the_report_up_and_the_answer_down(cast: Cast, tmp_path: Path) -> None:
    up, down = partners(cast)
    campaign = dispatch(cast).campaign
    officer, coordinator = cast.people["officer"], cast.people["coordinator"]

    def room() -> bytes:
        send(cast, drafts.begin(campaign, cast.first, officer))
        transfer.make(up, tmp_path / "up.zip", officer, ("reports",))
        return (tmp_path / "up.zip").read_bytes()

    (tmp_path / "up.zip").write_bytes(elsewhere(room))
    with transfer.checked(down, tmp_path / "up.zip", coordinator) as found:
        ((_title, sentences),) = transfer.preview(found)
    assert cast.first.name in sentences[0]
    accepted = transfer.accept(down, tmp_path / "up.zip", coordinator)
    Partner.objects.filter(pk=up.pk).update(
        sent=accepted.counter
    )  # the room's own row of its file was rolled back
    with pytest.raises(InputError):
        transfer.accept(down, tmp_path / "up.zip", coordinator)
    filed = Report.objects.get()
    assert (filed.state, filed.unit) == (ReportState.SENT, cast.first)

    def centre(action: Action) -> bytes:
        take(filed, action, coordinator, reason="Thiếu số liệu")
        transfer.make(down, tmp_path / "down.zip", coordinator, ("report-answers",))
        return (tmp_path / "down.zip").read_bytes()

    for action, state in ((Action.REFUSE, ReportState.RETURNED), (Action.ACCEPT, ReportState.FROZEN)):
        path = tmp_path / f"{action}.zip"
        path.write_bytes(elsewhere(lambda action=action: centre(action)))  # type: ignore[misc]
        assert elsewhere(lambda path=path: answered(up, path, officer)) == (state, "Thiếu số liệu")  # type: ignore[misc]


def answered(up: Partner, path: Path, officer: Any) -> tuple[str, str]:
    """The room's report after import of the answer."""
    transfer.accept(up, path, officer)
    found = Report.objects.get()
    last = found.steps.last()
    assert last is not None
    return found.state, last.reason


def test_a_campaign_is_known_by_its_number_or_its_name(cast: Cast, tmp_path: Path) -> None:
    up, down = partners(cast)
    campaign = dispatch(cast).campaign

    def room() -> bytes:
        campaign.name = "Chiến dịch của nơi khác"
        campaign.save()
        send(cast, drafts.begin(campaign, cast.first, cast.people["officer"]))
        transfer.make(up, tmp_path / "up.zip", cast.people["officer"], ("reports",))
        return (tmp_path / "up.zip").read_bytes()

    (tmp_path / "up.zip").write_bytes(elsewhere(room))
    with pytest.raises(InputError) as caught:
        transfer.accept(down, tmp_path / "up.zip", cast.people["coordinator"])
    assert caught.value.what == "The report is about a campaign that is not here."
    assert not Report.objects.exists()
