"""Incoming mail: stored once, assigned to its target, bounces, hostile input, loops."""

from __future__ import annotations

import os
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lamsach.portal.awareness import letters as notices
from lamsach.portal.campaigns.models import Recipient, Step, StepKind
from lamsach.portal.mail import access, delivery, letters, parser, retention
from lamsach.portal.mail import mailbox as boxes
from lamsach.portal.mail.inbox import receive
from lamsach.portal.mail.letters import message
from lamsach.portal.mail.models import BadAddress, Incoming, IncomingKind, Letter, LetterState
from lamsach.portal.mail.parser import from_html, one_address, parse, without_quotes
from lamsach.portal.support.models import Message, Question, QuestionState

from .conftest import Cast
from .samples import dispatch, notice

pytestmark = pytest.mark.django_db
PATTERN = "cong+{tag}@lamsach.example"


@pytest.fixture(autouse=True)
def reply_address(settings: Any) -> None:
    settings.MAIL_REPLY = PATTERN


def mail(text: str = "Đã nhận.", sender: str = "mot@unit.example", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = headers.pop("to", "lamsach@lamsach.example")
    message["Subject"] = headers.pop("subject", "Trả lời")
    message["Message-ID"] = headers.pop("id", f"<{time.monotonic_ns()}@unit.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def address(letter: Letter) -> str:
    return PATTERN.replace("{tag}", letters.mark_of(letter.pk))


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
def test_an_answer_lands_at_its_dispatch_once(way: str, cast: Cast, browser: Callable[[str], Client]) -> None:
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
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "mot@unit.example", address(dispatch_letter(cast)), "Biên bản"
    made.set_content("Gửi kèm.")
    for name, content in (("../../bien-ban.pdf", b"%PDF-1.7 x"), ("virus.exe", b"MZ"), ("gia.pdf", b"MZ")):
        made.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    receive(made.as_bytes())
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
def test_a_bounce_is_noted_at_letter_and_address(
    by: str, cast: Cast, browser: Callable[[str], Client]
) -> None:
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


HOSTILE = [
    b"",
    b"\x00" * 100,
    b"From: a@b.example\r\nSubject: =?utf-8?B?" + b"A" * 5000 + b"?=\r\n\r\nx",
    b'From: a@b.example\r\nSubject: x\r\nContent-Type: text/plain; charset="no-such"\r\n\r\n\xff\xfe\x00',
    (
        b'From: "<script>alert(1)</script>" <a@b.example>\r\nSubject: <img src=x onerror=alert(1)>\r\n\r\n'
        b"<b>x</b>"
    ),
    b'From: a@b.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary="\r\n\r\n--\r\n',
    b"From: a@b.example, c@d.example\r\nFrom: e@f.example\r\nSubject: a\r\n b\r\nSubject: c\r\n\r\nx",
    b"From: a@b.example\r\nTo: " + b"(" * 3000 + b"\r\nSubject: x\r\n\r\nx",
    b"From: a@b.example\r\nSubject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b"From: a@b.example\r\nContent-Disposition: attachment; filename*=utf-8''%00%0d%0a..%2f\r\n\r\nx",
    b"From: a@b.example\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed",
    (
        b"From: a@b.example\r\nContent-Type: multipart/report; boundary=x; report-type=delivery-status\r\n"
        b"\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n\xff\r\n--x--"
    ),
    b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (number, number)
        for number in range(3000)
    ),
    b"From: " + b"(" * 3000 + b"\r\nSubject: x\r\n\r\nx",
    b"From: a@b.example\r\nContent-Transfer-Encoding: " + b"(" * 3000 + b"\r\n\r\nx",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_mail_is_stored_and_inert(number: int, cast: Cast, browser: Callable[[str], Client]) -> None:
    got = receive(HOSTILE[number])
    assert got is not None
    page = browser("administrator").get(f"/office/mail/in/{got.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    delivery.deliver_due()
    assert set(Letter.objects.values_list("state", flat=True)) <= {LetterState.SENT}


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=400), st.sampled_from(HOSTILE[2:12]))
def test_no_bytes_break_the_reader(tail: bytes, head: bytes) -> None:
    parsed = parse(head[: len(head) // 2] + tail + head[len(head) // 2 :])
    assert "\x00" not in parsed.subject + parsed.text + parsed.sender + parsed.name
    assert "\n" not in parsed.subject + parsed.sender + parsed.name
    parsed.text.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A <a@b.example>", ("A", "a@b.example")),
        ("a@b.example", ("", "a@b.example")),
        ('"A, B" <a@b.example>', ("A, B", "a@b.example")),
        ("Nguyễn Văn A <a@b.example>", ("Nguyễn Văn A", "a@b.example")),
        ("a@b.example, c@d.example", ("", "")),
        ("a@b.example]<c@d.example>", ("", "")),
        ("a@b.example)c@d.example", ("", "")),
        ("a@b.example<c@d.example>", ("", "")),
        ("", ("", "")),
        ("(" * 1000, ("", "")),
    ],
)
def test_an_address_that_several_could_be_is_none(text: str, expected: tuple[str, str]) -> None:
    assert one_address(text) == expected


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Một</p><p>Hai &amp; ba</p>", "Một\nHai & ba"),
        ("<style>p{}</style><script>alert(1)</script>Còn<br>lại", "Còn\nlại"),
        ("<img src='http://tracker.example/x'>", ""),
        ("<p>Một</p><![ x ><p>Hai</p>", "Một\nHai"),
        ("<p>Một</p><b title='x>Hai<p>Ba</p>", "Một<b title='x>Hai\nBa"),
    ],
)
def test_html_is_converted_to_text(html: str, text: str) -> None:
    assert without_quotes(from_html(html)) == text


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Vâng\n\nOn Mon, 1 Aug 2022 at 08:00, A <a@b.example> wrote:\n> x", "Vâng"),
        ("Vâng\n-----Original Message-----\nFrom: a", "Vâng"),
        ("Vâng\n> hỏi\n> nữa", "Vâng"),
        ("> chỉ trích dẫn", "> chỉ trích dẫn"),
    ],
)
def test_quotes_are_cut(text: str, own: str) -> None:
    assert without_quotes(text) == own


