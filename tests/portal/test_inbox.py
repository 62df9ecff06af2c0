"""Incoming mail: stored once, assigned to its target, bounces, loops, retention."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.portal.awareness import letters as notices
from lamsach.portal.campaigns.models import Recipient, Step, StepKind
from lamsach.portal.mail import access, letters, retention
from lamsach.portal.mail.inbox import receive
from lamsach.portal.mail.letters import message
from lamsach.portal.mail.models import BadAddress, Incoming, IncomingKind, Letter, LetterState
from lamsach.portal.support.models import Message, Question, QuestionState

from .conftest import Browser, Cast
from .mail_samples import address, mail
from .samples import dispatch, notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reply_address")]


def dispatch_letter(cast: Cast) -> Letter:
    dispatch(cast)
    return Letter.objects.get(unit=cast.first, kind="dispatch")


def test_marks_cannot_be_made_up() -> None:
    mark = letters.mark_of(12)
    assert letters.letter_id(f"<{mark.upper()}.99@host>") == 12
    assert [
        letters.letter_id(text) for text in ("l12-aaaaaaaaaaaaaaaa", "l13-" + mark[4:], "", mark[:-1])
    ] == [None] * 4


@pytest.mark.parametrize("way", ["address", "header"])
def test_an_answer_lands_at_its_dispatch_once(way: str, cast: Cast, browser: Browser) -> None:
    letter = dispatch_letter(cast)
    where: dict[str, str] = (
        {"to": address(letter)} if way == "address" else {"In_Reply_To": str(message(letter)["Message-ID"])}
    )
    raw = mail("Chúng tôi đã nhận.\n\nVào T2, 1 thg 8 2022 Trung tâm A đã viết:\n> Kính gửi", **where)
    assert receive(raw) is not None
    assert receive(raw) is None
    relayed = b"Received: from elsewhere by here; Mon, 1 Aug 2022 08:00:00 +0700\r\n" + raw
    assert receive(relayed) is None
    step = Step.objects.get(kind=StepKind.WROTE)
    assert (step.recipient.unit, step.note, step.how) == (cast.first, "Trả lời\n\nChúng tôi đã nhận.", "mail")
    recipient = Recipient.objects.get(unit=cast.first)
    assert (recipient.opened is not None, recipient.acknowledged) == (True, None)
    got = Incoming.objects.get()
    page = browser("coordinator").get(f"/office/mail/in/{got.pk}/").content.decode()
    assert f"/office/answers/{recipient.pk}/" in page
    assert browser("stranger").get(f"/office/mail/in/{got.pk}/").status_code == 404


def test_files_of_a_reply_are_stored_by_their_kind(cast: Cast) -> None:
    files = {"../../bien-ban.pdf": b"%PDF-1.7 x", "virus.exe": b"MZ", "gia.pdf": b"MZ"}
    receive(mail("Gửi kèm.", to=address(dispatch_letter(cast)), subject="Biên bản", files=files))
    step = Step.objects.get(kind=StepKind.WROTE)
    assert step.evidence_name == "bien-ban.pdf"
    assert "virus.exe" in step.note
    assert "gia.pdf" in step.note


def test_a_question_by_mail_and_its_answers(cast: Cast) -> None:
    receive(mail("Máy chạy chậm", sender="Người Hỏi <mot@unit.example>", subject="Cần giúp"))
    asked = Question.objects.get()
    assert (asked.unit, asked.name, asked.subject, asked.text) == (
        cast.centre,
        "Người Hỏi",
        "Cần giúp",
        "Máy chạy chậm",
    )
    receipt = Letter.objects.get(kind="question_received")
    receive(mail("Vẫn chậm", to=address(receipt)))
    receive(mail("Tôi là kẻ khác", sender="khac@unit.example", to=address(receipt)))
    said = list(Message.objects.order_by("pk").values_list("text", "internal", "who"))
    assert said == [("Vẫn chậm", False, "Người Hỏi"), ("Tôi là kẻ khác", True, "khac@unit.example")]
    to_desk = Letter.objects.get(kind="question_new")
    receive(mail("Hãy rà quét.", sender="a@unit.example", to=address(to_desk)))
    asked.refresh_from_db()
    assert (asked.state, Letter.objects.filter(kind="question_answered").count()) == (
        QuestionState.ANSWERED,
        1,
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
        {"List_Id": "<a.example>"},
        {"X_Loop": "a"},
        {"sender": "lamsach@localhost"},
    ],
)
def test_automatic_messages_are_stored_and_never_answered(headers: dict[str, str], cast: Cast) -> None:
    receive(mail("Tôi vắng mặt.", **headers))
    assert Incoming.objects.get().kind == IncomingKind.AUTOMATIC
    assert (Letter.objects.count(), Question.objects.count()) == (0, 0)


def test_mail_loops_are_limited(cast: Cast) -> None:
    """An unmarked automatic responder gets a limited number of receipts."""
    for number in range(20):
        receive(mail(f"Phiếu {number}", sender="may@khac.example", subject=f"Phiếu {number}"))
    assert Question.objects.count() == 20
    assert Letter.objects.filter(to="may@khac.example").count() == 5


def test_outgoing_mail_is_marked_as_automatic(cast: Cast) -> None:
    letter = dispatch_letter(cast)
    sent = message(letter)
    assert (sent["Auto-Submitted"], sent["Reply-To"]) == ("auto-generated", address(letter))
    looped = sent.as_bytes()
    receive(looped)
    assert Incoming.objects.get().kind == IncomingKind.AUTOMATIC


DSN = """\
From: MAILER-DAEMON@mail.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.
--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <{recipient}>: User unknown