def test_a_letter_that_is_too_large_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(parser, "LARGEST_BYTES", 100)
    got = receive(mail("x" * 200))
    assert (got is not None and got.kind) == IncomingKind.REFUSED


def test_a_maildir_and_a_folder(tmp_path: Path, cast: Cast) -> None:
    box = tmp_path / "box"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    (box / "new" / "1.M1.host").write_bytes(mail("Một"))
    (box / "new" / "2.M2.host").symlink_to("/etc/passwd")
    assert (boxes.from_folder(box), boxes.from_folder(box)) == (1, 0)
    assert (box / "cur" / "1.M1.host:2,S").exists()
    flat = tmp_path / "flat"
    flat.mkdir()
    for name, age in (("a.eml", 60), ("b.eml", 0), ("c.txt", 60)):
        (flat / name).write_bytes(mail(name))
        os.utime(flat / name, (time.time() - age,) * 2)
    assert boxes.from_folder(flat) == 1
    assert sorted(path.name for path in flat.iterdir()) == ["b.eml", "c.txt", "taken"]
    assert boxes.from_folder(tmp_path / "none") == 0


class Mailbox(socketserver.ThreadingTCPServer):
    """Minimal IMAP server (RFC 3501)."""

    daemon_threads, allow_reuse_address = True, True

    def __init__(self, letters: list[bytes], keywords: bool) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.letters, self.keywords = letters, keywords
        self.flags: list[set[str]] = [set() for _ in letters]
        self.dies_at_store = False


class Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def say(self, *lines: bytes) -> None:
        self.wfile.write(b"".join(line + b"\r\n" for line in lines))

    def handle(self) -> None:
        self.say(b"* OK hello")
        for line in self.rfile:
            tag, command, *rest = line.decode().split()
            words = " ".join(rest)
            if command.upper() == "UID":
                if not self.uid(words):
                    return
            elif command.upper() == "CAPABILITY":
                self.say(b"* CAPABILITY IMAP4rev1")
            elif command.upper() == "LOGIN" and words != 'may "mat khau"':
                self.say(f"{tag} NO wrong".encode())
                continue
            elif command.upper() == "SELECT":
                more = b" \\*" if self.server.keywords else b""
                self.say(
                    b"* %d EXISTS" % len(self.server.letters),
                    b"* OK [PERMANENTFLAGS (\\Seen" + more + b")] ok",
                )
            self.say(f"{tag} OK done".encode())

    def uid(self, words: str) -> bool:
        kind, _, rest = words.partition(" ")
        if kind == "SEARCH":
            flag = "LamsachTaken" if "LamsachTaken" in rest else "\\Seen"
            found = [str(n) for n, flags in enumerate(self.server.flags, 1) if flag not in flags]
            self.say(f"* SEARCH {' '.join(found)}".encode())
            return True
        number = int(rest.split()[0])
        if kind == "FETCH":
            raw = self.server.letters[number - 1]
            if "SIZE" in rest:
                self.say(b"* %d FETCH (UID %d RFC822.SIZE %d)" % (number, number, len(raw)))
            else:
                self.say(b"* %d FETCH (UID %d BODY[] {%d}" % (number, number, len(raw)))
                self.wfile.write(raw + b")\r\n")
        elif self.server.dies_at_store:
            return False
        else:
            self.server.flags[number - 1].add(rest[rest.index("(") + 1 : -1])
        return True


@pytest.fixture
def mailbox(request: pytest.FixtureRequest) -> Iterator[Callable[[list[bytes], bool], Mailbox]]:
    started: list[Mailbox] = []

    def start(letters: list[bytes], keywords: bool = True) -> Mailbox:
        server = Mailbox(letters, keywords)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def url(server: Mailbox, password: str = "mat%20khau") -> str:
    return f"imap+plain://may:{password}@127.0.0.1:{server.server_address[1]}/INBOX"


@pytest.mark.parametrize(("keywords", "flag"), [(True, "LamsachTaken"), (False, "\\Seen")])
def test_a_mailbox_by_imap(keywords: bool, flag: str, cast: Cast, mailbox: Any) -> None:
    server = mailbox([mail("Một"), mail("Hai"), b"\x00nothing"], keywords)
    assert (boxes.from_imap(url(server)), boxes.from_imap(url(server))) == (3, 0)
    assert server.flags == [{flag}] * 3
    assert Question.objects.count() == 2


def test_a_crash_between_storing_and_marking_duplicates_nothing(
    cast: Cast, mailbox: Any, settings: Any
) -> None:
    server = mailbox([mail("Một")], True)
    server.dies_at_store = True
    settings.IMAP_URL, settings.MAIL_DROP = url(server), ""
    assert boxes.fetch() == 0
    assert Question.objects.count() == 1
    server.dies_at_store = False
    assert boxes.fetch() == 0
    assert (Question.objects.count(), server.flags) == (1, [{"LamsachTaken"}])


def test_a_mailbox_that_is_away_or_refuses_is_no_error(cast: Cast, mailbox: Any, settings: Any) -> None:
    settings.MAIL_DROP = ""
    for address_of in ("imap+plain://a:b@127.0.0.1:9/INBOX", url(mailbox([], True), "falsch")):
        settings.IMAP_URL = address_of
        assert boxes.fetch() == 0


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
    for mail, gone in zip(made, (True, False, True, False), strict=True):
        path = mail.path
        mail.refresh_from_db()
        assert default_storage.exists(path) is not gone
        assert ((mail.sender, mail.name, mail.subject, mail.text, mail.path) == ("",) * 5) is gone
        assert mail.target == "question:1"
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["new.eml", "old.txt"]
    assert cast.client("coordinator").get(f"/office/mail/in/{made[0].pk}/").status_code == 200