--b1
{returned}
--b1--
"""
WHOLE = "Content-Type: message/rfc822\n\nMessage-ID: {id}\nFrom: a@b.example\nSubject: x\n\ntext"
HEADERS = "Content-Type: text/rfc822-headers\n\nReceived: x\nMessage-ID:\n {id}\nSubject: x\n"


def report(letter: Letter, by: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    returned = {"whole": WHOLE, "headers": HEADERS}.get(by, "Content-Type: text/plain\n\nnone").format(
        id=message(letter)["Message-ID"]
    )
    to = address(letter) if by == "address" else "lamsach@localhost"
    text = DSN.format(to=to, recipient=letter.to, action=action, status=status, returned=returned)
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("by", ["address", "whole", "headers"])
def test_a_bounce_is_noted_at_letter_and_address(by: str, cast: Cast, browser: Browser) -> None:
    letter = dispatch_letter(cast)
    receive(report(letter, by))
    letter.refresh_from_db()
    bad = BadAddress.objects.get()
    assert (letter.state, bad.address, bad.status, bad.permanent) == (
        LetterState.BOUNCED,
        "mot@unit.example",
        "5.1.1",
        True,
    )
    assert "User unknown" in letter.problem
    assert "User unknown" in browser("coordinator").get(f"/office/units/{cast.first.pk}/").content.decode()
    assert Incoming.objects.get().kind == IncomingKind.BOUNCE
    assert Question.objects.count() == 0


def test_a_delay_is_no_bounce_and_a_forged_report_is_ignored(cast: Cast) -> None:
    letter = dispatch_letter(cast)
    receive(report(letter, "address", "delayed", "4.4.1"))
    receive(report(letter, "none"))
    letter.refresh_from_db()
    assert (letter.state, BadAddress.objects.count()) == (LetterState.QUEUED, 0)
    assert "4.4.1" in letter.problem


def test_a_full_box_is_not_a_wrong_address(cast: Cast) -> None:
    letter = dispatch_letter(cast)
    receive(report(letter, "address", "failed", "4.2.2"))
    receive(report(letter, "headers", "failed", "5.2.1"))
    assert list(BadAddress.objects.values_list("times", "permanent")) == [(2, True)]


def test_an_answer_of_a_person_goes_to_their_own_desk_and_no_log(cast: Cast) -> None:
    told = notice(cast)
    notices.remind(told.campaign, cast.first, cast.people["officer"])
    letter = Letter.objects.get(about=f"notice:{told.pk}")
    receive(mail("Tôi có phần mềm này.", sender=letter.to, to=address(letter)))
    assert Question.objects.get().unit == cast.first
    for name in ("administrator", "coordinator", "officer"):
        person = cast.people[name]
        assert not access.readable_letters(person).filter(about=letter.about).exists()
        assert not access.readable_incoming(person).exists()


def test_texts_of_e_mails_are_erased_by_retention(
    cast: Cast, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_DROP = str(tmp_path)
    (tmp_path / "taken").mkdir()
    for name, days in (("old.eml", 100), ("new.eml", 10), ("old.txt", 100)):
        (tmp_path / "taken" / name).write_text("x")
        moment = time.time() - days * 86_400
        os.utime(tmp_path / "taken" / name, (moment, moment))
    made = [
        Incoming.objects.create(
            key=str(number),
            kind="question",
            received=timezone.now() - timedelta(days=days),
            sender="hoi@person.example",
            name="Người Hỏi",
            subject="S",
            text="T",
            unit=unit,
            target="question:1",
            path=default_storage.save(f"incoming/aa/{number}", ContentFile(b"raw")),
        )
        for number, (days, unit) in enumerate(
            ((91, cast.first), (91, cast.second), (91, None), (80, cast.first))
        )
    ]
    monkeypatch.setattr(retention, "held_units", lambda: {cast.second.pk})
    assert retention.forget_due() == 3, "two e-mails and a file"
    assert retention.forget_due() == 0
    for incoming, gone in zip(made, (True, False, True, False), strict=True):
        path = incoming.path
        incoming.refresh_from_db()
        assert default_storage.exists(path) is not gone
        left = [getattr(incoming, name) for name in ("sender", "name", "subject", "text", "path")]
        assert (left == [""] * 5) is gone
        assert incoming.target == "question:1"
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["new.eml", "old.txt"]
    assert cast.client("coordinator").get(f"/office/mail/in/{made[0].pk}/").status_code == 200
